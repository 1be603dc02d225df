//! What the user does: each action takes a key, so that a phone that got no answer may simply try again.

mod add_to_playlist;
mod create_playlist;
mod report_plays;
mod set_followed;
mod set_liked;

use async_graphql::{ID, MergedObject};
use bff::fanout::UrlBuilder;

/// What the user does. An action that fails is null, with an error that says why; trying again with the same
/// `idempotencyKey` does nothing twice.
#[derive(MergedObject, Default)]
pub struct Mutation(
    set_liked::SetLiked,
    set_followed::SetFollowed,
    create_playlist::CreatePlaylist,
    add_to_playlist::AddToPlaylist,
    report_plays::ReportPlays,
);

/// `/likes/tr-1`: one thing of a collection, wherever its id comes from.
fn one_of(collection: &str, id: &ID) -> String {
    let mut path = format!("/{collection}/");
    UrlBuilder::new(&mut path).segment(id);
    path
}
