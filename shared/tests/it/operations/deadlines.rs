//! Who waits for another's execution waits no longer than for its own, and no shorter.

use super::world::{IN_FLIGHT, Mutation, Query, SHOP, fresh, things};
use async_graphql::EmptySubscription;
use bff::{
    RequestContext,
    config::{Profile, Settings},
    graphql::{Engine, GraphqlRequest},
    upstream::Upstreams,
};
use kit::{Fake, Gate, PATIENCE, Place, Value, json};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

const SHORT: Duration = Duration::from_millis(200);

/// An engine whose operation is known to be public, over things behind a gate. Over HTTP all requests of a BFF have the
/// same time; here each has its own.
async fn engine() -> (Engine, Fake, Gate) {
    let shop = Fake::start().await;
    shop.get("/things", |call| fresh(things(call)));
    let settings = Settings {
        upstreams: BTreeMap::from([("shop".to_owned(), shop.url().parse().unwrap())]),
        sharing: IN_FLIGHT,
        profile: Profile::Production,
        ..Settings::ephemeral("shop")
    };
    let upstreams = Upstreams::new(&settings, &[SHOP]).unwrap();
    let engine = Engine::new(Query, Mutation, EmptySubscription, Arc::new(upstreams), &settings).unwrap();
    ask(&engine, PATIENCE).await;
    shop.clear();
    let gate = Gate::closed();
    let held = gate.clone();
    shop.get("/things", move |call| fresh(things(call)).after(&held));
    (engine, shop, gate)
}

async fn ask(engine: &Engine, patience: Duration) -> Value {
    let query = "{ things { name } __typename }".into();
    let request = GraphqlRequest { query, ..GraphqlRequest::default() };
    let answer = engine.execute(&request, RequestContext::anonymous(patience)).await;
    serde_json::from_slice(&answer.body).unwrap()
}

fn names() -> Value {
    json!({"data": {"things": [{"name": "Thing t1"}, {"name": "Thing t2"}], "__typename": "Query"}})
}

#[tokio::test]
async fn who_has_less_time_is_told_when_it_is_over() {
    let (engine, shop, gate) = engine().await;
    let short = async {
        shop.until_under_way("/things", 1).await;
        let answer = ask(&engine, SHORT).await;
        gate.open();
        answer
    };
    let (long, short) = tokio::join!(ask(&engine, PATIENCE), short);
    assert_eq!(long, names());
    assert_eq!(short["data"], json!({"things": null, "__typename": "Query"}));
    assert_eq!(short["errors"][0]["extensions"]["code"], "DEADLINE_EXCEEDED");
    assert_eq!(short["errors"][0]["path"], json!(["things"]));
    assert_eq!(shop.count("/things"), 1);
}

#[tokio::test]
async fn who_has_more_time_does_not_fail_with_the_one_it_joined() {
    let (engine, shop, gate) = engine().await;
    let long = async {
        shop.until_under_way("/things", 1).await;
        ask(&engine, PATIENCE).await
    };
    let then = async {
        // The first flight ends with its time, and the second leaves.
        shop.until_abandoned("/things", 1).await;
        shop.until_under_way("/things", 1).await;
        gate.open();
    };
    let (short, long, ()) = tokio::join!(ask(&engine, SHORT), long, then);
    assert_eq!(short["errors"][0]["extensions"]["code"], "DEADLINE_EXCEEDED");
    assert_eq!(long, names());
    assert_eq!(shop.count("/things"), 2);
}
