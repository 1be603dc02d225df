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
        let server = house.front(bff).set("profile", "production").set("documents.trusted", "off");
        // Unused, but in production it does not start without.
        let server = if bff == "partner" { server.set("auth.keys.secret", "between us") } else { server };
        let server = server.start().await;
        let answer = server.query(schema).await;
        assert_eq!(answer.errors().is_empty(), published, "{bff}: {answer}");
        assert_eq!(server.get("/graphiql").await.status, 404, "{bff}");
        server.query("{ __typename }").await.ok();
    }
}

/// Asks until the answer has this status: the backend takes the directory's word for some seconds.
async fn until_answered(partner: &kit::Process, key: &str, status: u16) {
    let asked = async { while partner.query("{ __typename }").bearer(key).await.status != status {} };
    tokio::time::timeout(kit::PATIENCE, asked).await.unwrap_or_else(|_| panic!("never {status}"));
}

#[tokio::test]
async fn a_key_is_issued_used_replaced_and_taken_back() {
    let house = House::start().await;
    let identity = house.service("identity");
    let form = "grant_type=client_credentials&client_id=operator&client_secret=operator-secret";
    let request = identity.request(http::Method::POST, "/token");
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
    let operator = kit::exchange(request).await.json["access_token"].as_str().unwrap().to_owned();
    let ask = async |method: http::Method, path: &str, body: Value| {
        kit::exchange(identity.request(method, path).bearer_auth(&operator).json(&body)).await
    };
    let issued =
        ask(http::Method::POST, "/partners/radio-aurora/keys", json!({"name": "Nightly"})).await.json;
    let (id, old) = (issued["id"].as_str().unwrap(), issued["key"].as_str().unwrap());

    let partner = house.bff("partner").await;
    let licensed = "{ artists(first: 1) { nodes { exactPopularity } } }";
    let by_key = partner.query(licensed).bearer(old).await;
    assert!(by_key.ok()["artists"]["nodes"][0]["exactPopularity"].is_number(), "{by_key}");
    // As by a token for its client credentials.
    let form = "grant_type=client_credentials&scope=charts:read";
    let request = identity
        .request(http::Method::POST, "/token")
        .basic_auth("radio-aurora", Some("radio-aurora-secret"));
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
    let token = kit::exchange(request).await.json["access_token"].as_str().unwrap().to_owned();
    assert_eq!(partner.query(licensed).bearer(&token).await.ok(), by_key.ok());

    let rotated =
        ask(http::Method::POST, &format!("/keys/{id}/rotate"), json!({"overlap_s": 600})).await.json;
    let new = rotated["key"].as_str().unwrap();
    partner.query(licensed).bearer(new).await.ok();
    partner.query(licensed).bearer(old).await.ok();

    assert_eq!(ask(http::Method::DELETE, &format!("/keys/{id}"), json!({})).await.status, 204);
    until_answered(&partner, old, 401).await;
    partner.query(licensed).bearer(new).await.ok();
    // Nothing that anybody printed has a secret in it.
    for line in partner.lines().iter().chain(&identity.lines()) {
        assert!(![old, new].iter().any(|key| line.contains(&key[12..])), "{line}");
    }
}
