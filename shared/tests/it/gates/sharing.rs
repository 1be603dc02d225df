//! Apps of different versions share what is the same for both, and nothing else.

use super::world::{World, fresh, rows, thing};
use bff::config::SharingSettings;
use kit::{Gate, PATIENCE, json};
use std::future::IntoFuture;

/// Shared while in flight; nothing is kept. Rows are not shared: what is asked tells what ran.
const IN_FLIGHT: SharingSettings =
    SharingSettings { batches_in_flight: 0, operations: true, answers_bytes: 0 };
/// Kept as well.
const KEPT: SharingSettings =
    SharingSettings { batches_in_flight: 0, operations: true, answers_bytes: 1 << 20 };

const GATED: &str = "{ thing(id: \"t1\") { colour rating } }";
const PLAIN: &str = "{ thing(id: \"t1\") { name } }";
const VERSIONS: [(&str, &str, i32); 3] = [("2.2", "RED", 0), ("2.3", "INFRARED", 5), ("3", "TERAHERTZ", 5)];

#[tokio::test]
async fn at_the_same_instant_each_version_gets_its_own_answer() {
    let world = World::sharing(IN_FLIGHT).await;
    for (version, ..) in VERSIONS {
        // The first run only teaches that it is public.
        world.query(version, GATED).await.ok();
    }
    world.shop.clear();
    let gate = Gate::closed();
    let held = gate.clone();
    world.shop.get("/things", move |call| fresh(rows(call, thing)).after(&held));
    let ask = |version: &str| tokio::spawn(world.query(version, GATED).into_future());
    // Two of the same rank, though not of the same version.
    let all = ["2.2", "2.1", "2.3", "2.9.1", "3", "4"].map(|version| (version, ask(version)));
    let joined = async { while world.shared("joined").await < 3 {} };
    tokio::time::timeout(PATIENCE, joined).await.unwrap();
    gate.open();
    for (version, answer) in all {
        let (_, colour, rating) =
            VERSIONS.iter().rev().find(|(since, ..)| version >= *since).unwrap_or(&VERSIONS[0]);
        let answer = answer.await.unwrap();
        assert_eq!(answer.ok()["thing"], json!({"colour": colour, "rating": rating}), "{version}");
    }
    assert_eq!(world.shop.count("/things"), 3, "one for each that sees another schema");
}

#[tokio::test]
async fn kept_answers_are_of_those_who_see_the_same() {
    let world = World::sharing(KEPT).await;
    for _ in 0..2 {
        for (version, colour, _) in VERSIONS {
            assert_eq!(world.query(version, GATED).await.data("thing.colour"), colour, "{version}");
        }
    }
    world.shop.clear();
    for (version, colour) in [("1", "RED"), ("2.5", "INFRARED"), ("5", "TERAHERTZ")] {
        assert_eq!(world.query(version, GATED).await.data("thing.colour"), colour, "{version}");
    }
    assert_eq!(world.bff.query(GATED).await.data("thing.colour"), "TERAHERTZ");
    assert_eq!((world.shop.total(), world.shared("kept").await), (0, 4));
}

#[tokio::test]
async fn a_root_that_is_not_there_does_not_keep_others_from_being_shared() {
    let world = World::sharing(KEPT).await;
    let document = "{ thing(id: \"t1\") { name } newThing(id: \"t2\") { name } }";
    for _ in 0..3 {
        world.query("2", document).await.ok();
    }
    assert_eq!(world.shared("kept").await, 1);
}

#[tokio::test]
async fn versions_share_what_is_the_same_for_all() {
    let world = World::sharing(KEPT).await;
    for version in ["1", "2.3"] {
        world.query(version, PLAIN).await.ok();
    }
    world.shop.clear();
    for version in ["2", "2.5", "9"] {
        world.query(version, PLAIN).await.ok();
    }
    assert_eq!((world.shop.total(), world.shared("kept").await), (0, 3));
}

#[tokio::test]
async fn caches_on_the_way_are_told_that_answers_differ_by_version() {
    for sharing in [IN_FLIGHT, KEPT] {
        let world = World::sharing(sharing).await;
        let varies = |answer: &kit::Answer| {
            let names: Vec<_> =
                answer.headers.get_all("vary").iter().map(|vary| vary.to_str().unwrap()).collect();
            let names = names.join(", ").to_lowercase();
            let by = |name: &str| names.split(", ").any(|vary| vary == name);
            let client = ["name", "version"].map(|what| format!("graphql-client-{what}"));
            let apollos = ["name", "version"].map(|what| format!("apollographql-client-{what}"));
            client.iter().chain(&apollos).filter(|name| by(name)).count()
        };
        for _ in 0..3 {
            let mut tags = Vec::new();
            for version in ["2", "3"] {
                let answer = world.query(version, GATED).by_get().await;
                assert!(answer.header("cache-control").unwrap().starts_with("public, max-age="));
                assert_eq!(varies(&answer), 4, "{version}");
                let tag = answer.header("etag").unwrap().to_owned();
                let again = world.query(version, GATED).by_get().header("if-none-match", &tag).await;
                assert_eq!((again.status, varies(&again)), (304, 4));
                tags.push(tag);
                assert_eq!(varies(&world.query(version, PLAIN).by_get().await), 0);
            }
            assert_ne!(tags[0], tags[1]);
        }
        // Whoever says nothing gets one that others must not.
        assert_eq!(varies(&world.bff.query(GATED).by_get().await), 4);
    }
}
