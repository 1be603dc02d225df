//! Rows by ids and rows of many keys.

use crate::house::{House, album, sample};

#[tokio::test]
async fn unknown_ids_are_absent_and_the_rest_arrives() {
    let house = House::with(&sample()).await;
    let mut names = house.items("/artists?ids=ar-3,nobody,ar-1,ar-1,%F0%9F%92%A5", "name").await;
    names.sort();
    assert_eq!(names, ["Björk", "東京事変"]);
    assert!(house.items("/tracks?ids=", "id").await.is_empty());
}

#[tokio::test]
async fn a_row_is_whole_unless_fields_are_picked() {
    let house = House::with(&sample()).await;
    let body = house.get("/albums?ids=al-1").await;
    let row = &body["items"][0];
    assert_eq!(row["artist_name"], "Björk");
    assert_eq!(row["track_count"], 2);
    assert_eq!(row["duration_ms"], 360_000);
    assert_eq!(row["genre_ids"], serde_json::json!(["art-pop"]), "an album without genres has its artist's");
    let text = row["updated_at"].as_str().unwrap();
    assert!(text.ends_with('Z') && text.contains('T'), "{text}");

    let body = house.get("/albums?ids=al-1&fields=title,id").await;
    assert_eq!(body["items"][0], serde_json::json!({"id": "al-1", "title": "Homogenic"}));
}

#[tokio::test]
async fn a_limit_counts_per_key_and_every_row_carries_its_key() {
    let house = House::with(&sample()).await;
    let body = house.get("/albums?artist_ids=ar-2,ar-1&limit=1&fields=artist_id,id").await;
    let expected = serde_json::json!([
        {"artist_id": "ar-2", "id": "al-3"},
        {"artist_id": "ar-1", "id": "al-2"},
    ]);
    assert_eq!(body["items"], expected);
    assert!(house.items("/albums?artist_ids=ar-1&kind=single", "id").await.is_empty());

    assert_eq!(house.items("/tracks?album_ids=al-1", "id").await, ["tr-2", "tr-1"], "by position");
    assert_eq!(house.items("/tracks?artist_ids=ar-1", "id").await, ["tr-1", "tr-2", "tr-3"], "by popularity");
    assert_eq!(
        house.items("/artists?genre_ids=pop,rock&limit=2", "genre_id").await,
        ["pop", "pop", "rock", "rock"]
    );
    assert_eq!(house.items("/albums?genre_ids=rock", "id").await, ["al-3", "al-4"]);
    assert_eq!(house.items("/tracks?genre_ids=pop&limit=2", "id").await, ["tr-1", "tr-2"]);
    assert_eq!(house.items("/genres?parent_ids=pop,rock", "id").await, ["art-pop"]);
}

#[tokio::test]
async fn a_row_s_cursor_continues_after_it_for_its_own_key() {
    let mut lines = sample();
    // Eleven more, three of them on the same day: ties must neither repeat nor vanish.
    for n in 10..21 {
        let day = if n < 13 { "2010-01-01".to_owned() } else { format!("2011-01-{n}") };
        lines.push(album(&format!("al-{n}"), "ar-4", "x", &day, 1));
    }
    let house = House::with(&lines).await;
    let all = house.items("/albums?artist_ids=ar-4&limit=200", "id").await;
    assert_eq!(all.len(), 11);
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let body = house.get(&format!("/albums?artist_ids=ar-4&limit=2{after}")).await;
        let items = body["items"].as_array().unwrap().clone();
        let Some(last) = items.last() else { break };
        after = format!("&after={}", last["cursor"].as_str().unwrap());
        seen.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
    }
    assert_eq!(seen, all);
}

#[tokio::test]
async fn related_artists_share_genres() {
    let house = House::with(&sample()).await;
    let body = house.get("/artists?related_to=ar-3,ar-2&fields=id,related_to,shared_genres").await;
    let expected = serde_json::json!([
        {"id": "ar-4", "related_to": "ar-3", "shared_genres": 2},
        {"id": "ar-1", "related_to": "ar-3", "shared_genres": 1},
        {"id": "ar-2", "related_to": "ar-3", "shared_genres": 1},
        {"id": "ar-4", "related_to": "ar-2", "shared_genres": 1},
        {"id": "ar-3", "related_to": "ar-2", "shared_genres": 1},
    ]);
    assert_eq!(body["items"], expected);
    let first = house.get("/artists?related_to=ar-3&limit=1").await;
    let after = first["items"][0]["cursor"].as_str().unwrap();
    let next = house.items(&format!("/artists?related_to=ar-3&limit=9&after={after}"), "id").await;
    assert_eq!(next, ["ar-1", "ar-2"]);
}

#[tokio::test]
async fn one_row_by_its_own_address() {
    let house = House::with(&sample()).await;
    assert_eq!(house.get("/tracks/tr-1?fields=title").await, serde_json::json!({"title": "Jóga"}));
    assert_eq!(house.get("/artists/ar-2").await["name"], "Кино");
    assert_eq!(house.get("/albums/al-3").await["released_on"], "1988-01-05");
    let response = house.response("/albums/al-99").await;
    assert_eq!(response.status(), 404);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert_eq!(response.json::<serde_json::Value>().await.unwrap()["detail"], "no album `al-99`");
}
