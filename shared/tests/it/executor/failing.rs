//! What fails, fails where it is: paths, codes, nulls, and everything else arrives.

use super::world::World;
use kit::{Fake, Gate, Reply, Server, Value, json};
use std::future::IntoFuture;

/// What a broken upstream does to a nullable edge, as the code tells.
async fn code_of(reply: impl Fn() -> Reply + Send + Sync + 'static) -> String {
    let world = World::start().await;
    world.shop.get("/books", move |_| reply());
    let answer = world.bff.query("{ writer(id: \"w1\") { name books { title } } }").await;
    assert_eq!(answer.data("writer"), &json!({"name": "Ada", "books": null}), "{answer}");
    assert_eq!(answer.paths(), ["writer.books"]);
    assert_eq!(answer.status, 200);
    assert!(answer.errors()[0]["locations"][0]["line"].is_u64());
    // The question is asked once; its call may be made once more where that can help.
    assert!(world.shop.count("/books") <= 2);
    answer.codes()[0].to_owned()
}

#[tokio::test]
async fn an_upstream_that_says_it_cannot() {
    assert_eq!(code_of(|| Reply::problem(500, "boom")).await, "UPSTREAM_UNAVAILABLE");
    assert_eq!(code_of(|| Reply::problem(503, "later")).await, "UPSTREAM_UNAVAILABLE");
}

#[tokio::test]
async fn an_upstream_that_will_not() {
    assert_eq!(code_of(|| Reply::problem(400, "what?")).await, "UPSTREAM_BAD_RESPONSE");
    // Who is told "who?" is this service, which asks what is the same for everybody as itself.
    assert_eq!(code_of(|| Reply::problem(401, "who?")).await, "UPSTREAM_BAD_RESPONSE");
    assert_eq!(code_of(|| Reply::problem(403, "no")).await, "FORBIDDEN");
}

#[tokio::test]
async fn an_upstream_that_answers_something_else() {
    assert_eq!(code_of(Reply::html).await, "UPSTREAM_BAD_RESPONSE");
    assert_eq!(code_of(|| Reply::garbage("{\"items\": [{\"id\":")).await, "UPSTREAM_BAD_RESPONSE");
    assert_eq!(
        code_of(|| Reply::garbage(&b"{\"items\": [{\"id\": \"\xff\"}]}"[..])).await,
        "UPSTREAM_BAD_RESPONSE"
    );
    assert_eq!(code_of(|| json!({"rows": []}).into()).await, "UPSTREAM_BAD_RESPONSE");
    assert_eq!(
        code_of(|| json!({"items": [{"id": 1, "title": true}]}).into()).await,
        "UPSTREAM_BAD_RESPONSE"
    );
    assert_eq!(
        code_of(|| Reply::json(302, json!({})).header("location", "http://x/")).await,
        "UPSTREAM_BAD_RESPONSE"
    );
}

#[tokio::test]
async fn an_upstream_that_answers_too_much() {
    let long = "x".repeat(30_000);
    assert_eq!(
        code_of(move || json!({"items": [{"id": "b", "title": long, "writer_id": "w1"}]}).into()).await,
        "UPSTREAM_BAD_RESPONSE"
    );
}

#[tokio::test]
async fn an_upstream_that_breaks_off() {
    assert_eq!(code_of(Reply::reset).await, "UPSTREAM_UNAVAILABLE");
    assert_eq!(code_of(|| Reply::cut("{\"items\": [")).await, "UPSTREAM_UNAVAILABLE");
}

#[tokio::test]
async fn an_upstream_that_does_not_exist_nulls_its_own_fields_alone() {
    let shop = Fake::start().await;
    shop.table("/books", &[("ids", "id")], super::world::books());
    // The stock's address is written down; nobody is there.
    let bff = Server::of(super::world::bff()).upstream("shop", &shop).upstream("stock", "http://127.0.0.1:1");
    let bff = bff.start().await;
    let answer = bff.query("{ book(id: \"b1\") { title stock { copies } } answer }").await;
    assert_eq!(answer.data(""), &json!({"book": {"title": "One", "stock": null}, "answer": 42}));
    assert_eq!(
        (answer.codes(), answer.paths()),
        (vec!["UPSTREAM_UNAVAILABLE"], vec!["book.stock".to_owned()])
    );
}

#[tokio::test]
async fn an_upstream_that_hangs_costs_the_deadline_and_its_own_fields() {
    let world = World::with(|server| server.settings(|settings| settings.deadline_ms = 300)).await;
    world.shop.get("/books", |_| Reply::hang());
    let answer = world.bff.query("{ writer(id: \"w1\") { name books { title } } }").await;
    assert_eq!(answer.data("writer"), &json!({"name": "Ada", "books": null}), "{answer}");
    assert_eq!(answer.codes(), ["DEADLINE_EXCEEDED"]);
    world.shop.until_abandoned("/books", 1).await;
}

#[tokio::test]
async fn one_failing_page_fails_its_own_keys() {
    let world = World::start().await;
    world.shop.get("/books", |call| {
        let ids = call.list("ids");
        if ids.iter().any(|id| id == "x4") {
            return Reply::problem(500, "this page");
        }
        let items: Vec<_> = ids.iter().map(|id| json!({"id": id, "title": id})).collect();
        json!({"items": items}).into()
    });
    let roots: String = (0..7).map(|n| format!("b{n}: book(id: \"x{n}\") {{ title }} ")).collect();
    let answer = world.bff.query(&format!("{{ {roots} }}")).await;
    assert_eq!(answer.data("b0.title"), "x0");
    assert_eq!(answer.data("b6.title"), "x6");
    assert_eq!(answer.paths(), ["b3", "b4", "b5"]);
}

