//! A page of the site: what stands in its head for search engines and links, and the thing it shows.

mod head;

use crate::{
    album::{Album, AlbumById},
    artist::{Artist, ArtistById},
    genre::{Genre, GenreById},
    image::Image,
    paths::{self, Kind, Place},
    playlist::{Playlist, PlaylistById},
    track::{Track, TrackById},
    user::{User, UserById},
};
use async_graphql::{Context, ID, Object};
use bff::{ContextExt, Fault, entity};

/// A genre tree is not deeper; a loop in it would be.
const DEEPEST: usize = 5;

/// A page of the site.
#[entity(local)]
pub struct Page {
    /// For `<title>`.
    title: String,
    /// For `<meta name="description">`: at most 160 characters.
    description: String,
    /// For `<link rel="canonical">`. Another path that was asked for should redirect here.
    canonical_path: String,
    /// Whether search engines may list it. If not: `<meta name="robots" content="noindex">`.
    indexable: bool,
    /// For `og:image`.
    image: Option<Image>,
    /// The way here from the home page, which is first; the page itself is last.
    breadcrumbs: Vec<Breadcrumb>,
    /// What it shows; null on the home page.
    thing: Option<PageThing>,
}

/// A step on the way to a page.
#[entity(local)]
pub struct Breadcrumb {
    /// What it is called.
    title: String,
    /// Where it leads.
    path: String,
}

/// What a page can show.
#[entity(local)]
pub enum PageThing {
    Artist(Artist),
    Album(Album),
    Track(Track),
    Playlist(Playlist),
    User(User),
    Genre(Genre),
}

#[derive(Default)]
pub struct PageRoots;

#[Object]
impl PageRoots {
    /// The page at a path of the site, such as `/albums/al-1/homogenic`; the name at its end may be missing or wrong.
    /// Null if there is none, or it is not the visitor's to see.
    async fn page(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The path as it stands in the address bar; a query is ignored.")] path: String,
    ) -> async_graphql::Result<Option<Page>> {
        Ok(match paths::read(&path) {
            None => None,
            Some(Place::Home) => Some(Page::home()),
            Some(Place::Thing(kind, id)) => found(ctx, kind, ID(id)).await?,
        })
    }
}

async fn found(ctx: &Context<'_>, kind: Kind, id: ID) -> Result<Option<Page>, Fault> {
    Ok(match kind {
        Kind::Artist => ctx.load(ArtistById(id)).await?.first().map(Page::of_artist),
        Kind::Album => ctx.load(AlbumById(id)).await?.first().map(Page::of_album),
        Kind::Track => ctx.load(TrackById(id)).await?.first().map(Page::of_track),
        Kind::User => ctx.load(UserById(id)).await?.first().map(Page::of_user),
        Kind::Playlist => match ctx.load(PlaylistById(id)).await?.first() {
            None => None,
            Some(playlist) => {
                // The way here is worth one more question, but not the page.
                let owner = ctx.load(UserById(playlist.owner_id.clone())).await.ok();
                Some(Page::of_playlist(playlist, owner.as_ref().and_then(|rows| rows.first())))
            }
        },
        Kind::Genre => match ctx.load(GenreById(id)).await?.first() {
            None => None,
            Some(genre) => Some(Page::of_genre(genre, &above(ctx, genre).await)),
        },
    })
}

/// The genres above one, the topmost first; as far as they are known.
async fn above(ctx: &Context<'_>, genre: &Genre) -> Vec<Genre> {
    let mut above: Vec<Genre> = Vec::new();
    let mut next = genre.parent_id.clone();
    while let Some(id) = next.take().filter(|_| above.len() < DEEPEST) {
        if let Ok(rows) = ctx.load(GenreById(id)).await
            && let Some(parent) = rows.first()
        {
            next.clone_from(&parent.parent_id);
            above.insert(0, parent.clone());
        }
    }
    above
}
