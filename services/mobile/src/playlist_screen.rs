//! The playlist screen, and news of it while it is open.

use crate::{
    artwork,
    playlist::{UserById, owner_name},
    track::TrackById,
    upstreams::LIBRARY,
};
use async_graphql::{Context, ID, Object, Subscription};
use bff::{
    Ask, ContextExt, First, IntoAsk, RequestContext, Told, edges, entity, fanout::UrlBuilder, question,
};
use futures::{Stream, StreamExt};
use serde::Deserialize;

/// Everything the playlist screen shows.
#[entity]
pub struct PlaylistScreen {
    /// For `addToPlaylist` and `playlistChanged`.
    id: ID,
    /// What its owner calls it.
    title: String,
    /// What its owner says of it; may be empty.
    description: String,
    /// Everybody may see it: show the share button.
    #[graphql(name = "shareable")]
    public: bool,
    /// How many tracks there are.
    track_count: i32,
    #[graphql(skip)]
    owner_id: ID,
}

#[edges]
impl PlaylistScreen {
    /// The URL of its picture: square, at least as wide as asked.
    fn artwork(
        &self,
        request: &RequestContext,
        /// How wide it is shown, in points.
        width: i32,
        /// Pixels per point of this screen.
        #[graphql(default = 1.0)]
        dpr: f64,
    ) -> String {
        artwork::url(&self.id, width, dpr, request)
    }

    /// Whose it is, by name. Null while names cannot be had.
    fn owner_name(&self) -> Told<UserById, Option<String>> {
        owner_name(&self.owner_id)
    }

    /// It is the user's own: show what changes it.
    fn mine(&self, request: &RequestContext) -> bool {
        request.caller().subject() == Some(self.owner_id.as_str())
    }

    /// What is in it, in order.
    fn items(
        &self,
        /// How many, 1 to 100.
        #[graphql(default = 30)]
        first: First<100>,
        /// `endCursor` of the page before: the screen loads on as it is scrolled.
        after: Option<String>,
    ) -> Ask<ItemsOf> {
        ItemsOf { playlist: self.id.clone(), first, after }.ask()
    }
}

/// A playlist with all that its screen's header shows, if the user may see it.
#[question(upstream = LIBRARY, get = "/playlists", key = "ids", row = PlaylistScreen, by = id, caller)]
pub struct PlaylistScreenOf(ID);

/// One line of a playlist. The same track may be in it twice; then these are two.
#[entity]
pub struct PlaylistItem {
    /// This line, whatever track it has.
    #[serde(rename = "entry_id")]
    id: ID,
    #[graphql(skip)]
    playlist_id: ID,
    #[graphql(skip)]
    track_id: ID,
    cursor: Option<String>,
}

#[edges]
impl PlaylistItem {
    /// What plays. Null if it is not in the catalogue any more: show the line greyed out.
    fn track(&self) -> Ask<TrackById> {
        TrackById(self.track_id.clone()).ask()
    }
}

/// What is in a playlist, in order.
#[question(upstream = LIBRARY, get = "/playlist-entries", row = PlaylistItem, by = playlist_id, connection, caller)]
pub struct ItemsOf {
    #[key("playlist_ids")]
    playlist: ID,
    #[query("limit")]
    first: First<100>,
    after: Option<String>,
}

#[derive(Default)]
pub struct PlaylistScreenRoots;

#[Object]
impl PlaylistScreenRoots {
    /// The playlist screen. Null if there is no playlist of that id, or none that the user may see.
    async fn playlist_screen(&self, id: ID) -> Ask<PlaylistScreenOf> {
        PlaylistScreenOf(id).ask()
    }
}

/// Something about a playlist is different now.
#[entity(local)]
pub struct PlaylistChanged {
    /// Which one.
    id: ID,
}

#[edges]
impl PlaylistChanged {
    /// How it is now: ask for what the open screen shows.
    fn playlist(&self) -> Ask<PlaylistScreenOf> {
        PlaylistScreenOf(self.id.clone()).ask()
    }
}

/// Whatever kind of event it is (also "you have missed some"), the playlist that is listened to is read anew.
#[derive(Deserialize)]
struct News {}

#[derive(Default)]
pub struct PlaylistChanges;

#[Subscription]
impl PlaylistChanges {
    /// Tells each time a playlist changes, by whomever, while its screen is open. When it is deleted, or taken away from
    /// the user, this ends with the error `FORBIDDEN`.
    async fn playlist_changed(
        &self,
        ctx: &Context<'_>,
        id: ID,
    ) -> async_graphql::Result<impl Stream<Item = PlaylistChanged>> {
        let mut path = String::from("/events");
        UrlBuilder::new(&mut path).param("playlist_ids", &id);
        let news = ctx.events(&LIBRARY, path)?.for_those_who_see(PlaylistScreenOf(id.clone()));
        let news = news.json::<News>().await?;
        Ok(news.map(move |News {}| PlaylistChanged { id: id.clone() }))
    }
}
