//! The BFFs are apart from each other: each runs with the others absent, and outlives their end.

use super::{
    house::{House, example},
    world::SERVICES,
};
use kit::json;

const BFFS: [&str; 3] = ["mobile", "web", "partner"];

#[tokio::test]
async fn each_bff_answers_its_example_with_the_others_absent() {
    let house = House::start().await;
    let mika = house.token("us-1").await;
    for name in BFFS {
        let bff = house.bff(name).await;
        assert_eq!(bff.admin("/health/ready").await.status, 200, "{name}");
        let answer = bff.query(&example(name)).bearer(&mika).await;
        let data = answer.ok().as_object().unwrap();
        assert!(data.values().all(|root| !root.is_null()), "{name}: {answer}");
        let graphiql = bff.get("/graphiql").await;
        assert_eq!(graphiql.status, 200, "{name}");
        bff.kill().await;
    }
}

#[tokio::test]
async fn the_end_of_one_bff_is_nothing_to_the_others() {
    let house = House::start().await;
    let mut running = Vec::new();
    for name in BFFS {
        running.push((name, house.bff(name).await));
    }
    while let Some((_, victim)) = running.pop() {
        // Open connections and requests under way of the others are not touched either.
        let asked = running.iter().map(|(name, bff)| async move { (name, bff.query(&example(name)).await) });
        let (answers, ()) = futures::future::join(futures::future::join_all(asked), victim.kill()).await;
        for (name, answer) in answers {
            assert!(answer.errors().is_empty(), "{name}: {answer}");
        }
        for (name, bff) in &running {
            bff.query(&example(name)).await.ok();
            assert_eq!(bff.admin("/health/ready").await.status, 200, "{name}");
        }
    }
}

#[tokio::test]
async fn asked_to_stop_a_bff_finishes_and_succeeds() {
    let house = House::start().await;
    for name in BFFS {
        let mut bff = house.bff(name).await;
        assert_eq!(bff.query("{ __typename }").await.ok(), &json!({"__typename": "Query"}));
        bff.terminate();
        assert!(bff.ended().await.success(), "{name}: {}", bff.lines().join("\n"));
    }
}

#[tokio::test]
async fn what_is_operational_is_on_the_admin_port_alone() {
    let house = House::start().await;
    let partner = house.bff("partner").await;
    partner.query(&example("partner")).await.ok();
    for process in SERVICES.map(|name| house.service(name)).into_iter().chain([&partner]) {
        assert_eq!(process.admin("/health/ready").await.status, 200);
        let metrics = process.admin("/metrics").await.text;
        assert!(metrics.ends_with("# EOF\n"), "{metrics}");
        for path in ["/health/ready", "/metrics"] {
            assert_eq!(process.get(path).await.status, 404, "{path}");
        }
    }
    let asked = house.service("catalog").admin("/metrics").await.text;
    assert!(asked.contains("request_duration_seconds_count{"), "{asked}");
}
