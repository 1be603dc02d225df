//! One trace through every service, one record a request, metrics.

use std::{sync::Arc, time::Duration};

use axum::{Extension, Router, routing::get};
use bff::telemetry::{
    OperationType, Outcome, RequestRecord, TraceContext, UpstreamOutcome, current_traceparent, inject,
    metrics,
};
use http::{HeaderMap, StatusCode};

use crate::client::{self, send, serve, settings};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Answers the headers that a call to an upstream would carry.
async fn outgoing() -> String {
    let mut headers = HeaderMap::new();
    inject(&mut headers);
    assert_eq!(headers.get("traceparent"), current_traceparent().as_ref());
    let text =
        |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    format!("{} {}", text("traceparent"), text("tracestate"))
}

#[tokio::test]
async fn the_callers_trace_is_continued() {
    let running = serve(settings(), Router::new().route("/", get(outgoing))).await;
    let request = reqwest::Client::new().get(running.url());
    let request =
        request.header("traceparent", PARENT).header("tracestate", "a=1").header("tracestate", "b=2");
    let answer = send(request).await;
    let (parent, state) = answer.text.split_once(' ').unwrap();
    let parts: Vec<&str> = parent.split('-').collect();
    assert_eq!((parts[0], parts[1], parts[3]), ("00", "4bf92f3577b34da6a3ce929d0e0e4736", "01"));
    assert_ne!(parts[2], "00f067aa0ba902b7", "our calls have our span as their parent");
    assert_eq!(state, "a=1,b=2");
    assert_eq!(answer.headers["x-trace-id"], "4bf92f3577b34da6a3ce929d0e0e4736");
}

#[tokio::test]
async fn without_a_good_one_a_trace_begins() {
    let running = serve(settings(), Router::new().route("/", get(outgoing))).await;
    let mut seen = std::collections::HashSet::new();
    for parent in [
        None,
        Some("garbage"),
        Some("00-00000000000000000000000000000000-00f067aa0ba902b7-01"),
        Some("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"),
        Some("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        Some("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"),
        Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"),
    ] {
        let request = reqwest::Client::new().get(running.url());
        let answer = send(match parent {
            Some(parent) => request.header("traceparent", parent),
            None => request,
        })
        .await;
        let trace_id = answer.headers["x-trace-id"].to_str().unwrap().to_owned();
        assert_eq!(trace_id.len(), 32);
        assert!(seen.insert(trace_id), "{parent:?}");
    }
    assert!(!seen.contains("4bf92f3577b34da6a3ce929d0e0e4736"));
}

#[test]
fn a_newer_version_is_understood_as_far_as_it_goes() {
    let newer = "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-what-the-future-will-be-like";
    let context = TraceContext::parse(newer).unwrap();
    assert_eq!(context.trace_id_hex(), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert!(!context.sampled);
    assert_eq!(current_traceparent(), None, "outside of a request there is nothing to continue");
}

#[tokio::test]
async fn what_became_of_requests_is_counted() {
    let handler = get(async |Extension(record): Extension<Arc<RequestRecord>>| {
        record.set_operation(OperationType::Query, Some("Screen"));
        record.set_outcome(Outcome::Partial);
        let first = metrics().upstream(&"counted".into(), "first");
        record.upstream_called(&first, UpstreamOutcome::Ok, Duration::from_millis(3));
        record.upstream_called(&first, UpstreamOutcome::Timeout, Duration::from_millis(300));
        record.wave();
        format!("{} {}", record.upstream_calls(), record.waves())
    });
    let failing = get(async || StatusCode::BAD_GATEWAY);
    let mut settings = settings();
    settings.service = "counted".to_owned();
    let running = serve(settings, Router::new().route("/", handler).route("/failing", failing)).await;
    assert_eq!(client::get(running.url()).await.text, "2 1");
    client::get(format!("{}/failing", running.url())).await;
    client::get(format!("{}/made-up-{}", running.url(), "by-the-caller")).await;
    let metrics = client::get(format!("http://{}/metrics", running.admin.unwrap())).await.text;
    for expected in [
        r#"requests_total{service="counted",operation_type="query",outcome="partial"} 1"#,
        r#"requests_total{service="counted",operation_type="none",outcome="upstream_error"} 1"#,
        r#"requests_total{service="counted",operation_type="none",outcome="caller_error"} 1"#,
        r#"request_duration_seconds_count{service="counted",operation_type="query"} 1"#,
        r#"upstream_calls_total{service="counted",upstream="first",outcome="ok"} 1"#,
        r#"upstream_calls_total{service="counted",upstream="first",outcome="timeout"} 1"#,
        r#"upstream_duration_seconds_bucket{le="0.005",service="counted",upstream="first"} 1"#,
    ] {
        assert!(metrics.contains(expected), "{expected} is not in\n{metrics}");
    }
    assert!(!metrics.contains("made-up"));
}

#[tokio::test]
async fn tasks_that_have_not_ended_are_told() {
    let running = serve(settings(), Router::new()).await;
    let alive = async || -> i64 {
        let metrics = client::get(format!("http://{}/metrics", running.admin.unwrap())).await.text;
        let line = metrics.lines().find_map(|line| line.strip_prefix("runtime_tasks_alive "));
        line.unwrap_or_else(|| panic!("no tasks in\n{metrics}")).parse().unwrap()
    };
    let before = alive().await;
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..1_000 {
        waiting.spawn(std::future::pending::<()>());
    }
    let leaking = alive().await;
    waiting.shutdown().await;
    let after = alive().await;
    // Connections come and go meanwhile: a few, not a thousand.
    assert!((leaking - before - 1_000).abs() < 100, "{before} {leaking}");
    assert!((after - before).abs() < 100, "{before} {after}");
}
