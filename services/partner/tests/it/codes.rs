//! Codes and times: as the trade writes them, checked where partners send them.

use super::world::{catalogue, partner};
use kit::json;

#[tokio::test]
async fn facts_are_answered_in_the_forms_of_the_trade() {
    let catalogue = catalogue(1).await;
    let partner = partner(&catalogue).await;
    let answer = partner
        .query(
            "{ tracks(first: 1) { nodes {
                isrc discNumber trackNumber durationMs explicit popularity updatedAt
                album { upc type releasedOn updatedAt images { url width height } }
                artist { countryCode popularity }
            } } }",
        )
        .await;
    let images: Vec<_> = [1280, 640, 300]
        .into_iter()
        .map(|size| {
            let url = format!("http://127.0.0.1:7101/artwork/al-1-1?w={size}");
            json!({"url": url, "width": size, "height": size})
        })
        .collect();
    assert_eq!(
        answer.ok()["tracks"]["nodes"][0],
        json!({
            "isrc": "GBAQT9700055", "discNumber": 1, "trackNumber": 1, "durationMs": 300_000, "explicit": false,
            "popularity": 0, "updatedAt": "2026-09-30T12:00:00Z",
            "album": {
                "upc": "5016958046927", "type": "ALBUM", "releasedOn": "1997-09-22",
                "updatedAt": "2026-09-30T12:00:00.5Z",
                "images": images,
            },
            "artist": {"countryCode": "IS", "popularity": 91},
        })
    );
}

#[tokio::test]
async fn what_is_no_code_is_named_with_the_way_out() {
    let catalogue = catalogue(1).await;
    let partner = partner(&catalogue).await;
    for (filter, said) in [
        ("tracks(first: 1, filter: {isrcs: [\"GBAQT9700055\", \"GB-1\"]})", "is \"GB-1\""),
        ("tracks(first: 1, filter: {isrcs: [\"GBAQT97,0055\"]})", "12 letters and digits"),
        ("tracks(first: 1, filter: {isrcs: []})", "ISRC"),
        ("tracks(first: 1, filter: {isrcs: [5]})", "ISRC"),
        ("albums(first: 1, filter: {upcs: [\"50169580469\"]})", "12 to 14 digits"),
        ("albums(first: 1, filter: {releasedFrom: \"1997-02-30\"})", "1997-02-30"),
        ("albums(first: 1, filter: {releasedFrom: \"1997-02-03T00:00:00\"})", "such as 1997-09-22"),
        ("albums(first: 1, filter: {title: \"\"})", "greater than or equal to 1"),
        ("artists(first: 1, filter: {countryCode: \"Iceland\"})", "two letters"),
    ] {
        let answer = partner.query(&format!("{{ {filter} {{ nodes {{ id }} }} }}")).await;
        assert_eq!(answer.codes(), ["BAD_USER_INPUT"], "{filter}: {answer}");
        assert!(answer.messages()[0].contains(said), "{filter}: {answer}");
    }
    let too_many = vec!["GBAQT9700055"; 101];
    let answer = partner
        .query("query($c: [ISRC!]!) { tracks(first: 1, filter: {isrcs: $c}) { nodes { id } } }")
        .variables(json!({"c": too_many}))
        .await;
    assert_eq!(answer.codes(), ["BAD_USER_INPUT"]);
    assert_eq!(catalogue.total(), 0, "nothing of this is the catalogue's matter");
}

#[tokio::test]
async fn a_type_of_album_without_a_name_here_costs_a_field_and_not_the_page() {
    let catalogue = catalogue(1).await;
    catalogue.table(
        "/albums",
        &[],
        json!([{"id": "al-1", "artist_id": "ar-1", "title": "Greatest", "kind": "compilation", "upc": null,
            "label": null, "released_on": "2000-01-01", "track_count": 0, "duration_ms": 0, "genre_ids": [],
            "popularity": 0, "updated_at": "2026-09-30T12:00:00Z", "cursor": "c"}]),
    );
    let partner = partner(&catalogue).await;
    let answer = partner.query("{ albums(first: 1) { nodes { title type genres { name } } } }").await;
    assert_eq!(
        *answer.ok(),
        json!({"albums": {"nodes": [{"title": "Greatest", "type": null, "genres": []}]}})
    );
}
