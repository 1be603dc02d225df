//! A catalogue of any size, and the partner API in front of it.

use kit::{Fake, Running, Value, json};

/// A fake catalogue: so many artists, each with two albums of three tracks; one genre below another; two charts.
pub async fn catalogue(artists: usize) -> Fake {
    let fake = Fake::start().await;
    let (mut artist_rows, mut albums, mut tracks) = (Vec::new(), Vec::new(), Vec::new());
    for a in 1..=artists {
        artist_rows.push(json!({
            "id": format!("ar-{a}"), "name": format!("Artist {a}"), "sort_name": format!("{a}, Artist"),
            "country": "IS", "formed_year": 1993, "bio": null, "genre_ids": ["dream-pop", "pop"],
            "popularity": 912_345, "album_count": 2, "updated_at": "2026-09-30T12:00:00Z",
            "cursor": format!("artist-{a}"),
        }));
        for b in 1..=2 {
            albums.push(json!({
                "id": format!("al-{a}-{b}"), "artist_id": format!("ar-{a}"), "title": format!("Album {a}.{b}"),
                "kind": "album", "upc": "5016958046927", "label": "Smekkleysa", "released_on": "1997-09-22",
                "track_count": 3, "duration_ms": 900_000, "genre_ids": ["dream-pop"], "popularity": 10_000,
                "updated_at": "2026-09-30T12:00:00.5Z", "cursor": format!("album-{a}-{b}"),
            }));
            for t in 1..=3 {
                tracks.push(json!({
                    "id": format!("tr-{a}-{b}-{t}"), "album_id": format!("al-{a}-{b}"),
                    "artist_id": format!("ar-{a}"), "title": format!("Track {a}.{b}.{t}"), "disc": 1,
                    "position": t, "duration_ms": 300_000, "isrc": "GBAQT9700055", "explicit": t == 3,
                    "popularity": 0, "updated_at": "2026-09-30T12:00:00Z",
                    "cursor": format!("track-{a}-{b}-{t}"),
                }));
            }
        }
    }
    let charts: Vec<Value> = ["top-global", "top-dream-pop"]
        .map(|id| json!({"id": id, "title": id, "country": null, "updated_at": "2026-09-30T00:00:00Z", "cursor": id}))
        .to_vec();
    let entries: Vec<Value> = charts
        .iter()
        .flat_map(|chart| {
            tracks.iter().enumerate().map(move |(at, track)| {
                json!({
                    "chart_id": chart["id"], "rank": at + 1, "track_id": track["id"],
                    "previous_rank": if at == 0 { Value::Null } else { json!(at) }, "cursor": format!("rank-{}", at + 1),
                })
            })
        })
        .collect();
    let genres = json!([
        {"id": "dream-pop", "name": "Dream Pop", "parent_id": "pop", "artist_count": 1, "album_count": 1,
         "track_count": 1, "cursor": "dream-pop"},
        {"id": "pop", "name": "Pop", "parent_id": null, "artist_count": 1, "album_count": 1, "track_count": 1,
         "cursor": "pop"},
    ]);
    fake.table("/artists", &[("ids", "id")], artist_rows.into());
    fake.table("/albums", &[("ids", "id"), ("artist_ids", "artist_id")], albums.into());
    fake.table(
        "/tracks",
        &[("ids", "id"), ("album_ids", "album_id"), ("artist_ids", "artist_id")],
        tracks.into(),
    );
    fake.table("/charts", &[("ids", "id")], charts.into());
    fake.table("/chart-entries", &[("chart_ids", "chart_id")], entries.into());
    fake.table("/genres", &[("ids", "id")], genres);
    fake
}

/// The partner API over this catalogue.
pub async fn partner(catalogue: &Fake) -> Running {
    kit::start(partner::bff(), [("catalog", catalogue)]).await
}

/// Asks the API for the id of something of its first page.
pub async fn id_of(partner: &Running, list: &str) -> String {
    let answer = partner.query(&format!("{{ {list}(first: 1) {{ nodes {{ id }} }} }}")).await;
    answer.ok()[list]["nodes"][0]["id"].as_str().expect("an id").to_owned()
}
