//! The partner: everything by its id, a complete copy page by page, a published schema in production.

use super::house::{House, example, operation};
use kit::{Value, json};
use std::collections::BTreeSet;

#[tokio::test]
async fn what_a_partner_has_stored_is_found_again() {
    let house = House::start().await;
    let partner = house.bff("partner").await;
    let chart = partner.query(&example("partner")).await;
    let top = &chart.ok()["charts"]["nodes"][0];
    let entries = top["entries"]["edges"].as_array().unwrap();
    assert_eq!(entries.len(), 5, "{chart}");

    let mut ids = vec![&top["id"]];
    for entry in entries {
        let track = &entry["node"]["track"];
        ids.extend([&track["id"], &track["artist"]["id"], &track["album"]["id"]]);
    }
    let unknown = json!("no id of ours");
    ids.push(&unknown);
    let stored = partner.query(&operation("partner", "refresh")).variables(json!({"ids": ids})).await;
    let nodes = stored.data("nodes").as_array().unwrap();
    let kinds: Vec<_> = nodes.iter().map(|node| node["__typename"].as_str()).collect();
    assert_eq!(kinds[..4], [Some("Chart"), Some("Track"), Some("Artist"), Some("Album")]);
    for (id, node) in ids.iter().zip(nodes).take(ids.len() - 1) {
        assert_eq!(&node["id"], *id);
    }
    let last = ids.len() - 1;
    assert_eq!(
        (&nodes[last], stored.paths(), stored.codes()),
        (&Value::Null, vec![format!("nodes.{last}")], vec!["BAD_USER_INPUT"])
    );
    let one =
        partner.query("query($id: ID!) { node(id: $id) { id __typename } }").variables(json!({"id": ids[1]}));
    assert_eq!(one.await.ok(), &json!({"node": {"id": ids[1], "__typename": "Track"}}));
}

#[tokio::test]
async fn a_complete_copy_has_no_gaps_and_no_repeats() {
    let house = House::start().await;
    let partner = house.bff("partner").await;
    let albums =
        partner.query("{ albums(first: 100) { nodes { trackCount } pageInfo { hasNextPage } } }").await;
    assert_eq!(albums.data("albums.pageInfo.hasNextPage"), false, "the world is small: {albums}");
    let albums = albums.ok()["albums"]["nodes"].as_array().unwrap();
    let tracks: u64 = albums.iter().map(|album| album["trackCount"].as_u64().unwrap()).sum();
    // Pages of a size that nothing is a multiple of.
    for first in [37, 100] {
        let (mut after, mut pages, mut ids) = (Value::Null, 0, Vec::new());
        loop {
            let document = "query($first: Int!, $after: String) {
                tracks(first: $first, after: $after, orderBy: TITLE) {
                    nodes { id } pageInfo { hasNextPage endCursor }
                }
            }";
            let page = partner.query(document).variables(json!({"first": first, "after": after})).await;
            let nodes = page.ok()["tracks"]["nodes"].as_array().unwrap();
            ids.extend(nodes.iter().map(|track| track["id"].to_string()));
            pages += 1;
            if page.data("tracks.pageInfo.hasNextPage") == false {
                break;
            }
            after = page.data("tracks.pageInfo.endCursor").clone();
        }
        assert_eq!((ids.len() as u64, pages), (tracks, tracks.div_ceil(first)), "pages of {first}");
        let distinct: BTreeSet<String> = ids.into_iter().collect();
        assert_eq!(distinct.len() as u64, tracks, "a track came twice in pages of {first}");
    }
}

#[tokio::test]
async fn the_schema_is_published_in_production_and_no_other_is() {
    let house = House::start().await;
    let schema = "{ __schema { queryType { name } } }";
    for (bff, published) in [("partner", true), ("mobile", false), ("web", false)] {
        // Registered or not: that another document is refused is not what is asked here.
        let server =
            house.front(bff).set("profile", "production").set("documents.trusted", "off").start().await;
        let answer = server.query(schema).await;
        assert_eq!(answer.errors().is_empty(), published, "{bff}: {answer}");
        assert_eq!(server.get("/graphiql").await.status, 404, "{bff}");
        server.query("{ __typename }").await.ok();
    }
}
