//! What a deprecated version of an application is told where answers follow each other: in each event, and in the first part of
//! an answer in parts.

use super::world::{CURRENT, FORMER, World};
use async_graphql::{EmptyMutation, Object, Subscription};
use bff::{
    Bff,
    config::{ClientSettings, Settings},
};
use futures::{Stream, stream};
use http::Method;
use kit::{Answer, EventStream, Running, Server, Socket, Value, json};

const DOCUMENT: &str = r#"{ post(id: "p1") { title ...@defer { comments { text } } } }"#;
const WHOLE: &str = "{ __typename }";
const OLD: [(&str, &str); 2] = [("graphql-client-name", "ios"), ("graphql-client-version", "2.1")];

fn ios(settings: &mut Settings) {
    let ios = ClientSettings { deprecated: Some("3".to_owned()), ..ClientSettings::default() };
    settings.clients.insert("ios".to_owned(), ios);
}

fn told() -> Value {
    json!({"name": "ios", "version": "2.1", "status": "deprecated"})
}

/// Of each of them, what it tells of the client.
fn each(answers: &[Value]) -> Vec<Value> {
    answers.iter().map(|answer| answer["extensions"]["client"].clone()).collect()
}

async fn streamed(bff: &Running, document: &str, client: &[(&str, &str)]) -> Vec<Value> {
    let request = bff.request(Method::POST, "/graphql/stream").json(&json!({"query": document}));
    let request = client.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let mut stream = EventStream::open(request).await;
    let mut answers = Vec::new();
    while let Some(answer) = stream.next().await {
        answers.push(answer.json);
    }
    answers
}

/// All messages of an operation, and how the socket began.
async fn said(bff: &Running, document: &str, version: &str) -> Vec<Value> {
    let mut socket: Socket = bff.silent_socket().await;
    socket.init(json!({"graphql-client-name": "ios", "graphql-client-version": version})).await;
    socket.acknowledged().await;
    socket.start("1", document, json!({})).await;
    let mut answers = Vec::new();
    loop {
        let message = socket.receive().await.unwrap();
        match message["type"].as_str() {
            Some("next") => answers.push(message["payload"].clone()),
            _ => return answers,
        }
    }
}

#[tokio::test]
async fn the_first_part_tells_it_and_no_other() {
    let world = World::with(|server| server.settings(ios)).await;
    for form in [CURRENT, FORMER] {
        let old =
            OLD.iter().fold(world.bff.query(DOCUMENT), |query, (name, value)| query.header(name, value));
        let parts = old.in_parts(form).await.rest().await;
        assert!(parts.len() > 1 && parts[0]["data"]["post"]["title"] == "One", "{parts:?}");
        assert_eq!(each(&parts)[0], told(), "{parts:?}");
        assert!(each(&parts)[1..].iter().all(Value::is_null), "{parts:?}");
        let new = world.bff.query(DOCUMENT).header("graphql-client-name", "ios");
        let parts = new.header("graphql-client-version", "3").in_parts(form).await.rest().await;
        assert!(each(&parts).iter().all(Value::is_null), "{parts:?}");
    }
    for parts in [streamed(&world.bff, DOCUMENT, &OLD).await, said(&world.bff, DOCUMENT, "2.1").await] {
        assert!(parts.len() > 1, "{parts:?}");
        assert_eq!(each(&parts)[0], told(), "{parts:?}");
        assert!(each(&parts)[1..].iter().all(Value::is_null), "{parts:?}");
    }
    // Nothing put off, and so no parts.
    let old = OLD.iter().fold(world.bff.query(WHOLE), |query, (name, value)| query.header(name, value));
    let answer: Answer = old.in_parts(CURRENT).await.whole().await;
    assert_eq!(answer.json["extensions"]["client"], told());
}

struct Query;

#[Object]
impl Query {
    async fn one(&self) -> i32 {
        1
    }
}

struct Ticks;

#[Subscription]
impl Ticks {
    async fn ticks(&self) -> impl Stream<Item = i32> {
        stream::iter([1, 2, 3])
    }
}

#[tokio::test]
async fn every_event_tells_it() {
    let bff = Bff::new("ticking", "").schema(Query, EmptyMutation, Ticks);
    let bff = Server::of(bff).settings(ios).start().await;
    let document = "subscription { ticks }";
    for answers in [streamed(&bff, document, &OLD).await, said(&bff, document, "2.1").await] {
        let ticks: Vec<_> = answers.iter().map(|answer| answer["data"]["ticks"].clone()).collect();
        assert_eq!((ticks, each(&answers)), (vec![json!(1), json!(2), json!(3)], vec![told(); 3]));
    }
    for answers in [streamed(&bff, document, &[]).await, said(&bff, document, "3").await] {
        assert_eq!(each(&answers), vec![Value::Null; 3], "{answers:?}");
    }
    // What is refused is an event, too.
    let refused = streamed(&bff, "subscription { nothing }", &OLD).await;
    assert_eq!((refused.len(), each(&refused)), (1, vec![told()]), "{refused:?}");
}
