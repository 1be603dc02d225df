//! The phone: somebody opens screens, likes, makes a playlist and hears of it, and reports plays twice after a flight.

use super::house::{House, mutate, operation};
use kit::{Value, json};

#[tokio::test]
async fn from_the_home_screen_to_a_liked_track() {
    let house = House::start().await;
    let mobile = house.bff("mobile").await;
    let mika = house.token("us-1").await;

    let home = mobile.query(&operation("mobile", "home_screen")).bearer(&mika).await;
    let sections = home.ok()["homeScreen"]["sections"].as_array().unwrap();
    let kinds: Vec<_> = sections.iter().map(|section| section["__typename"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["ContinueListening", "NewFromFollowed", "Trending", "Charts", "YourPlaylists"]);
    for (section, shelf) in sections.iter().zip(["recent", "albums", "hits", "charts", "playlists"]) {
        assert!(section[shelf].as_array().is_some_and(|shelf| !shelf.is_empty()), "{shelf} is empty: {home}");
    }

    let artist = mobile.query(&operation("mobile", "artist_screen")).variables(json!({"id": "ar-1"}));
    let artist = artist.bearer(&mika).await;
    artist.ok();
    let album = artist.data("artistScreen.releases.nodes.0.id").clone();
    let screen = async |token: Option<&str>| {
        let query = mobile.query(&operation("mobile", "album_screen")).variables(json!({"id": album}));
        let answer = match token {
            Some(token) => query.bearer(token).await,
            None => query.await,
        };
        answer.ok();
        answer
    };
    let before = screen(Some(&mika)).await;
    let tracks = before.data("albumScreen.tracks").as_array().unwrap();
    assert_eq!(tracks.len() as u64, before.data("albumScreen.trackCount").as_u64().unwrap());
    let track = &tracks[0];
    let (id, liked) = (&track["id"], track["liked"].as_bool().unwrap());

    let like = json!({"idempotencyKey": "tap-1", "trackId": id, "liked": !liked});
    let set = mobile.query(&operation("mobile", "set_liked")).variables(json!({"input": like})).bearer(&mika);
    assert_eq!(set.await.ok(), &json!({"setLiked": {"track": {"id": id, "liked": !liked}}}));
    assert_eq!(screen(Some(&mika)).await.data("albumScreen.tracks.0.liked"), !liked);
    // Whoever is not signed in has no heart to show; the newcomer has a heart of their own.
    assert_eq!(screen(None).await.data("albumScreen.tracks.0.liked"), &Value::Null);
    let newcomer = house.token("us-7").await;
    assert_eq!(screen(Some(&newcomer)).await.data("albumScreen.tracks.0.liked"), false);
}

#[tokio::test]
async fn a_playlist_is_made_filled_and_heard_of() {
    let house = House::start().await;
    let mobile = house.bff("mobile").await;
    let newcomer = house.token("us-7").await;
    let library = async || mobile.query(&operation("mobile", "library_screen")).bearer(&newcomer).await;
    assert_eq!(library().await.data("libraryScreen.playlists.nodes"), &json!([]));

    let create = json!({"idempotencyKey": "new-1", "title": "Müde Füße", "trackIds": ["tr-2"]});
    let created = || {
        let selection = "playlist { id title trackCount ownerName }";
        mutate(&mobile, &newcomer, "createPlaylist", "CreatePlaylistInput", create.clone(), selection)
    };
    let playlist = created().await;
    let id = playlist.data("createPlaylist.playlist.id").clone();
    assert_eq!(
        playlist.ok()["createPlaylist"]["playlist"],
        json!({"id": id, "title": "Müde Füße", "trackCount": 1, "ownerName": "New Listener"})
    );
    // The phone got no answer and tries again: it is the same playlist.
    assert_eq!(created().await.ok(), playlist.ok());
    assert_eq!(library().await.data("libraryScreen.playlists.nodes").as_array().unwrap().len(), 1);

    let document = operation("mobile", "playlist_changed");
    let mut open = mobile.subscribe(&document, json!({"id": id}), Some(&newcomer)).await;
    house.listened_to("library").await;
    let add = json!({"idempotencyKey": "add-1", "playlistId": id, "trackIds": ["tr-1", "tr-3", "tr-1"]});
    let added =
        mutate(&mobile, &newcomer, "addToPlaylist", "AddToPlaylistInput", add, "playlist { trackCount }");
    assert_eq!(added.await.ok(), &json!({"addToPlaylist": {"playlist": {"trackCount": 4}}}));
    assert_eq!(
        open.event().await.ok(),
        &json!({"playlistChanged": {"id": id, "playlist": {"title": "Müde Füße", "trackCount": 4}}})
    );

    let screen = mobile.query(&operation("mobile", "playlist_screen")).variables(json!({"id": id}));
    let screen = screen.bearer(&newcomer).await;
    let items = screen.ok()["playlistScreen"]["items"]["nodes"].as_array().unwrap();
    let tracks: Vec<_> = items.iter().map(|item| item["track"]["id"].as_str().unwrap()).collect();
    assert_eq!(tracks, ["tr-2", "tr-1", "tr-3", "tr-1"]);
    assert_eq!(screen.data("playlistScreen.mine"), true);
}

#[tokio::test]
async fn plays_that_are_reported_twice_count_once() {
    let house = House::start().await;
    let mobile = house.bff("mobile").await;
    let newcomer = house.token("us-7").await;
    let plays = async || {
        let counts = house.service("activity").get("/play-counts?track_ids=tr-1,tr-2").await;
        [0, 1].map(|row| counts.json["items"][row]["plays"].as_i64().unwrap())
    };
    let before = plays().await;
    let report = |id: &str, track: &str, at: &str| json!({"reportId": id, "trackId": track, "playedAt": at, "msPlayed": 61_000});
    let flight =
        json!([report("r-1", "tr-1", "2026-09-30T18:30:00Z"), report("r-2", "tr-2", "2026-09-30T18:35:00Z")]);
    let send = async |key: &str, reports: &Value| {
        let input = json!({"input": {"idempotencyKey": key, "reports": reports}});
        let answer =
            mobile.query(&operation("mobile", "report_plays")).variables(input).bearer(&newcomer).await;
        let results = answer.ok()["reportPlays"]["results"].as_array().unwrap().clone();
        results.iter().map(|result| result["status"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(send("batch-1", &flight).await, ["ACCEPTED", "ACCEPTED"]);
    // The same batch again is answered as it was; the same reports in another batch are told apart.
    assert_eq!(send("batch-1", &flight).await, ["ACCEPTED", "ACCEPTED"]);
    let mut more = flight.clone();
    more.as_array_mut().unwrap().push(report("r-3", "tr-1", "2026-09-30T18:40:00Z"));
    assert_eq!(send("batch-2", &more).await, ["DUPLICATE", "DUPLICATE", "ACCEPTED"]);
    assert_eq!(plays().await, [before[0] + 2, before[1] + 1]);

    let home = mobile.query(&operation("mobile", "home_screen")).bearer(&newcomer).await;
    let recent = home.ok()["homeScreen"]["sections"][0]["recent"].as_array().unwrap();
    let recent: Vec<_> = recent.iter().map(|play| play["track"]["id"].as_str().unwrap()).collect();
    assert_eq!(recent, ["tr-1", "tr-2"]);
}
