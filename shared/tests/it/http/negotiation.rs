//! In which media type an answer comes, and what its status then says.

use super::world::{JSON, MODERN, World};

const FINE: &str = r#"{"query": "{ echo(text: \"Grüße 🎈\") }"}"#;

#[tokio::test]
async fn an_answer_comes_in_the_media_type_that_is_wanted_most_and_in_utf_8() {
    let world = World::start().await;
    for (accept, media) in [
        ("*/*", JSON),
        (JSON, JSON),
        (MODERN, MODERN),
        ("application/graphql-response+json, application/json;q=0.9", MODERN),
        ("application/graphql-response+json;q=0.5, application/json", JSON),
    ] {
        let answer = world.post(FINE, &[("content-type", JSON), ("accept", accept)]).await;
        assert_eq!(answer.told(), (200, media, String::new()), "{accept}");
        assert_eq!(answer.header("content-type"), format!("{media}; charset=utf-8"));
        assert_eq!(answer.json()["data"]["echo"], "Grüße 🎈");
    }
    // Without any wish it is plain JSON.
    let answer = world.post(FINE, &[("content-type", "application/json; charset=UTF-8")]).await;
    assert_eq!(answer.told(), (200, JSON, String::new()));
}

#[tokio::test]
async fn nothing_runs_for_who_could_not_read_the_answer() {
    let world = World::start().await;
    let headers =
        [("content-type", JSON), ("graphql-require-preflight", "1"), ("accept", "text/html, text/plain")];
    let answer = world.post(FINE, &headers).await;
    assert_eq!(answer.told(), (406, MODERN, "NOT_ACCEPTABLE".into()));
    assert!(answer.text.contains(MODERN) && answer.text.contains("Accept"), "{}", answer.text);
    assert_eq!(world.get("query={echo(text:1)}", &headers).await.status, 406);
    assert_eq!(world.ran(), 0);
}

#[tokio::test]
async fn the_media_type_decides_what_the_status_says() {
    let world = World::start().await;
    for (body, code, modern, json) in [
        (r#"{"query": "{"}"#, "GRAPHQL_PARSE_FAILED", 400, 200),
        (r#"{"query": "{ nonsense }"}"#, "GRAPHQL_VALIDATION_FAILED", 400, 200),
        (
            r#"{"query": "query($t: String!) { echo(text: $t) }", "variables": {"t": null}}"#,
            "BAD_USER_INPUT",
            400,
            200,
        ),
        (r#"{"query": "query A { __typename }", "operationName": "B"}"#, "BAD_USER_INPUT", 400, 200),
        // It ran: that a field failed, even one that may not be null, is no fault of the request.
        (r#"{"query": "{ mustFail }"}"#, "BAD_USER_INPUT", 200, 200),
        // No GraphQL request at all is 400 in either.
        (r#"{"qeury": "{ __typename }"}"#, "BAD_REQUEST", 400, 400),
    ] {
        for (media, status) in [(MODERN, modern), (JSON, json)] {
            let answer = world.post(body, &[("content-type", JSON), ("accept", media)]).await;
            assert_eq!(answer.told(), (status, media, code.into()), "{body}");
        }
    }
}

#[tokio::test]
async fn what_is_kept_of_a_get_depends_on_what_was_accepted() {
    let world = World::start().await;
    let answer = world.get("query={__typename}", &[("graphql-require-preflight", "1")]).await;
    assert_eq!(answer.status, 200);
    let vary = answer.headers.get_all("vary").iter().flat_map(|value| value.to_str().unwrap().split(", "));
    let vary: Vec<_> = vary.collect();
    assert!(vary.contains(&"accept"), "{vary:?}");
}
