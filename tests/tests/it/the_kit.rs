//! The kit tells the truth: what it records, holds back, breaks and signs.

use async_graphql::{EmptyMutation, EmptySubscription, Object};
use bff::{Ask, Bff, ContextExt, IntoAsk, Upstream, entity, question};
use kit::{Fake, Issuer, Server, json};

const SHOP: Upstream = Upstream::named("shop");

#[entity]
pub struct Thing {
    id: String,
    name: Option<String>,
}

#[question(upstream = SHOP, get = "/things", key = "ids", row = Thing, by = id, caller)]
pub struct ThingById(String);

struct Query;

#[Object]
impl Query {
    async fn thing(&self, id: String) -> Ask<ThingById> {
        ThingById(id).ask()
    }
    async fn me(&self, ctx: &async_graphql::Context<'_>) -> async_graphql::Result<String> {
        Ok(ctx.request()?.subject()?.to_owned())
    }
}

fn shop() -> Bff {
    Bff::new("shop", "").upstreams(&[SHOP]).schema(Query, EmptyMutation, EmptySubscription)
}

#[tokio::test]
async fn calls_are_recorded_and_callers_known() {
    let (fake, issuer) = (Fake::start().await, Issuer::start().await);
    fake.table("/things", &[("ids", "id")], json!([{"id": "a", "name": "A"}]));
    let shop = Server::of(shop()).upstream("shop", &fake).issuer(&issuer).start().await;
    let token = issuer.token("us-1");
    let answer = shop
        .query("query($id: String!) { thing(id: $id) { name } me }")
        .variables(json!({"id": "a"}))
        .bearer(&token)
        .await;
    assert_eq!(answer.ok(), &json!({"thing": {"name": "A"}, "me": "us-1"}));
    assert_eq!(fake.urls(), ["/things?ids=a&fields=id,name"]);
    assert_eq!(fake.calls()[0].caller().as_deref(), Some("us-1"));

    let answer = shop.query("{ me }").bearer(&issuer.token_with("us-1", json!({"exp": 0}))).await;
    assert_eq!((answer.status, answer.codes()), (401, vec!["TOKEN_EXPIRED"]));
    fake.clear();
    assert_eq!(fake.total(), 0);
}
