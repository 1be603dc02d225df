//! Four small upstreams that fit together, and the backend before them.

use kit::{Fake, Issuer, Running, Server, Value, json};

pub struct World {
    pub catalog: Fake,
    pub identity: Fake,
    pub library: Fake,
    pub activity: Fake,
    pub issuer: Issuer,
    pub web: Running,
}

impl World {
    pub async fn start() -> Self {
        Self::with(artists(3)).await
    }

    /// With these artists; each has one album, and each album two tracks.
    pub async fn with(artists: Vec<Value>) -> Self {
        let catalog = catalog(artists).await;
        let (identity, library, activity) = (identity().await, library().await, activity().await);
        let issuer = Issuer::start().await;
        let web = Server::of(web::bff())
            .issuer(&issuer)
            .upstream("catalog", &catalog)
            .upstream("identity", &identity)
            .upstream("library", &library)
            .upstream("activity", &activity)
            .settings(|settings| {
                settings.links.insert("artwork".to_owned(), "https://img.example".parse().unwrap());
            })
            .start()
            .await;
        Self { catalog, identity, library, activity, issuer, web }
    }

    /// A token of somebody with everything a browser asks for.
    pub fn token(&self, subject: &str) -> String {
        self.issuer.token_with(subject, json!({"scope": "library activity", "plan": "premium"}))
    }

    /// How many calls each upstream got: catalog, identity, library, activity.
    pub fn calls(&self) -> [usize; 4] {
        [self.catalog.total(), self.identity.total(), self.library.total(), self.activity.total()]
    }
}

/// Artists `ar-1` to `ar-n`, of one genre each.
pub fn artists(n: usize) -> Vec<Value> {
    let artist = |i: usize| {
        json!({
            "id": format!("ar-{i}"), "name": format!("Artist {i}"), "country": "IS", "formed_year": 1990,
            "bio": null, "genre_ids": ["dream-pop", "pop"], "monthly_listeners": 5_000_000_000_u64, "album_count": 1,
            "genre_id": "dream-pop", "related_to": "ar-1", "cursor": format!("c-ar-{i}"),
        })
    };
    (1..=n).map(artist).collect()
}

async fn catalog(artists: Vec<Value>) -> Fake {
    let fake = Fake::start().await;
    let n = artists.len();
    let albums: Vec<Value> = (1..=n)
        .map(|i| {
            json!({
                "id": format!("al-{i}"), "title": format!("Ágætis {i}"), "kind": "album", "released_on": "1999-06-12",
                "label": "Smekkleysa", "track_count": 2, "duration_ms": 480_000, "artist_id": format!("ar-{i}"),
                "artist_name": format!("Artist {i}"), "genre_ids": ["dream-pop"], "genre_id": "dream-pop",
                "cursor": format!("c-al-{i}"),
            })
        })
        .collect();
    let tracks: Vec<Value> = (1..=2 * n)
        .map(|i| {
            let album = i.div_ceil(2);
            json!({
                "id": format!("tr-{i}"), "title": format!("Track {i}"), "disc": 1, "position": 2 - i % 2,
                "duration_ms": 245_000, "explicit": false, "artist_id": format!("ar-{album}"),
                "artist_name": format!("Artist {album}"), "album_id": format!("al-{album}"),
                "album_title": format!("Ágætis {album}"), "genre_id": "dream-pop", "cursor": format!("c-tr-{i}"),
            })
        })
        .collect();
    let genre = |id: &str, name: &str, parent: Option<&str>| {
        json!({
            "id": id, "name": name, "parent_id": parent, "artist_count": 1, "album_count": 2, "track_count": 3,
        })
    };
    fake.table(
        "/artists",
        &[("ids", "id"), ("genre_ids", "genre_id"), ("related_to", "related_to")],
        artists.into(),
    );
    fake.table(
        "/albums",
        &[("ids", "id"), ("artist_ids", "artist_id"), ("genre_ids", "genre_id")],
        albums.into(),
    );
    fake.table(
        "/tracks",
        &[("ids", "id"), ("album_ids", "album_id"), ("artist_ids", "artist_id"), ("genre_ids", "genre_id")],
        tracks.into(),
    );
    fake.table(
        "/genres",
        &[("ids", "id"), ("parent_ids", "parent_id")],
        json!([genre("pop", "Pop", None), genre("dream-pop", "Dream Pop", Some("pop"))]),
    );
    fake
}

