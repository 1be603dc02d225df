//! Pictures, in as many sizes as a browser wants to choose from.

use bff::{RequestContext, edges, entity, fanout::UrlBuilder};

/// Widths that cover a thumbnail to a full-width cover on a dense screen.
const WIDTHS: [i32; 5] = [160, 320, 640, 960, 1280];
/// The narrowest and the widest that is drawn.
const BOUNDS: (i32, i32) = (16, 2048);

/// A square picture, in any size.
#[entity(local)]
pub struct Image {
    #[graphql(skip)]
    of: String,
    /// What it shows, for those who do not see it.
    alt: String,
}

impl Image {
    /// The picture of the thing with this id.
    pub fn of(id: &str, alt: impl Into<String>) -> Self {
        Self { of: id.to_owned(), alt: alt.into() }
    }

    fn at(&self, width: i32, request: &RequestContext) -> String {
        let mut path = String::new();
        let mut url = UrlBuilder::new(&mut path);
        url.text("/");
        url.segment(&self.of);
        url.param("w", &width.clamp(BOUNDS.0, BOUNDS.1));
        request.links.to("artwork", &path)
    }
}

#[edges]
impl Image {
    /// Its address at this width in CSS pixels, for `<img src>`. The nearest width that is drawn is from 16 to 2048.
    fn src(
        &self,
        /// In CSS pixels.
        #[graphql(default = 320)]
        width: i32,
        request: &RequestContext,
    ) -> String {
        self.at(width, request)
    }

    /// Its addresses at several widths, for `<img srcset>`; say with `sizes` how wide it will be shown. Widths beyond
    /// what is drawn (16 to 2048) are left out; without any, five that suit most layouts.
    fn src_set(
        &self,
        /// In pixels of the screen.
        widths: Option<Vec<i32>>,
        request: &RequestContext,
    ) -> String {
        let mut widths = widths.unwrap_or_else(|| WIDTHS.to_vec());
        widths.retain(|width| (BOUNDS.0..=BOUNDS.1).contains(width));
        widths.sort_unstable();
        widths.dedup();
        widths
            .into_iter()
            .map(|width| format!("{} {width}w", self.at(width, request)))
            .collect::<Vec<_>>()
            .join(", ")
    }
}
