//! A small world to ask about: four fake services with rows, and the backend before them.

use kit::{Fake, Issuer, Running, Server, Value, json};

/// The backend, and everybody it asks.
pub struct World {
    pub catalog: Fake,
    pub identity: Fake,
    pub library: Fake,
    pub activity: Fake,
    pub mobile: Running,
    /// A token of `us-1`.
    pub token: String,
    _issuer: Issuer,
}

/// So many rows of each kind: `ar-1` to `ar-<n>`, and so on.
pub async fn world(size: usize) -> World {
    let (catalog, identity) = (Fake::start().await, Fake::start().await);
    let (library, activity) = (Fake::start().await, Fake::start().await);
    fill_catalog(&catalog, size);
    fill_library(&library, size);
    identity.table("/users", &[("ids", "id")], json!([{"id": "us-1", "display_name": "Ada"}]));
    activity.table(
        "/play-counts",
        &[("track_ids", "track_id")],
        rows(size, |n| json!({"track_id": format!("tr-{n}"), "plays": n * 1_234_567})),
    );
    activity.table(
        "/trending",
        &[],
        rows(size, |n| json!({"rank": n, "track_id": track(n), "plays": 1_000 - n})),
    );
    activity.table("/me/recent", &[], rows(size, |n| json!({"track_id": track(n), "ms_played": n * 1_000})));
    let issuer = Issuer::start().await;
    let mobile = Server::of(mobile::bff())
        .upstream("catalog", &catalog)
        .upstream("identity", &identity)
        .upstream("library", &library)
        .upstream("activity", &activity)
        .issuer(&issuer)
        .start()
        .await;
    let token = issuer.token("us-1");
    World { catalog, identity, library, activity, mobile, token, _issuer: issuer }
}

impl World {
    /// How many calls each service got: catalog, identity, library, activity.
    pub fn calls(&self) -> [usize; 4] {
        [self.catalog.total(), self.identity.total(), self.library.total(), self.activity.total()]
    }

    pub fn clear(&self) {
        [&self.catalog, &self.identity, &self.library, &self.activity].into_iter().for_each(Fake::clear);
    }
}

pub fn rows(size: usize, row: impl Fn(usize) -> Value) -> Value {
    (1..=size).map(row).collect()
}

/// What is listed at a place of a shelf. All shelves list the same three tracks: batches of shelves go out as their lists
/// come in, and so it does not matter to counted calls which one is first.
fn track(place: usize) -> String {
    format!("tr-{}", (place - 1) % 3 + 1)
}

/// All albums are of `ar-1`, all tracks are on `al-1`, and everybody is related to `ar-1`.
fn fill_catalog(catalog: &Fake, size: usize) {
    let artists = rows(size, |n| {
        json!({"id": format!("ar-{n}"), "name": format!("Artist {n}"), "bio": null, "monthly_listeners": 48_000 + n,
            "related_to": if n > 1 { json!("ar-1") } else { Value::Null }})
    });
    catalog.table("/artists", &[("ids", "id"), ("related_to", "related_to")], artists);
    let albums = rows(size, |n| {
        json!({"id": format!("al-{n}"), "artist_id": "ar-1", "artist_name": "Artist 1", "title": format!("Album {n}"),
            "kind": "ep", "label": null, "track_count": size, "duration_ms": 48 * 60_000,
            "released_on": format!("{}-05-21", 2_000 + n), "cursor": format!("c{n}")})
    });
    catalog.table("/albums", &[("ids", "id"), ("artist_ids", "artist_id")], albums);
    let tracks = rows(size, |n| {
        json!({"id": format!("tr-{n}"), "title": format!("Track {n}"), "artist_id": "ar-1", "artist_name": "Artist 1",
            "album_id": "al-1", "album_title": "Album 1", "explicit": n == 1, "duration_ms": 225_000})
    });
    let keys = [("ids", "id"), ("album_ids", "album_id"), ("artist_ids", "artist_id")];
    catalog.table("/tracks", &keys, tracks);
    catalog.table(
        "/charts",
        &[],
        rows(size, |n| json!({"id": format!("top-{n}"), "title": format!("Top {n}")})),
    );
    let places: Vec<Value> = (1..=size)
        .flat_map(|chart| {
            (1..=size).map(move |rank| {
                let before = [Value::Null, json!(rank + 1), json!(rank), json!(0)];
                json!({"chart_id": format!("top-{chart}"), "rank": rank, "track_id": track(rank),
                    "previous_rank": before[(rank - 1) % 4]})
            })
        })
        .collect();
    catalog.table("/chart-entries", &[("chart_ids", "chart_id")], places.into());
    let hits = rows(size, |n| {
        let kind = ["artist", "album", "track"][n % 3];
        json!({"type": kind, "id": format!("{}-{n}", &kind.replace("artist", "ar")[..2]), "match": "whole",
            "cursor": format!("s{n}")})
    });
    catalog.table("/search", &[], hits);
}

/// `us-1` likes every track with an odd number, follows every such artist, and owns every playlist.
fn fill_library(library: &Fake, size: usize) {
    let odd = |kind: &str, field: &str| -> Value {
        (1..=size)
            .filter(|n| n % 2 == 1)
            .map(|n| json!({field: format!("{kind}-{n}"), "cursor": format!("o{n}")}))
            .collect()
    };
    library.table("/likes", &[("track_ids", "track_id")], odd("tr", "track_id"));
    library.table("/follows", &[("artist_ids", "artist_id")], odd("ar", "artist_id"));
    library.table(
        "/follower-counts",
        &[("artist_ids", "artist_id")],
        rows(size, |n| json!({"artist_id": format!("ar-{n}"), "followers": 1_200 * n})),
    );
    let playlists = rows(size, |n| {
        json!({"id": format!("pl-{n}"), "owner_id": "us-1", "title": format!("Mix {n}"), "description": "",
            "public": true, "track_count": size, "cursor": format!("p{n}")})
    });
    library.table("/playlists", &[("ids", "id"), ("owner_ids", "owner_id")], playlists);
    let entries = rows(size, |n| {
        json!({"playlist_id": "pl-1", "entry_id": format!("en-{n}"), "track_id": format!("tr-{n}"),
            "cursor": format!("e{n}")})
    });
    library.table("/playlist-entries", &[("playlist_ids", "playlist_id")], entries);
}
