//! The home screen: shelves, in the order to show them.

use crate::{
    album::Album,
    artist::Follow,
    charts::Charts,
    playlist::{Playlist, PlaylistsOf},
    track::TrackById,
    upstreams::{ACTIVITY, CATALOG, LIBRARY},
};
use async_graphql::{Context, ID, Object};
use bff::{Ask, ContextExt, First, Have, IntoAsk, OptionalMany, Then, edges, entity, question};

/// Everything the home screen shows.
#[entity(local)]
pub struct HomeScreen {
    /// Shelves, in the order to show them. An app that does not know a kind of shelf leaves it out.
    sections: Vec<HomeSection>,
}

/// A shelf of the home screen.
#[entity(local)]
pub enum HomeSection {
    ContinueListening(ContinueListening),
    NewFromFollowed(NewFromFollowed),
    Trending(Trending),
    Charts(Charts),
    YourPlaylists(YourPlaylists),
}

#[derive(Default)]
pub struct HomeScreenRoots;

#[Object]
impl HomeScreenRoots {
    /// The home screen. Who is not signed in sees what is the same for everybody.
    async fn home_screen(&self, ctx: &Context<'_>) -> async_graphql::Result<HomeScreen> {
        let everybodys = [HomeSection::Trending(Trending {}), HomeSection::Charts(Charts {})];
        let Some(user) = ctx.request()?.caller().subject() else {
            return Ok(HomeScreen { sections: everybodys.into() });
        };
        let mut sections = vec![
            HomeSection::ContinueListening(ContinueListening {}),
            HomeSection::NewFromFollowed(NewFromFollowed {}),
        ];
        sections.extend(everybodys);
        sections.push(HomeSection::YourPlaylists(YourPlaylists { user: ID::from(user) }));
        Ok(HomeScreen { sections })
    }
}

/// Where the user left off.
#[entity(local)]
pub struct ContinueListening {}

#[edges]
impl ContinueListening {
    /// What was played last, each track once. Empty for somebody new: leave the shelf out.
    fn recent(
        &self,
        /// How many, 1 to 50.
        #[graphql(default = 10)]
        first: First<50>,
    ) -> Ask<RecentlyPlayed> {
        RecentlyPlayed { first }.ask()
    }
}

/// Something that was played lately.
#[entity]
pub struct RecentPlay {
    #[graphql(skip)]
    track_id: ID,
    /// Where to go on, in milliseconds from the track's beginning.
    #[serde(rename = "ms_played")]
    resume_at_ms: i32,
}

#[edges]
impl RecentPlay {
    /// What was played. Null if it is not in the catalogue any more.
    fn track(&self) -> Ask<TrackById> {
        TrackById(self.track_id.clone()).ask()
    }
}

/// What the user played, last first.
#[question(upstream = ACTIVITY, get = "/me/recent", row = RecentPlay, many, caller)]
pub struct RecentlyPlayed {
    #[query("limit")]
    first: First<50>,
}

/// Releases of artists whom the user follows.
#[entity(local)]
pub struct NewFromFollowed {}

/// More followed artists than this do not make the shelf any better.
const FOLLOWED: u32 = 50;
/// So that one busy artist does not fill the shelf.
const EACH: u32 = 2;

/// Of several artists, sorted.
type Latest = Then<Ask<LatestOf>, Have<Album, OptionalMany>>;

#[edges]
impl NewFromFollowed {
    /// Newest first, at most two of each artist. Null when the user follows nobody: suggest some artists instead.
    fn albums(
        &self,
        /// How many, 1 to 50.
        #[graphql(default = 10)]
        first: First<50>,
    ) -> Then<Ask<FollowedLately>, Option<Latest>> {
        FollowedLately { limit: FOLLOWED }.ask().then(move |follows, _| {
            let artists: Vec<ID> = follows.iter().map(|follow| follow.artist_id.clone()).collect();
            if artists.is_empty() {
                return None;
            }
            Some(LatestOf { artists, limit: EACH }.ask().then(move |albums, _| {
                let mut newest: Vec<Album> = albums.into_iter().cloned().collect();
                newest.sort_by(|a, b| b.released_on.cmp(&a.released_on));
                newest.truncate(first.get() as usize);
                Have::list(newest)
            }))
        })
    }
}

/// Whom the user follows, last followed first.
#[question(upstream = LIBRARY, get = "/follows", row = Follow, many, caller)]
pub struct FollowedLately {
    limit: u32,
}

/// The latest albums of several artists, together.
#[question(upstream = CATALOG, get = "/albums", row = Album, many, public)]
pub struct LatestOf {
    #[query("artist_ids")]
    artists: Vec<ID>,
    limit: u32,
}

/// What everybody plays.
#[entity(local)]
pub struct Trending {}

#[edges]
impl Trending {
    /// What is played most this week, first place first.
    fn hits(
        &self,
        /// How many, 1 to 50.
        #[graphql(default = 10)]
        first: First<50>,
    ) -> Ask<PlayedMost> {
        PlayedMost { first }.ask()
    }
}

/// A place among what is played most.
#[entity]
pub struct TrendingHit {
    /// From 1.
    rank: i32,
    #[graphql(skip)]
    track_id: ID,
}

#[edges]
impl TrendingHit {
    /// What is played. Null if it is not in the catalogue any more.
    fn track(&self) -> Ask<TrackById> {
        TrackById(self.track_id.clone()).ask()
    }
}

/// What is played most this week.
#[question(upstream = ACTIVITY, get = "/trending", row = TrendingHit, many, public)]
pub struct PlayedMost {
    #[query("limit")]
    first: First<50>,
}

/// The user's playlists.
#[entity(local)]
pub struct YourPlaylists {
    #[graphql(skip)]
    user: ID,
}

#[edges]
impl YourPlaylists {
    /// The one changed last first. Empty for somebody who has none: offer to make one.
    fn playlists(
        &self,
        /// How many, 1 to 50.
        #[graphql(default = 10)]
        first: First<50>,
    ) -> Then<Ask<PlaylistsOf>, Have<Playlist, OptionalMany>> {
        PlaylistsOf { owner: self.user.clone(), first, after: None }
            .ask()
            .then(|pages, _| Have::list(pages.into_iter().flat_map(|page| page.nodes()).cloned().collect()))
    }
}
