//! Global ids: opaque, unique over the whole API, looked up alone or in lists.

use super::world::{catalogue, id_of, partner};
use kit::json;

const NODES: &str = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }";

#[tokio::test]
async fn every_list_answers_ids_that_node_understands() {
    let catalogue = catalogue(2).await;
    let partner = partner(&catalogue).await;
    for (list, kind) in [
        ("artists", "Artist"),
        ("albums", "Album"),
        ("tracks", "Track"),
        ("charts", "Chart"),
        ("genres", "Genre"),
    ] {
        let id = id_of(&partner, list).await;
        let answer = partner
            .query("query($id: ID!) { node(id: $id) { __typename id } }")
            .variables(json!({"id": id}))
            .await;
        assert_eq!(*answer.ok(), json!({"node": {"__typename": kind, "id": id}}));
    }
}

#[tokio::test]
async fn an_id_shows_nothing_of_what_it_is_made_of() {
    let catalogue = catalogue(1).await;
    let partner = partner(&catalogue).await;
    let id = id_of(&partner, "artists").await;
    assert!(!id.contains("ar-1"), "{id}");
    assert!(id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{id}");
}

#[tokio::test]
async fn nodes_keeps_the_order_and_asks_once_for_each_kind() {
    let catalogue = catalogue(3).await;
    let partner = partner(&catalogue).await;
    let (artist, track, chart) =
        (id_of(&partner, "artists").await, id_of(&partner, "tracks").await, id_of(&partner, "charts").await);
    let other = partner.query("{ artists(first: 3) { nodes { id } } }").await;
    let other = other.data("artists.nodes.2.id").clone();
    catalogue.clear();

    let ids = json!([track, other, chart, artist, track]);
    let answer = partner.query(NODES).variables(json!({"ids": ids})).await;

    let nodes = answer.ok()["nodes"].as_array().unwrap().clone();
    assert_eq!(nodes.iter().map(|node| node["id"].clone()).collect::<Vec<_>>(), *ids.as_array().unwrap());
    let mut paths: Vec<String> = catalogue.calls().iter().map(|call| call.path.clone()).collect();
    paths.sort();
    assert_eq!(paths, ["/artists", "/charts", "/tracks"]);
    assert_eq!(catalogue.calls_of("/artists")[0].list("ids").len(), 2);
}

#[tokio::test]
async fn what_does_not_exist_is_null_and_no_error() {
    let catalogue = catalogue(1).await;
    let partner = partner(&catalogue).await;
    let there = id_of(&partner, "artists").await;
    // base64url of artist:gone
    let gone = "YXJ0aXN0OmdvbmU";
    let answer = partner.query(NODES).variables(json!({"ids": [gone, there]})).await;
    assert_eq!(*answer.ok(), json!({"nodes": [null, {"__typename": "Artist", "id": there}]}));
    let answer = partner.query(&format!("{{ node(id: {gone:?}) {{ id }} }}")).await;
    assert_eq!(*answer.ok(), json!({"node": null}));
}

#[tokio::test]
async fn what_is_no_id_is_the_callers_mistake_in_its_own_place() {
    let catalogue = catalogue(1).await;
    let partner = partner(&catalogue).await;
    let there = id_of(&partner, "artists").await;
    catalogue.clear();
    // The third is base64url of user:us-1: nobody's data is here, so nobody has an id.
    let wrong = ["ar-1", "", "dXNlcjp1cy0x", "🎵", "YXJ0aXN0OmFyLTE=", "YXJ0aXN0OmEsYg"];
    for id in wrong {
        let answer =
            partner.query("query($id: ID!) { node(id: $id) { id } }").variables(json!({"id": id})).await;
        assert_eq!((answer.status, answer.data("node")), (200, &json!(null)), "{id}");
        assert_eq!(
            (answer.codes(), answer.paths()),
            (vec!["BAD_USER_INPUT"], vec!["node".to_owned()]),
            "{id}"
        );
    }
    assert_eq!(catalogue.total(), 0, "nothing of this is the catalogue's matter");

    let answer = partner.query(NODES).variables(json!({"ids": [wrong[0], there, wrong[1]]})).await;
    assert_eq!(answer.data("nodes.1.id"), &json!(there));
    assert_eq!((answer.data("nodes.0"), answer.data("nodes.2")), (&json!(null), &json!(null)));
    assert_eq!(answer.paths(), ["nodes.0", "nodes.2"]);
    assert_eq!(answer.codes(), ["BAD_USER_INPUT"; 2]);
}

#[tokio::test]
async fn as_many_ids_as_a_page_and_no_more() {
    let catalogue = catalogue(1).await;
    let partner = partner(&catalogue).await;
    let ids = |count: usize| json!({"ids": vec!["YXJ0aXN0OmFyLTE"; count]});
    let answer = partner.query(NODES).variables(ids(100)).await;
    assert_eq!(answer.ok()["nodes"].as_array().unwrap().len(), 100);
    let answer = partner.query(NODES).variables(ids(101)).await;
    assert_eq!(answer.codes(), ["BAD_USER_INPUT"]);
    assert!(answer.messages()[0].contains("\"ids\"") && answer.messages()[0].contains("100"), "{answer}");
    let answer = partner.query(NODES).variables(ids(0)).await;
    assert_eq!(*answer.ok(), json!({"nodes": []}));
}

#[tokio::test]
async fn an_id_of_another_type_is_no_filter() {
    let catalogue = catalogue(1).await;
    let partner = partner(&catalogue).await;
    let artist = id_of(&partner, "artists").await;
    catalogue.clear();
    let answer = partner
        .query("query($id: ID!) { albums(first: 1, filter: {genre: $id}) { nodes { id } } }")
        .variables(json!({"id": artist}))
        .await;
    assert_eq!(answer.codes(), ["BAD_USER_INPUT"]);
    assert!(answer.messages()[0].contains("of type artist, and one of type genre"), "{answer}");
    assert_eq!(catalogue.total(), 0);
}
