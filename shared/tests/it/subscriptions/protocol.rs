//! graphql-transport-ws: what is said, and what each breach of it is closed with.

use super::world::World;
use kit::{Gate, Reply, Socket, json};

/// Opens a socket, says that, and is told why it is closed.
async fn told(world: &World, said: impl AsyncFnOnce(&mut Socket)) -> (u16, String) {
    let mut socket = world.bff.silent_socket().await;
    said(&mut socket).await;
    socket.closed().await
}

async fn init(socket: &mut Socket) {
    socket.init(json!({})).await;
    socket.acknowledged().await;
}

#[tokio::test]
async fn what_is_no_message_closes_with_4400() {
    let world = World::start().await;
    for text in ["", "{not json", "[]", r#"{"id": "1"}"#, r#"{"type": "start", "id": "1"}"#] {
        let (code, reason) = told(&world, async |socket| socket.send_text(text).await).await;
        assert_eq!(code, 4400, "{text}: {reason}");
        assert!(!reason.is_empty(), "{text}");
    }
    let (code, reason) = told(&world, async |socket| socket.send_binary(b"{\"type\":\"ping\"}").await).await;
    assert_eq!((code, reason.contains("text")), (4400, true), "{reason}");
    let unnamed = json!({"type": "subscribe", "payload": {"query": "{ echo(text: \"a\") }"}});
    let (code, reason) = told(&world, async |socket| {
        init(socket).await;
        socket.send(unnamed).await;
    })
    .await;
    assert_eq!((code, reason.as_str()), (4400, "`subscribe` has no `id`"));
}

#[tokio::test]
async fn nothing_runs_before_the_acknowledgement() {
    let world = World::start().await;
    let (code, reason) =
        told(&world, async |socket| socket.start("1", "mutation { press }", json!({})).await).await;
    assert_eq!((code, reason.as_str()), (4401, "Unauthorized"));
    assert_eq!(world.pressed(), 0);
}

#[tokio::test]
async fn a_refused_token_closes_with_4403_and_says_which() {
    let world = World::start().await;
    let expired = world.issuer.token_with("us-1", json!({"exp": 1_000_000_000}));
    for (payload, reason) in [
        (json!({"authorization": "Bearer nonsense"}), "Forbidden: TOKEN_INVALID"),
        (json!({"Authorization": format!("Bearer {expired}")}), "Forbidden: TOKEN_EXPIRED"),
        (json!({"authorization": 1}), "Forbidden: TOKEN_INVALID"),
        (json!({"authorization": "a\nb"}), "Forbidden: TOKEN_INVALID"),
    ] {
        let closed = told(&world, async |socket| socket.init(payload.clone()).await).await;
        assert_eq!(closed, (4403, reason.to_owned()), "{payload}");
    }
    let nobodys = World::with(|server| server.settings(|settings| settings.auth.issuer = None)).await;
    let token = world.issuer.token("us-1");
    let payload = json!({"authorization": format!("Bearer {token}")});
    let closed = told(&nobodys, async |socket| socket.init(payload).await).await;
    assert_eq!(closed, (4403, "Forbidden: TOKEN_INVALID".to_owned()));
}

#[tokio::test]
async fn another_subprotocol_closes_with_4406() {
    let world = World::start().await;
    let mut legacy = world
        .bff
        .try_socket(&[("sec-websocket-protocol", "graphql-ws, graphql-transport-ws")])
        .await
        .unwrap();
    init(&mut legacy).await;
    let mut none = world.bff.try_socket(&[("sec-websocket-protocol", "")]).await.unwrap();
    let (code, reason) = none.closed().await;
    assert_eq!((code, reason.contains("graphql-transport-ws")), (4406, true), "{reason}");
}

#[tokio::test]
async fn who_never_begins_is_closed_with_4408() {
    let world = World::with(|server| server.settings(|settings| settings.subscriptions.init_ms = 50)).await;
    // A ping is heard, but begins nothing.
    let closed = told(&world, async |socket| socket.send(json!({"type": "ping"})).await).await;
    assert_eq!(closed, (4408, "Connection initialisation timeout".to_owned()));
}

#[tokio::test]
async fn an_id_that_is_in_use_closes_with_4409() {
    let world = World::start().await;
    let closed = told(&world, async |socket| {
        init(socket).await;
        socket.start("one", "subscription { never }", json!({})).await;
        socket.start("one", "{ echo(text: \"a\") }", json!({})).await;
    })
    .await;
    assert_eq!(closed, (4409, "Subscriber for one already exists".to_owned()));
}

