//! What is no GraphQL request is refused with a reason that a reader can act on, a code and a trace.

use super::world::{JSON, MODERN, World};

#[tokio::test]
async fn what_is_no_request_is_told_what_is_wrong_with_it() {
    let world = World::start().await;
    for (body, said) in [
        ("", "empty"),
        (" \n", "empty"),
        ("{ \"not", "not JSON"),
        ("5", "a number, not a JSON object"),
        ("null", "null, not a JSON object"),
        ("{}", "no `query`"),
        (r#"{"query": null}"#, "`query` is null"),
        (r#"{"query": ["{ __typename }"]}"#, "`query` is a list"),
        (r#"{"query": "{ __typename }", "operationName": 1}"#, "`operationName` is a number, not a string"),
        (r#"{"query": "{ __typename }", "variables": "{}"}"#, "`variables` is a string, not an object"),
        (r#"{"query": "{ __typename }", "extensions": [1]}"#, "`extensions` is a list, not an object"),
        (r#"{"query": "{ __typename }", "query": "{ a }"}"#, "duplicate"),
    ] {
        for media in [MODERN, JSON] {
            let answer = world.post(body, &[("content-type", JSON), ("accept", media)]).await;
            assert_eq!(answer.told(), (400, media, "BAD_REQUEST".into()), "{body}");
            let message = answer.json()["errors"][0]["message"].clone();
            assert!(message.as_str().is_some_and(|message| message.contains(said)), "{body}: {message}");
            assert!(!answer.text.contains("GraphqlRequest"), "no type of ours is named: {}", answer.text);
        }
    }
    let body = b"{\"query\": \"{ __typename }\", \"other\": \"\xff\"}".to_vec();
    let answer = world.post(body, &[("content-type", JSON)]).await;
    assert_eq!(answer.told(), (400, JSON, "BAD_REQUEST".into()));
    assert!(answer.text.contains("UTF-8"), "{}", answer.text);
}

#[tokio::test]
async fn absent_null_and_unknown_members_are_no_fault() {
    let world = World::start().await;
    let body = r#"{"query": "{ __typename }", "operationName": null, "variables": null, "extensions": null, "other": 1}"#;
    for body in [body, r#"{"query": "{ __typename }", "extensions": {"some": "value"}}"#] {
        assert_eq!(world.post(body, &[("content-type", JSON)]).await.json()["data"]["__typename"], "Query");
    }
}

#[tokio::test]
async fn several_requests_in_one_are_refused_before_any_of_them_runs() {
    let world = World::start().await;
    let one = r#"{"query": "{ echo(text: \"x\") }"}"#;
    for body in
        [format!("[{one},{one}]"), format!(" [{one}]"), "[]".into(), r#"["{ echo(text: \"x\") }"]"#.into()]
    {
        let answer = world.post(body.clone(), &[("content-type", JSON), ("accept", MODERN)]).await;
        assert_eq!(answer.told(), (400, MODERN, "BATCHING_DISABLED".into()), "{body}");
    }
    assert_eq!(world.ran(), 0);
}

#[tokio::test]
async fn a_body_is_taken_up_to_its_limit() {
    let world = World::with(|server| server.settings(|settings| settings.limits.body_bytes = 100)).await;
    let request = |spaces| format!("{{\"query\": \"{{ __typename }}\"{}}}", " ".repeat(spaces));
    let length = request(0).len();
    let headers = [("content-type", JSON), ("accept", MODERN)];
    assert_eq!(world.post(request(100 - length), &headers).await.status, 200);
    let chunks = |body: String| {
        let (start, end) = body.split_at(50);
        let chunks = [start.to_owned(), end.to_owned()].map(Ok::<_, std::io::Error>);
        reqwest::Body::wrap_stream(futures::stream::iter(chunks))
    };
    assert_eq!(world.post(chunks(request(100 - length)), &headers).await.status, 200);
    for body in [request(101 - length).into(), chunks(request(101 - length))] {
        let answer = world.post(body, &headers).await;
        assert_eq!(answer.told(), (413, MODERN, "PAYLOAD_TOO_LARGE".into()));
    }
}

#[tokio::test]
async fn a_refusal_can_be_found_in_the_log() {
    let world = World::start().await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("00-{trace}-00f067aa0ba902b7-01");
    for (body, accept) in [("[]", JSON), ("{}", JSON), ("{}", "text/html"), (r#"{"query": "{"}"#, JSON)] {
        let headers = [("content-type", JSON), ("accept", accept), ("traceparent", parent.as_str())];
        let answer = world.post(body, &headers).await;
        assert_eq!(answer.json()["errors"][0]["extensions"]["traceId"], trace, "{body}");
    }
}
