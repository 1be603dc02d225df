//! What kept rows take of their budget: each upstream has its own, what is used stays, what was replaced is gone.

use super::world::{STORE, World, items};
use async_graphql::{EmptyMutation, EmptySubscription, ID, Object};
use bff::{Ask, Bff, IntoAsk, Upstream, entity, question};
use kit::{Call, Fake, Reply, Server, Value, json};

/// About 19 kB of the budget: twice what it is as text.
fn large(call: &Call) -> Value {
    json!([{"id": call.param("first"), "name": "x".repeat(9_000)}])
}

async fn ask(world: &World, n: usize) {
    world.bff.query(&format!("{{ latest(first: {n}) {{ id }} }}")).await.ok();
}

#[tokio::test]
async fn what_is_used_stays_and_what_is_not_goes() {
    let world = World::with(|settings| settings.cache.rows_bytes = 100_000).await;
    world.store.get("/latest", |call| Reply::from(large(call)).header("cache-control", "max-age=600"));
    ask(&world, 1).await;
    ask(&world, 2).await;
    for n in 10..30 {
        ask(&world, n).await;
        ask(&world, 1).await;
    }
    assert_eq!(world.store.total(), 22, "the first was asked for once");
    ask(&world, 2).await;
    assert_eq!(world.store.total(), 23);
}

#[tokio::test]
async fn what_was_replaced_takes_no_room() {
    let world = World::with(|settings| settings.cache.rows_bytes = 100_000).await;
    world.store.get("/items", |call| Reply::from(items(call)).header("cache-control", "max-age=600"));
    // Never fresh, but kept, to be confirmed or to stand in.
    world.store.get("/latest", |call| {
        Reply::from(large(call)).header("cache-control", "max-age=0, stale-if-error=600")
    });
    world.bff.query("{ item(id: \"a\") { name } }").await.ok();
    for _ in 0..20 {
        ask(&world, 1).await;
    }
    assert_eq!(world.store.count("/latest"), 20);
    world.bff.query("{ item(id: \"a\") { name } }").await.ok();
    assert_eq!(world.store.count("/items"), 1, "twenty times the same is one");
}

const OTHER: Upstream = Upstream::named("other");

/// Something with a name.
#[entity]
pub struct Thing {
    pub id: ID,
    name: String,
}

#[question(upstream = STORE, get = "/latest", row = Thing, many, public)]
pub struct Large {
    first: i32,
}

#[question(upstream = OTHER, get = "/items", key = "ids", row = Thing, by = id, public)]
pub struct Small(ID);

struct Query;

#[Object]
impl Query {
    async fn large(&self, first: i32) -> Ask<Large> {
        Large { first }.ask()
    }

    async fn small(&self, id: ID) -> Ask<Small> {
        Small(id).ask()
    }
}

#[tokio::test]
async fn one_upstreams_rows_do_not_push_out_anothers() {
    let (store, other) = (Fake::start().await, Fake::start().await);
    store.get("/latest", |call| Reply::from(large(call)).header("cache-control", "max-age=600"));
    other.get("/items", |call| Reply::from(items(call)).header("cache-control", "max-age=600"));
    let schema =
        Bff::new("room", "").upstreams(&[STORE, OTHER]).schema(Query, EmptyMutation, EmptySubscription);
    let server = Server::of(schema).upstream("store", &store).upstream("other", &other);
    let bff = server.settings(|settings| settings.cache.rows_bytes = 100_000).start().await;
    bff.query("{ small(id: \"a\") { name } }").await.ok();
    for n in 0..20 {
        bff.query(&format!("{{ large(first: {n}) {{ id }} }}")).await.ok();
    }
    bff.query("{ small(id: \"a\") { name } }").await.ok();
    assert_eq!(other.total(), 1);
}
