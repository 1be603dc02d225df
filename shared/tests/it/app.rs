//! A server's layers, health and end.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Extension, Router,
    body::Bytes,
    routing::{get, post},
};
use bff::{
    app::{self, App, Client, Deadline, Draining, ErrorBody, ReadyCheck, Signals, StartError},
    config::Settings,
};
use http::StatusCode;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::Notify,
};

use crate::client::{self, send, serve, settings};

fn boom() -> &'static str {
    panic!("the secret reason")
}

#[tokio::test]
async fn a_panic_is_one_masked_error_and_the_server_goes_on() {
    let router = Router::new().route("/boom", get(async || boom())).route("/fine", get(async || "fine"));
    let running = serve(settings(), router).await;
    let answer = client::get(format!("{}/boom", running.url())).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(answer.code(), "INTERNAL_SERVER_ERROR");
    assert_eq!(answer.json()["errors"][0]["message"], "Internal server error");
    assert!(!answer.text.contains("secret"));
    assert_eq!(client::get(format!("{}/fine", running.url())).await.text, "fine");
}

#[tokio::test]
async fn an_oversized_body_is_refused_announced_or_not() {
    let mut settings = settings();
    settings.limits.body_bytes = 100;
    let router = Router::new().route("/", post(async |body: Bytes| body.len().to_string()));
    let running = serve(settings, router).await;
    let http = reqwest::Client::new();
    assert_eq!(send(http.post(running.url()).body(vec![b'x'; 100])).await.text, "100");
    let announced = send(http.post(running.url()).body(vec![b'x'; 101])).await;
    assert_eq!(
        (announced.status, announced.code()),
        (StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE".into())
    );
    let chunks = futures::stream::iter([60, 60].map(|length| Ok::<_, std::io::Error>(vec![b'x'; length])));
    let chunked = send(http.post(running.url()).body(reqwest::Body::wrap_stream(chunks))).await;
    assert_eq!(chunked.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn an_answer_is_due_within_the_deadline() {
    let mut settings = settings();
    settings.deadline_ms = 30;
    let left =
        get(async |Extension(deadline): Extension<Deadline>| (deadline.left().as_millis() <= 30).to_string());
    let router = Router::new().route("/never", get(std::future::pending::<()>)).route("/left", left);
    let running = serve(settings, router).await;
    let answer = client::get(format!("{}/never", running.url())).await;
    assert_eq!((answer.status, answer.code()), (StatusCode::GATEWAY_TIMEOUT, "DEADLINE_EXCEEDED".into()));
    assert!(answer.text.contains("30 ms"));
    assert_eq!(client::get(format!("{}/left", running.url())).await.text, "true");
}

#[tokio::test]
async fn a_path_nobody_serves_is_an_error_in_the_servers_own_shape() {
    let running = serve(settings(), Router::new().route("/", get(async || ""))).await;
    let answer = client::get(format!("{}/nowhere", running.url())).await;
    assert_eq!((answer.status, answer.code()), (StatusCode::NOT_FOUND, "NOT_FOUND".into()));

    let mut app = App::new(settings(), Router::new());
    app.errors = ErrorBody::Problem;
    let running = app::start(app).await.unwrap();
    let answer = client::get(format!("{}/nowhere", running.url())).await;
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    assert_eq!(
        (answer.json()["status"].as_u64(), answer.json()["code"].as_str()),
        (Some(404), Some("NOT_FOUND"))
    );
}

#[tokio::test]
async fn browsers_are_let_in_by_origin_only() {
    let ask = async |cors: &[&str], origin: &str| {
        let cors = cors.iter().map(ToString::to_string).collect();
        let running =
            serve(Settings { cors, ..settings() }, Router::new().route("/", get(async || ""))).await;
        let request = reqwest::Client::new().request(http::Method::OPTIONS, running.url());
        let request = request.header("origin", origin).header("access-control-request-method", "POST");
        let request = request.header("access-control-request-headers", "content-type");
        send(request)
            .await
            .headers
            .get("access-control-allow-origin")
            .map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(ask(&[], "https://app.example").await, None);
    let allowed = ["https://app.example", "https://two.example"];
    assert_eq!(ask(&allowed, "https://two.example").await.as_deref(), Some("https://two.example"));
    assert_eq!(ask(&allowed, "https://evil.example").await, None);
}

/// Everything that answers tell by headers beyond what browsers show any page (the Fetch standard's safelist).
#[tokio::test]
async fn a_page_of_an_allowed_origin_reads_what_answers_tell_by_headers() {
    let origin = "https://app.example";
    let cors = vec![origin.to_owned()];
    let running = serve(Settings { cors, ..settings() }, Router::new().route("/", get(async || ""))).await;
    let answer = send(reqwest::Client::new().get(running.url()).header("origin", origin)).await;
    assert_eq!(answer.headers["access-control-allow-origin"], origin);
    assert_eq!(answer.headers["access-control-allow-credentials"], "true");
    let exposed = answer.headers["access-control-expose-headers"].to_str().unwrap().to_ascii_lowercase();
    let exposed: Vec<_> = exposed.split(',').map(str::trim).collect();
    for told in [
        "x-trace-id",
        "degraded",
        "deprecation",
        "sunset",
        "retry-after",
        "www-authenticate",
        "etag",
        "allow",
        "location",
        "ratelimit-limit",
        "ratelimit-remaining",
        "ratelimit-reset",
        "ratelimit-policy",
    ] {
        assert!(exposed.contains(&told), "{told} is not among {exposed:?}");
    }
    // Where nobody is allowed nothing is told.
    let running = serve(settings(), Router::new().route("/", get(async || ""))).await;
    let answer = send(reqwest::Client::new().get(running.url()).header("origin", origin)).await;
    assert!(!answer.headers.contains_key("access-control-expose-headers"));
}

#[tokio::test]
async fn forwarded_headers_count_from_trusted_proxies_only() {
    let client_of = async |trusted: &[&str], headers: &[(&'static str, &str)]| {
        let trusted_proxies = trusted.iter().map(|network| network.parse().unwrap()).collect();
        let answer =
            get(async |Extension(client): Extension<Client>| format!("{} {}", client.ip, client.secure));
        let running =
            serve(Settings { trusted_proxies, ..settings() }, Router::new().route("/", answer)).await;
        let request =
            headers.iter().fold(reqwest::Client::new().get(running.url()), |request, (name, value)| {
                request.header(*name, *value)
            });
        send(request).await.text
    };
    let local = &["127.0.0.1"][..];
    let forged = &[("x-forwarded-for", "203.0.113.9"), ("x-forwarded-proto", "https")][..];
    assert_eq!(client_of(&[], forged).await, "127.0.0.1 false");
    assert_eq!(client_of(local, forged).await, "203.0.113.9 true");
    // What stands left of the first untrusted hop is that hop's word.
    let chain = &[("x-forwarded-for", "198.51.100.1, 203.0.113.9, 10.0.0.1")][..];
    assert_eq!(client_of(local, chain).await, "10.0.0.1 false");
    assert_eq!(client_of(&["127.0.0.1", "10.0.0.0/8"], chain).await, "203.0.113.9 false");
    let standard = &[("forwarded", "for=\"[2001:db8::1]:4711\";proto=https;by=203.0.113.43")][..];
    assert_eq!(client_of(local, standard).await, "2001:db8::1 true");
    assert_eq!(client_of(local, &[("forwarded", "for=unknown")]).await, "127.0.0.1 false");
    assert_eq!(client_of(local, &[("x-forwarded-for", "garbage")]).await, "127.0.0.1 false");
}

#[tokio::test]
async fn a_taken_port_is_named_with_the_way_out() {
    let running = serve(settings(), Router::new()).await;
    let again = Settings { listen: running.addr, ..settings() };
    let error = app::start(App::new(again, Router::new())).await.err().unwrap();
    let StartError::Bind { key: "listen", .. } = error else { panic!("{error}") };
    let (port, text) = (running.addr.port(), error.to_string());
    assert!(text.contains(&format!("port {port} is already taken")), "{text}");
    assert!(text.contains(&format!("SAMPLE__LISTEN=127.0.0.1:{}", port.wrapping_add(10))), "{text}");
}

#[tokio::test]
async fn health_and_metrics_answer_on_the_admin_port_alone() {
    let well = Arc::new(AtomicBool::new(true));
    let check = {
        let well = Arc::clone(&well);
        ReadyCheck::new("database", move || {
            let well = well.load(Ordering::Relaxed);
            async move { if well { Ok(()) } else { Err("the disk is full".to_owned()) } }
        })
    };
    let mut app = App::new(settings(), Router::new());
    app.ready = vec![check, ReadyCheck::new("cache", async || Ok(()))];
    app.admin_extra = Router::new().route("/extra", get(async || "extra"));
    let running = app::start(app).await.unwrap();
    let admin = format!("http://{}", running.admin.unwrap());
    assert_eq!(client::get(format!("{admin}/health/live")).await.status, StatusCode::OK);
    assert_eq!(client::get(format!("{admin}/health/ready")).await.json()["status"], "ready");
    assert_eq!(client::get(format!("{admin}/extra")).await.text, "extra");
    assert!(client::get(format!("{admin}/metrics")).await.text.ends_with("# EOF\n"));
    for path in ["/health/live", "/health/ready", "/metrics", "/extra"] {
        assert_eq!(
            client::get(format!("{}{path}", running.url())).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    well.store(false, Ordering::Relaxed);
    let answer = client::get(format!("{admin}/health/ready")).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.json()["checks"]["database"], "the disk is full");
}

#[tokio::test]
async fn without_an_admin_port_health_is_public() {
    let running = serve(Settings { admin: None, ..settings() }, Router::new()).await;
    assert_eq!(client::get(format!("{}/health/ready", running.url())).await.status, StatusCode::OK);
    assert_eq!(client::get(format!("{}/metrics", running.url())).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_drain_refuses_new_connections_and_lets_requests_finish() {
    let (entered, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = {
        let (entered, go) = (Arc::clone(&entered), Arc::clone(&go));
        get(async move |Extension(draining): Extension<Draining>| {
            entered.notify_one();
            draining.begun().await;
            go.notified().await;
            "finished"
        })
    };
    let running = serve(settings(), Router::new().route("/slow", slow)).await;
    let (addr, admin, url) = (running.addr, running.admin.unwrap(), running.url());
    let request = tokio::spawn(async move { client::get(format!("{url}/slow")).await });
    entered.notified().await;
    let shutdown = tokio::spawn(running.shutdown());
    // The request under way has been told of the drain; the listener is gone, readiness too.
    while tokio::net::TcpStream::connect(addr).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let ready = client::get(format!("http://{admin}/health/ready")).await;
    assert_eq!(
        (ready.status, ready.json()["status"].as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, Some("draining"))
    );
    go.notify_one();
    assert_eq!(request.await.unwrap().text, "finished");
    shutdown.await.unwrap();
    assert!(tokio::net::TcpStream::connect(admin).await.is_err());
}

/// Whoever starts it may stop it before it has said that it listens: it drains all the same, and is not cut off.
#[tokio::test]
async fn a_signal_that_comes_while_it_starts_is_heard() {
    let signals = Signals::heard();
    let this = std::process::id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &this]).status().unwrap().success());
    let running = serve(settings(), Router::new()).await;
    let addr = running.addr;
    running.serve_until(signals).await;
    assert!(tokio::net::TcpStream::connect(addr).await.is_err());
}

#[tokio::test]
async fn a_drain_ends_though_a_request_does_not() {
    let entered = Arc::new(Notify::new());
    let stuck = {
        let entered = Arc::clone(&entered);
        get(async move || {
            entered.notify_one();
            std::future::pending::<()>().await;
        })
    };
    let running = serve(Settings { drain_ms: 20, ..settings() }, Router::new().route("/", stuck)).await;
    let mut stream = tokio::net::TcpStream::connect(running.addr).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    entered.notified().await;
    running.shutdown().await;
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_up_the_end() {
    let running = serve(Settings { drain_ms: 60_000, ..settings() }, Router::new()).await;
    let mut silent = tokio::net::TcpStream::connect(running.addr).await.unwrap();
    let mut idle = tokio::net::TcpStream::connect(running.addr).await.unwrap();
    idle.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    idle.read_exact(&mut [0; 12]).await.unwrap();
    tokio::time::timeout(Duration::from_secs(20), running.shutdown()).await.unwrap();
    assert_eq!(silent.read(&mut [0; 1]).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn a_dropped_server_is_gone() {
    let running = serve(settings(), Router::new()).await;
    let addr: SocketAddr = running.addr;
    drop(running);
    while tokio::net::TcpStream::connect(addr).await.is_ok() {
        tokio::task::yield_now().await;
    }
}
