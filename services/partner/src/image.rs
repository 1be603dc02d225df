//! Pictures in the sizes that partners' pages use.

use bff::{RequestContext, entity, fanout::AsKey};

/// Pixels, the largest first. Square, as covers are.
const SIZES: [u32; 3] = [1280, 640, 300];

/// A picture.
#[entity(local)]
pub struct Image {
    /// Where it is. Link to it or copy it; it changes with the thing's `updatedAt`.
    url: String,
    /// In pixels.
    width: u32,
    /// In pixels.
    height: u32,
}

/// The pictures of the thing with this id.
pub fn images(of: &impl AsKey, request: &RequestContext) -> Vec<Image> {
    let mut path = String::from("/");
    of.as_key().push_to(&mut path);
    SIZES
        .into_iter()
        .map(|size| Image {
            url: request.links.to("artwork", &format!("{path}?w={size}")),
            width: size,
            height: size,
        })
        .collect()
}