#[tokio::test]
async fn a_missing_thing_is_null_without_an_error_and_fails_where_it_must_be() {
    let world = World::start().await;
    let answer = world.bff.query("{ writer(id: \"none\") { name } }").await;
    assert_eq!(answer.ok(), &json!({"writer": null}));
    let answer = world.bff.query("{ answer theWriter(id: \"none\") { name } }").await;
    assert_eq!(answer.json["data"], Value::Null);
    assert_eq!(answer.paths(), ["theWriter"]);
}

#[tokio::test]
async fn a_404_of_a_batch_read_means_none_of_them() {
    let world = World::start().await;
    world.shop.get("/books", |_| Reply::problem(404, "none"));
    let answer =
        world.bff.query("{ book(id: \"b1\") { title } writer(id: \"w1\") { books { title } } }").await;
    assert_eq!(answer.ok(), &json!({"book": null, "writer": {"books": []}}));
}

#[tokio::test]
async fn nulls_go_up_to_where_they_may_stand() {
    let world = World::start().await;
    world.shop.get("/reviews", |_| Reply::problem(500, "down"));
    // [Review!]! takes its book, [Book!] is nullable as a whole, the writer stays.
    let answer = world.bff.query("{ writers { name books { title reviews { text } } } }").await;
    assert_eq!(
        answer.data("writers"),
        &json!([{"name": "Ada", "books": null}, {"name": "Bo", "books": null}, {"name": "Cy", "books": []}])
    );
    assert_eq!(answer.paths(), ["writers.0.books.0.reviews", "writers.1.books.0.reviews"]);
}

#[tokio::test]
async fn an_int_that_does_not_fit_is_an_error_in_its_place() {
    let world = World::start().await;
    let answer = world.bff.query("{ writer(id: \"w1\") { books { title pages } } }").await;
    assert_eq!(
        answer.data("writer.books"),
        &json!([{"title": "One", "pages": 100}, {"title": "Two", "pages": null}, {"title": "Three", "pages": null}])
    );
    assert_eq!(answer.paths(), ["writer.books.1.pages"]);
    assert_eq!(answer.codes(), ["INTERNAL_SERVER_ERROR"]);
    let answer = world.bff.query("{ book(id: \"b2\") { someReviews { stars } } }").await;
    assert_eq!(answer.data("book.someReviews"), &json!([null, {"stars": 1}]));
    assert_eq!(answer.paths(), ["book.someReviews.0.stars"]);
}

#[tokio::test]
async fn data_is_null_when_a_root_that_may_not_be_null_is() {
    let world = World::start().await;
    world.shop.get("/writers", |_| Reply::problem(500, "down"));
    let answer = world.bff.query("{ answer allWriters { name } writers { name } }").await;
    assert_eq!(answer.json["data"], Value::Null);
    assert!(answer.text.starts_with("{\"data\":null,"), "{answer}");
    assert!(answer.paths().contains(&"allWriters".to_owned()));
}

#[tokio::test]
async fn a_panic_is_one_masked_error_and_the_server_goes_on() {
    let world = World::start().await;
    let answer = world.bff.query("{ answer panics writer(id: \"w1\") { name } }").await;
    assert_eq!(answer.data(""), &json!({"answer": 42, "panics": null, "writer": {"name": "Ada"}}));
    assert_eq!((answer.codes(), answer.paths()), (vec!["INTERNAL_SERVER_ERROR"], vec!["panics".to_owned()]));
    assert!(!answer.text.contains("hunter2"), "{answer}");
    assert_eq!(world.bff.query("{ answer }").await.ok(), &json!({"answer": 42}));
}

#[tokio::test]
async fn an_error_that_is_not_made_to_be_shown_is_masked() {
    let world = World::start().await;
    let answer = world.bff.query("{ foreign }").await;
    assert_eq!(answer.data(""), &json!({"foreign": null}));
    assert_eq!(answer.codes(), ["INTERNAL_SERVER_ERROR"]);
    assert_eq!(answer.messages(), ["Internal server error"]);
    let answer = world.bff.query("{ forbidden }").await;
    assert_eq!((answer.codes(), answer.messages()), (vec!["FORBIDDEN"], vec!["Not for you."]));
    assert_eq!(answer.json["data"], Value::Null);
}

#[tokio::test]
async fn a_wrong_argument_is_the_callers_fault() {
    let world = World::start().await;
    for (document, path) in [
        ("{ writer(id: \"w1\") { name books(first: 0) { title } } }", "writer.books"),
        ("{ writer(id: \"w1\") { name books(first: -1) { title } } }", "writer.books"),
        ("{ books(first: 11) { nodes { title } } }", "books"),
    ] {
        let answer = world.bff.query(document).await;
        assert_eq!(answer.codes(), ["BAD_USER_INPUT"], "{answer}");
        assert_eq!(answer.paths(), [path]);
        assert_eq!(answer.data(path), &Value::Null);
    }
    assert_eq!(world.shop.count("/books"), 0);
}

#[tokio::test]
async fn a_caller_who_leaves_takes_the_calls_along() {
    let world = World::start().await;
    let gate = Gate::closed();
    let held = gate.clone();
    world.shop.get("/writers", move |_| Reply::from(json!({"items": super::world::writers()})).after(&held));
    let asking = world.bff.query("{ writers { books { title } } }").into_future();
    tokio::select! {
        answer = asking => panic!("answered: {answer}"),
        () = world.shop.until_under_way("/writers", 1) => {}
    }
    // The request is dropped with its connection.
    world.shop.until_abandoned("/writers", 1).await;
    gate.open();
    assert_eq!(world.bff.query("{ answer }").await.ok(), &json!({"answer": 42}));
    assert_eq!(world.shop.urls().len(), 1, "nothing was asked on: {:?}", world.shop.urls());
}