async fn identity() -> Fake {
    let fake = Fake::start().await;
    let user = |id: &str, name: &str, public: bool| {
        let (country, bio) =
            if public { (json!("JP"), json!("Listens.")) } else { (json!(null), json!(null)) };
        json!({
            "id": id, "display_name": name, "country": country, "bio": bio, "joined_at": null, "public": public,
        })
    };
    fake.table("/users", &[("ids", "id")], json!([user("us-1", "Aiko", true), user("us-2", "Ben", false)]));
    fake.get("/me", |_| {
        json!({"id": "us-1", "email": "aiko@example.org", "locale": "ja", "plan": "premium", "display_name": "Aiko"})
    });
    fake
}

pub fn playlist(id: &str, owner: &str, public: bool, version: i64) -> Value {
    json!({
        "id": id, "title": "Rainy days", "description": "", "public": public, "version": version, "track_count": 2,
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-02T00:00:00Z", "owner_id": owner,
        "cursor": format!("c-{id}"),
    })
}

async fn library() -> Fake {
    let fake = Fake::start().await;
    let playlists = json!([playlist("pl-1", "us-1", true, 7), playlist("pl-2", "us-1", false, 1)]);
    fake.table("/playlists", &[("ids", "id"), ("owner_ids", "owner_id")], playlists);
    let entry = |i: i64| {
        json!({
            "playlist_id": "pl-1", "entry_id": format!("en-{i}"), "position": i - 1, "track_id": format!("tr-{i}"),
            "added_at": "2026-01-02T00:00:00Z", "added_by": "us-1", "cursor": format!("c-en-{i}"),
        })
    };
    fake.table("/playlist-entries", &[("playlist_ids", "playlist_id")], json!([entry(1), entry(2)]));
    let liked = json!([{"track_id": "tr-2", "liked_at": "2026-01-03T00:00:00Z", "cursor": "c-1"}]);
    fake.table("/likes", &[("track_ids", "track_id")], liked);
    let followed = json!([{"artist_id": "ar-1", "followed_at": "2026-01-03T00:00:00Z", "cursor": "c-1"}]);
    fake.table("/follows", &[("artist_ids", "artist_id")], followed);
    fake.get("/like-counts", |call| counts(call, "track_ids", "track_id", "likes"));
    fake.get("/follower-counts", |call| counts(call, "artist_ids", "artist_id", "followers"));
    fake
}

pub fn comment(id: &str, author: &str, at_ms: i64) -> Value {
    json!({
        "id": id, "track_id": "tr-1", "user_id": author, "body": format!("I love {id}"), "at_ms": at_ms,
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "cursor": format!("c-{id}"),
    })
}

async fn activity() -> Fake {
    let fake = Fake::start().await;
    let comments = json!([comment("co-1", "us-1", 1_000), comment("co-2", "us-2", 2_000)]);
    fake.table("/comments", &[("ids", "id"), ("track_ids", "track_id")], comments);
    fake.get("/comment-counts", |call| counts(call, "track_ids", "track_id", "comments"));
    fake.get("/play-counts", |call| counts(call, "track_ids", "track_id", "plays"));
    fake.table("/trending", &[], json!([{"rank": 1, "track_id": "tr-2", "plays": 40}]));
    fake
}

/// 3,000,000,000 of everything: more than an `Int` holds.
fn counts(call: &kit::Call, param: &str, key: &str, what: &str) -> Value {
    let row = |id: String| json!({key: id, what: 3_000_000_000_u64});
    json!({"items": call.list(param).into_iter().map(row).collect::<Vec<_>>()})
}
