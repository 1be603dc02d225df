//! Answers are compressed for who takes it, where it is worth it.

use crate::client::{send, serve, settings};
use axum::{Router, routing::get};

#[tokio::test]
async fn an_answer_is_compressed_as_its_reader_prefers() {
    let long = || "long enough to be worth it ".repeat(50);
    let kind = |kind: &'static str| get(async move || ([("content-type", kind)], long()));
    let router = Router::new()
        .route("/long", get(async move || long()))
        .route("/short", get(async || "x".repeat(1023)))
        .route("/events", kind("text/event-stream"))
        .route("/parts", kind("multipart/mixed; boundary=\"-\""))
        .route("/picture", kind("image/jpeg"))
        .route("/encoded", get(async move || ([("content-encoding", "x-own")], long())));
    let running = serve(settings(), router).await;
    let http = reqwest::Client::builder().no_gzip().build().unwrap();
    let ask = async |path: &str, accepted: Option<&str>| {
        let request = http.get(format!("{}{path}", running.url()));
        let request = match accepted {
            Some(accepted) => request.header("accept-encoding", accepted),
            None => request,
        };
        let response = request.send().await.unwrap();
        let header =
            |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        (header("content-encoding"), header("vary"), response.bytes().await.unwrap().len())
    };
    for (accepted, encoding) in [
        (Some("gzip"), Some("gzip")),
        (Some("br"), Some("br")),
        (Some("zstd"), Some("zstd")),
        (Some("gzip, deflate, br, zstd"), Some("zstd")),
        (Some("gzip;q=1.0, br;q=0.9, zstd;q=0.5"), Some("gzip")),
        (Some("br;q=0.1, zstd;q=0"), Some("br")),
        (Some("identity"), None),
        (Some("compress"), None),
        (None, None),
    ] {
        let (used, vary, bytes) = ask("/long", accepted).await;
        assert_eq!(used.as_deref(), encoding, "{accepted:?}");
        // Caches are told either way.
        assert_eq!(vary.as_deref(), Some("accept-encoding"), "{accepted:?}");
        assert_eq!(bytes < long().len(), encoding.is_some(), "{accepted:?}: {bytes}");
    }
    for path in ["/short", "/events", "/parts", "/picture"] {
        for accepted in [Some("gzip, br, zstd"), None] {
            let (used, vary, _) = ask(path, accepted).await;
            assert_eq!((used, vary), (None, None), "{path}");
        }
    }
    let (used, vary, bytes) = ask("/encoded", Some("gzip, br, zstd")).await;
    assert_eq!((used.as_deref(), vary, bytes), (Some("x-own"), None, long().len()));
    let fine = send(http.get(format!("{}/long", running.url()))).await;
    assert_eq!(fine.text, long());
}