#[tokio::test]
async fn a_second_beginning_closes_with_4429() {
    let world = World::start().await;
    let closed = told(&world, async |socket| {
        init(socket).await;
        socket.init(json!({})).await;
    })
    .await;
    assert_eq!(closed, (4429, "Too many initialisation requests".to_owned()));
}

#[tokio::test]
async fn a_message_that_is_too_long_closes_with_1009() {
    let world =
        World::with(|server| server.settings(|settings| settings.subscriptions.message_bytes = 1_000)).await;
    let closed = told(&world, async |socket| socket.send_text(&" ".repeat(1_001)).await).await;
    assert_eq!(closed, (1009, "A message may have 1000 bytes".to_owned()));
}

#[tokio::test]
async fn pings_are_answered_with_what_came_along() {
    let world = World::start().await;
    let mut socket = world.bff.silent_socket().await;
    socket.send(json!({"type": "ping"})).await;
    assert_eq!(socket.receive().await.unwrap(), json!({"type": "pong"}));
    init(&mut socket).await;
    socket.send(json!({"type": "pong", "payload": {"nobody": "asked"}})).await;
    socket.send(json!({"type": "ping", "payload": {"at": [1, {"a": "\u{1f980}"}]}})).await;
    let pong = json!({"type": "pong", "payload": {"at": [1, {"a": "\u{1f980}"}]}});
    assert_eq!(socket.receive().await.unwrap(), pong);
}

#[tokio::test]
async fn who_answers_pings_stays_and_who_does_not_is_closed() {
    let world = World::with(|server| server.settings(|settings| settings.subscriptions.idle_ms = 200)).await;
    let mut lively = world.bff.silent_socket().await;
    init(&mut lively).await;
    for _ in 0..4 {
        assert_eq!(lively.receive_unanswered().await.unwrap(), json!({"type": "ping"}));
        lively.send(json!({"type": "pong"})).await;
    }
    lively.start("1", "{ echo(text: \"still here\") }", json!({})).await;
    assert_eq!(lively.receive().await.unwrap()["payload"]["data"]["echo"], "still here");

    let mut silent = world.bff.silent_socket().await;
    init(&mut silent).await;
    assert_eq!(silent.receive_unanswered().await.unwrap(), json!({"type": "ping"}));
    assert_eq!(silent.closed().await.0, 1001);
}

#[tokio::test]
async fn every_kind_of_operation_runs_each_under_its_own_id() {
    let world = World::start().await;
    let mut socket = world.bff.silent_socket().await;
    init(&mut socket).await;
    socket.start("q", "query($t: String!) { echo(text: $t) }", json!({"t": "a"})).await;
    assert_eq!(
        socket.receive().await.unwrap(),
        json!({"id": "q", "type": "next", "payload": {"data": {"echo": "a"}}})
    );
    assert_eq!(socket.receive().await.unwrap(), json!({"id": "q", "type": "complete"}));
    // The id is free again.
    socket.start("q", "mutation { press }", json!({})).await;
    assert_eq!(socket.receive().await.unwrap()["payload"]["data"], json!({"press": 1}));
    assert_eq!(socket.receive().await.unwrap()["type"], "complete");

    socket.start("s", "subscription { to(n: 3) }", json!({})).await;
    for n in 1..=3 {
        let next = socket.receive().await.unwrap();
        assert_eq!((&next["id"], &next["payload"]["data"]["to"]), (&json!("s"), &json!(n)));
    }
    assert_eq!(socket.receive().await.unwrap(), json!({"id": "s", "type": "complete"}));

    // A slow one does not hold up another.
    let gate = Gate::closed();
    let held = gate.clone();
    world.desk.get("/notes", move |_| Reply::from(json!({"items": []})).after(&held));
    socket.start("slow", "{ note(id: \"n1\") { text } }", json!({})).await;
    socket.start("quick", "{ echo(text: \"b\") }", json!({})).await;
    let ids = [socket.receive().await.unwrap(), socket.receive().await.unwrap()];
    assert!(ids.iter().all(|message| message["id"] == "quick"), "{ids:?}");
    gate.open();
    assert_eq!(socket.receive().await.unwrap()["id"], "slow");
}

