//! A cookie alone proves nothing: pages of other sites make browsers send it.

use http::Method;
use kit::json;

use super::{browser::MARK, world::World};

#[tokio::test]
async fn what_another_sites_page_could_send_runs_nothing() {
    let world = World::start().await;
    let browser = world.signed_in().await;
    let body = r#"{"query":"mutation { press }"}"#;
    let post = |headers: &[(&'static str, &'static str)]| {
        let request = browser.request(Method::POST, "/graphql").body(body);
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    };
    for (headers, status, code) in [
        (vec![("content-type", "text/plain")], 415, "UNSUPPORTED_MEDIA_TYPE"),
        (vec![("content-type", "application/x-www-form-urlencoded")], 415, "UNSUPPORTED_MEDIA_TYPE"),
        (vec![], 403, "CSRF_PREVENTED"),
        (
            vec![("content-type", "application/json"), ("origin", "https://evil.example")],
            403,
            "ORIGIN_NOT_ALLOWED",
        ),
        (vec![("content-type", "application/json"), ("origin", "null")], 403, "ORIGIN_NOT_ALLOWED"),
    ] {
        let answer = browser.send(post(&headers)).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (status, json!(code)), "{headers:?}");
    }
    // A link, or a picture.
    let answer = browser.get("/graphql?query=%7Bme%7D").await;
    assert_eq!(answer.code(), "CSRF_PREVENTED");
    assert_eq!(
        browser.send(post(&[("content-type", "application/json")])).await.json()["data"]["press"],
        true
    );
}

#[tokio::test]
async fn nobody_else_signs_one_out() {
    let world = World::start().await;
    let browser = world.signed_in().await;
    for (headers, code) in [
        (vec![], "CSRF_PREVENTED"),
        (vec![("content-type", "application/x-www-form-urlencoded")], "UNSUPPORTED_MEDIA_TYPE"),
        (vec![MARK, ("origin", "https://evil.example")], "ORIGIN_NOT_ALLOWED"),
    ] {
        let answer = browser.post("/auth/logout", &headers).await;
        assert_eq!(answer.code(), code, "{headers:?}");
    }
    let by_link = browser.go("/auth/logout").await;
    assert_eq!((by_link.status.as_u16(), by_link.headers["allow"].to_str().unwrap()), (405, "POST"));
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn a_socket_is_opened_from_our_own_pages_only() {
    let world = World::start().await;
    let browser = world.signed_in().await;
    let cookies = browser.cookie_header();
    let foreign = [("cookie", cookies.as_str()), ("origin", "https://evil.example")];
    assert_eq!(world.bff.try_socket(&foreign).await.err(), Some(403));
}
