//! What an orchestrator asks: alive, ready, and the metrics.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{Json, Router, response::IntoResponse, routing::get};
use futures::future::{BoxFuture, join_all};
use http::{StatusCode, header::CONTENT_TYPE};
use serde_json::{Map, Value, json};

use crate::telemetry::metrics;

/// How long one check may take before it counts as failed.
const CHECK_TIMEOUT: Duration = Duration::from_secs(1);

type Check = dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync;

/// Something that must be well before traffic is welcome, such as a database.
#[derive(Clone)]
pub struct ReadyCheck {
    name: &'static str,
    check: Arc<Check>,
}

impl ReadyCheck {
    /// `check` answers what is wrong in words for the people on call.
    pub fn new<F>(name: &'static str, check: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        Self { name, check: Arc::new(move || Box::pin(check())) }
    }

    async fn run(&self) -> (String, Value) {
        let well = match tokio::time::timeout(CHECK_TIMEOUT, (self.check)()).await {
            Ok(Ok(())) => json!("ok"),
            Ok(Err(reason)) => json!(reason),
            Err(_) => json!(format!("no answer within {} ms", CHECK_TIMEOUT.as_millis())),
        };
        (self.name.to_owned(), well)
    }
}

/// `/health/live`: the process turns. `/health/ready`: all checks are well and nobody asked it to stop.
pub(super) fn router(checks: Vec<ReadyCheck>, draining: Arc<AtomicBool>) -> Router {
    let checks: Arc<[ReadyCheck]> = checks.into();
    let ready = move || {
        let (checks, draining) = (Arc::clone(&checks), Arc::clone(&draining));
        async move {
            let results: Map<String, Value> =
                join_all(checks.iter().map(ReadyCheck::run)).await.into_iter().collect();
            let status = match (draining.load(Relaxed), results.values().all(|result| result == "ok")) {
                (true, _) => "draining",
                (false, true) => "ready",
                (false, false) => "not ready",
            };
            let code = if status == "ready" { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            (code, Json(json!({"status": status, "checks": results})))
        }
    };
    Router::new()
        .route("/health/live", get(async || Json(json!({"status": "alive"}))))
        .route("/health/ready", get(ready))
}

/// `/metrics`, in the OpenMetrics text format.
pub(super) fn metrics_router() -> Router {
    const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Router::new()
        .route("/metrics", get(async || ([(CONTENT_TYPE, OPEN_METRICS)], metrics().text()).into_response()))
}