#[tokio::test]
async fn a_refusal_is_one_error_message_and_the_last() {
    let world = World::start().await;
    let mut socket = world.bff.silent_socket().await;
    init(&mut socket).await;
    for (document, code) in [
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
        ("subscription { nonsense }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($t: String!) { echo(text: $t) }", "BAD_USER_INPUT"),
        ("subscription { noteChanged(id: \"n1\") { version } }", "FORBIDDEN"),
    ] {
        socket.start("1", document, json!({})).await;
        let message = socket.receive().await.unwrap();
        assert_eq!(message["type"], "error", "{document}: {message}");
        assert_eq!(message["payload"][0]["extensions"]["code"], code, "{document}: {message}");
        assert!(message["payload"][0]["message"].is_string());
        if code == "FORBIDDEN" {
            assert_eq!(message["payload"][0]["path"], json!(["noteChanged"]));
        }
    }
    // Nothing followed any of them, and the id is free.
    socket.start("1", "{ echo(text: \"a\") }", json!({})).await;
    assert_eq!(socket.receive().await.unwrap()["payload"]["data"]["echo"], "a");
}

#[tokio::test]
async fn an_event_of_which_nothing_comes_but_errors_is_an_event() {
    let world = World::start().await;
    let mut socket = world.bff.silent_socket().await;
    init(&mut socket).await;
    let document = "subscription { hidden: secrets { word } }";
    socket.start("1", document, json!({})).await;
    for _ in 0..2 {
        let message = socket.receive().await.unwrap();
        assert_eq!(message["type"], "next", "{message}");
        let payload = &message["payload"];
        assert_eq!((&payload["data"], payload["errors"].as_array().map(Vec::len)), (&json!(null), Some(1)));
        let error = &payload["errors"][0];
        assert_eq!(error["extensions"]["code"], "UNAUTHENTICATED");
        assert_eq!(error["path"], json!(["hidden", "word"]));
    }
    assert_eq!(socket.receive().await.unwrap(), json!({"id": "1", "type": "complete"}));
    // The same as server-sent events.
    let mut events = world.bff.events(document, json!({}), None).await;
    for _ in 0..2 {
        let answer = events.answer().await;
        assert_eq!(
            (answer.codes(), answer.paths()),
            (vec!["UNAUTHENTICATED"], vec!["hidden.word".to_owned()])
        );
    }
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn complete_ends_the_calls_of_an_operation_and_frees_its_id() {
    let world = World::start().await;
    world.desk.get("/notes", |_| Reply::hang());
    let mut socket = world.bff.silent_socket().await;
    init(&mut socket).await;
    socket.start("1", "{ note(id: \"n1\") { text } }", json!({})).await;
    world.desk.until_under_way("/notes", 1).await;
    socket.send(json!({"id": "1", "type": "complete"})).await;
    world.desk.until_abandoned("/notes", 1).await;
    // It is not an error to complete what is over.
    socket.send(json!({"id": "1", "type": "complete"})).await;
    socket.start("1", "{ echo(text: \"a\") }", json!({})).await;
    assert_eq!(
        socket.receive().await.unwrap(),
        json!({"id": "1", "type": "next", "payload": {"data": {"echo": "a"}}})
    );
}

#[tokio::test]
async fn a_panic_ends_its_operation_alone() {
    let world = World::start().await;
    let mut socket = world.bff.silent_socket().await;
    init(&mut socket).await;
    socket.start("1", "subscription { breaks }", json!({})).await;
    assert_eq!(socket.receive().await.unwrap()["payload"]["data"]["breaks"], 0);
    let message = socket.receive().await.unwrap();
    assert_eq!(message["type"], "error");
    assert_eq!(message["payload"][0]["message"], "Internal server error");
    socket.start("2", "{ echo(text: \"a\") }", json!({})).await;
    assert_eq!(socket.receive().await.unwrap()["payload"]["data"]["echo"], "a");
}

#[tokio::test]
async fn pages_of_strangers_cannot_connect() {
    let world = World::with(|server| {
        server.settings(|settings| settings.cors = vec!["https://app.example".to_owned()])
    })
    .await;
    let open = async |origin: &str| world.bff.try_socket(&[("origin", origin)]).await.map(|_| ());
    assert_eq!(open("https://evil.example").await, Err(403));
    assert_eq!(open("null").await, Err(403));
    assert_eq!(open("https://app.example").await, Ok(()));
    assert_eq!(open(&kit::Place::url(&world.bff)).await, Ok(()));
}

#[tokio::test]
async fn without_a_websocket_it_is_said_that_it_is_one() {
    let world = World::start().await;
    let answer = world.bff.get("/graphql/ws").await;
    assert_eq!((answer.status, answer.codes()), (426, vec!["UPGRADE_REQUIRED"]));
    assert_eq!(answer.header("upgrade"), Some("websocket"));
}
