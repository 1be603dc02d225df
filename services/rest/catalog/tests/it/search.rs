//! Full-text search in four scripts, and against hostile input.

use serde_json::json;

use crate::house::{House, artist, genre, sample};

#[tokio::test]
async fn prefixes_diacritics_and_scripts() {
    let mut lines = sample();
    lines.push(artist("ar-5", "きのこ帝国", &["rock"], 1));
    lines.push(artist("ar-6", "Sørensen", &["rock"], 1));
    let house = House::with(&lines).await;
    for (q, types, expected) in [
        ("bjork", "artist", vec!["ar-1"]),
        ("BJÖ", "artist", vec!["ar-1"]),
        ("joga", "track", vec!["tr-1"]),
        // Decomposed, as some keyboards send it.
        ("jo\u{301}ga", "track", vec!["tr-1"]),
        ("кино", "artist", vec!["ar-2"]),
        ("КИ", "artist", vec!["ar-2"]),
        ("звез", "track", vec!["tr-4"]),
        ("солнце имени", "track", vec!["tr-4"]),
        ("東京", "artist", vec!["ar-3"]),
        // Inside of a name that has no spaces.
        ("事変", "artist", vec!["ar-3"]),
        ("変", "artist", vec!["ar-3"]),
        ("青日", "album", vec!["al-4"]),
        ("京東", "artist", vec![]),
        // Creator and title together.
        ("bjork hunt", "track", vec!["tr-2"]),
        // The other way of writing the same syllables.
        ("キの", "artist", vec!["ar-5"]),
        ("sorens", "artist", vec!["ar-6"]),
        ("Søren", "artist", vec!["ar-6"]),
        ("sigur", "artist,album,track", vec!["ar-4"]),
    ] {
        let ids = house.items(&format!("/search?q={}&types={types}", encoded(q)), "id").await;
        assert_eq!(ids, expected, "{q}");
    }
}

#[tokio::test]
async fn whole_names_come_before_beginnings_before_the_rest() {
    let lines = vec![
        genre("g", None),
        artist("ar-1", "The Low", &["g"], 900),
        artist("ar-2", "Lowland", &["g"], 800),
        artist("ar-3", "Low", &["g"], 100),
        artist("ar-4", "Low Roar", &["g"], 700),
    ];
    let house = House::with(&lines).await;
    assert_eq!(house.items("/search?q=low", "id").await, ["ar-3", "ar-2", "ar-4", "ar-1"]);
    let matches = house.items("/search?q=low", "match").await;
    assert_eq!(matches, ["whole", "beginning", "beginning", "anywhere"]);
}

#[tokio::test]
async fn facets_count_what_the_other_filters_would_give() {
    let house = House::with(&sample()).await;
    let body = house.get("/search?q=bjork&types=track&facets=true").await;
    assert_eq!(body["total"], 3);
    let facets = &body["facets"];
    assert_eq!(
        facets["types"],
        json!([{"value": "track", "count": 3}, {"value": "album", "count": 2}, {"value": "artist", "count": 1}])
    );
    assert_eq!(facets["genres"], json!([{"value": "art-pop", "count": 3}, {"value": "pop", "count": 3}]));
    assert_eq!(facets["decades"], json!([{"value": "1990", "count": 2}, {"value": "2000", "count": 1}]));
    assert_eq!(house.items("/search?q=bjork&decade=2000", "id").await, ["al-2", "tr-3"]);
    assert_eq!(house.get("/search?q=bjork&genre=rock").await["total"], 0);
}

#[tokio::test]
async fn query_syntax_is_only_text() {
    let house = House::with(&sample()).await;
    for q in [
        "\"",
        "\"\"\"",
        "*",
        "^",
        "a*b",
        "name:",
        "name : x",
        "NEAR(a b)",
        "a AND",
        "OR",
        "NOT",
        "NOT NOT",
        "(",
        ")",
        "((",
        "-",
        "{name creator}: x",
        "'; DROP TABLE artists; --",
        "\\",
        "\0",
        "a\0b",
        "!!!",
        "\u{E000}",
        "²",
        "𝕏",
        "ー",
        "\u{301}",
        "a \" b",
        "x\" OR name:\"y",
        "  ",
        "%",
        "🎵",
    ] {
        let response = house.response(&format!("/search?q={}&facets=true", encoded(q))).await;
        assert_eq!(response.status(), 200, "{q:?}: {}", response.text().await.unwrap());
    }
    // Operators in capitals are words like any other.
    assert_eq!(house.get("/search?q=homogenic%20OR%20vespertine").await["total"], 0);
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
