//! What fails takes only itself along.

use super::world::{catalogue, id_of, partner};
use kit::{Fake, Reply, json};

#[tokio::test]
async fn what_the_catalogue_cannot_say_is_null_and_all_else_arrives() {
    let catalogue = catalogue(2).await;
    catalogue.get("/albums", |_| Reply::problem(503, "down for maintenance at 10.0.0.7"));
    let partner = partner(&catalogue).await;
    let answer = partner
        .query("{ artists(first: 2) { nodes { name genres { name } albums(first: 1) { nodes { title } } tracks(first: 1) { nodes { title album { title } } } } } }")
        .await;
    assert_eq!(
        *answer.data("artists.nodes.1"),
        json!({
            "name": "Artist 2", "genres": [{"name": "Dream Pop"}, {"name": "Pop"}], "albums": null,
            "tracks": {"nodes": [{"title": "Track 2.1.1", "album": null}]},
        })
    );
    assert_eq!(
        answer.paths(),
        [
            "artists.nodes.0.albums",
            "artists.nodes.0.tracks.nodes.0.album",
            "artists.nodes.1.albums",
            "artists.nodes.1.tracks.nodes.0.album",
        ]
    );
    assert_eq!(answer.codes(), ["UPSTREAM_UNAVAILABLE"; 4]);
    assert!(!answer.text.contains("10.0.0.7"), "{answer}");
}

#[tokio::test]
async fn nodes_of_a_kind_that_fails_fail_in_their_places() {
    let catalogue = catalogue(1).await;
    let partner = partner(&catalogue).await;
    let (artist, album) = (id_of(&partner, "artists").await, id_of(&partner, "albums").await);
    catalogue.get("/albums", |_| Reply::reset());
    let answer = partner
        .query("query($ids: [ID!]!) { nodes(ids: $ids) { id } }")
        .variables(json!({"ids": [album, artist, album]}))
        .await;
    assert_eq!(*answer.data("nodes"), json!([null, {"id": artist}, null]));
    assert_eq!(answer.paths(), ["nodes.0", "nodes.2"]);
    assert_eq!(answer.codes(), ["UPSTREAM_UNAVAILABLE"; 2]);
}

#[tokio::test]
async fn without_a_catalogue_every_root_says_so() {
    let partner = kit::start(partner::bff(), std::iter::empty::<(&str, &Fake)>()).await;
    let answer =
        partner.query("{ artists(first: 1) { nodes { id } } node(id: \"YXJ0aXN0OmFyLTE\") { id } }").await;
    assert_eq!((answer.status, answer.data("")), (200, &json!({"artists": null, "node": null})));
    assert_eq!(answer.codes(), ["UPSTREAM_UNAVAILABLE"; 2]);
    assert_eq!(answer.paths(), ["artists", "node"]);
}
