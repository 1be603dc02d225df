//! What an upstream says to a write it refuses: in our words, but where the BFF's team says that its are for callers.

use super::world::told;
use async_graphql::{Context, EmptySubscription, Object};
use bff::{Bff, ContextExt, Upstream};
use kit::{Fake, Reply, Running, Server, Value, json};

/// Says whatever it likes.
const FOREIGN: Upstream = Upstream::named("foreign").open_after(0).open_percent(0);
/// Its problems are written for callers.
const OURS: Upstream = Upstream::named("ours").open_after(0).open_percent(0).speaks_to_callers();

const INTERNAL: &str = "ERROR: SELECT * FROM users at http://10.0.0.7:5432/ (rest::notes::Note)";

struct Query;

#[Object]
impl Query {
    async fn one(&self) -> i32 {
        1
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn tell_foreign(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<bool>> {
        ctx.write(&FOREIGN)?.post("/notes").json(&json!({})).send_and_forget().await?.done()?;
        Ok(Some(true))
    }

    async fn tell_ours(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<bool>> {
        ctx.write(&OURS)?.post("/notes").json(&json!({})).send_and_forget().await?.done()?;
        Ok(Some(true))
    }
}

async fn start() -> (Fake, Running) {
    let fake = Fake::start().await;
    let bff = Bff::new("writes", "").upstreams(&[FOREIGN, OURS]).schema(Query, Mutation, EmptySubscription);
    let bff = Server::of(bff).upstream("foreign", &fake).upstream("ours", &fake).production();
    (fake, bff.start().await)
}

const REFUSALS: [(u16, &str); 8] = [
    (400, "BAD_USER_INPUT"),
    (404, "NOT_FOUND"),
    (409, "CONFLICT"),
    (412, "CONFLICT"),
    (413, "BAD_USER_INPUT"),
    (422, "BAD_USER_INPUT"),
    (401, "UNAUTHENTICATED"),
    (403, "FORBIDDEN"),
];

#[tokio::test]
async fn nothing_that_a_foreign_service_says_is_shown() {
    let (fake, bff) = start().await;
    for (status, code) in
        REFUSALS.into_iter().chain([(418, "UPSTREAM_BAD_RESPONSE"), (500, "UPSTREAM_UNAVAILABLE")])
    {
        let hostile = move || {
            let body = json!({"title": INTERNAL, "detail": INTERNAL, "type": INTERNAL,
                "errors": [{"field": INTERNAL, "pointer": INTERNAL, "detail": INTERNAL}]});
            Reply::json(status, body)
        };
        fake.post("/notes", move |_| hostile());
        let answer = bff.query("mutation { tellForeign }").await;
        assert_eq!((told(&answer), answer.data("")), (vec![code.to_owned()], &json!({"tellForeign": null})));
        assert_eq!(answer.paths(), ["tellForeign"]);
        for word in ["SELECT", "10.0.0.7", "rest::", "/notes", "foreign"] {
            assert!(!answer.messages()[0].contains(word), "{word}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_service_that_speaks_to_callers_is_quoted_as_far_as_that_is_text() {
    let (fake, bff) = start().await;
    for (status, code) in REFUSALS {
        fake.post("/notes", move |_| Reply::problem(status, "`body`: must be 1 to 1,000 characters"));
        let answer = bff.query("mutation { tellOurs }").await;
        assert_eq!(told(&answer), [code]);
        let quoted = answer.messages()[0] == "`body`: must be 1 to 1,000 characters";
        // Who may is for us to say.
        assert_eq!(quoted, !matches!(status, 401 | 403), "{answer}");
    }
    // No page for people, no book, no control characters.
    fake.post("/notes", |_| Reply::html());
    assert_eq!(bff.query("mutation { tellOurs }").await.ok(), &json!({"tellOurs": true}));
    let long = "x".repeat(2_000);
    fake.post("/notes", move |_| Reply::problem(422, &format!("a\u{1b}[31m\nb {long}")));
    let answer = bff.query("mutation { tellOurs }").await;
    let message = answer.messages()[0];
    assert!(message.starts_with("a [31m b x") && message.chars().count() == 500, "{message}");
    fake.post("/notes", |_| Reply::json(422, Value::Null));
    assert_eq!(told(&bff.query("mutation { tellOurs }").await), ["BAD_USER_INPUT"]);
}
