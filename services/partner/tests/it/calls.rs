//! How often the catalogue is asked: by the shape of the query, never by the number of rows.

use super::world::{catalogue, id_of, partner};
use kit::{Value, json};

/// How many calls of each path an operation makes over a catalogue with so many artists.
async fn calls(artists: usize, document: &str, variables: Value) -> Vec<(String, usize)> {
    let catalogue = catalogue(artists).await;
    let partner = partner(&catalogue).await;
    partner.query(document).variables(variables).await.ok();
    let mut paths: Vec<String> = catalogue.calls().iter().map(|call| call.path.clone()).collect();
    paths.sort();
    let mut counted: Vec<(String, usize)> = Vec::new();
    for path in paths {
        match counted.last_mut() {
            Some((last, count)) if *last == path => *count += 1,
            _ => counted.push((path, 1)),
        }
    }
    counted
}

fn expected(calls: &[(&str, usize)]) -> Vec<(String, usize)> {
    calls.iter().map(|(path, count)| ((*path).to_owned(), *count)).collect()
}

#[tokio::test]
async fn more_rows_are_no_more_calls() {
    let (artist, album, chart) = ("YXJ0aXN0OmFyLTE", "YWxidW06YWwtMS0x", "Y2hhcnQ6dG9wLWdsb2JhbA");
    let operation = |name: &str| {
        let path = format!("{}/../../schema/partner/operations/{name}.graphql", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(&path).expect(&path)
    };
    let operations = [
        (
            include_str!("../../example.graphql").to_owned(),
            json!({}),
            expected(&[
                ("/albums", 1),
                ("/artists", 1),
                ("/chart-entries", 1),
                ("/charts", 1),
                ("/tracks", 1),
            ]),
        ),
        (
            operation("artist-profile"),
            json!({"id": artist}),
            // Albums twice: those of the artist, and those that its tracks are on.
            expected(&[("/albums", 2), ("/artists", 1), ("/genres", 1), ("/tracks", 1)]),
        ),
        (
            operation("chart"),
            json!({"id": chart}),
            expected(&[("/artists", 1), ("/chart-entries", 1), ("/charts", 1), ("/tracks", 1)]),
        ),
        (operation("copy-artists"), json!({}), expected(&[("/artists", 1), ("/genres", 1)])),
        (
            operation("match-recordings"),
            json!({"isrcs": ["GBAQT9700055"], "first": 100}),
            expected(&[("/albums", 1), ("/artists", 1), ("/tracks", 1)]),
        ),
        (
            operation("match-releases"),
            json!({"upcs": ["5016958046927"]}),
            expected(&[("/albums", 1), ("/tracks", 1)]),
        ),
        (
            operation("more-tracks"),
            json!({"id": album, "count": 2}),
            expected(&[("/albums", 1), ("/tracks", 1)]),
        ),
        (
            operation("new-releases"),
            json!({"since": "1997-01-01"}),
            expected(&[("/albums", 1), ("/artists", 1)]),
        ),
        (operation("refresh"), json!({"ids": [artist, album]}), expected(&[("/albums", 1), ("/artists", 1)])),
    ];
    for (document, variables, expected) in operations {
        for artists in [1, 16] {
            assert_eq!(calls(artists, &document, variables.clone()).await, expected, "{artists}: {document}");
        }
    }
}

#[tokio::test]
async fn what_two_places_want_is_asked_once() {
    let catalogue = catalogue(3).await;
    let partner = partner(&catalogue).await;
    let id = id_of(&partner, "artists").await;
    catalogue.clear();
    let answer = partner
        .query("query($id: ID!) { a: node(id: $id) { id } b: node(id: $id) { ... on Artist { name } } nodes(ids: [$id, $id]) { id } }")
        .variables(json!({"id": id}))
        .await;
    assert_eq!(answer.ok()["b"]["name"], "Artist 1");
    assert_eq!(catalogue.total(), 1);
}

#[tokio::test]
async fn only_what_this_schema_has_is_fetched() {
    let catalogue = catalogue(1).await;
    let partner = partner(&catalogue).await;
    partner.query("{ genres(first: 1) { nodes { name } } }").await.ok();
    assert_eq!(
        catalogue.urls(),
        ["/genres?total=false&limit=2&fields=id,name,artist_count,album_count,track_count,parent_id,cursor"]
    );
}
