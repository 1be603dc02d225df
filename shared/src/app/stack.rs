//! The layer stack: one function, read top-down, each layer with the reason why it stands where it does.

use std::{
    any::Any,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Request, State},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use http::{HeaderName, HeaderValue, Method, StatusCode, header::CONTENT_LENGTH};
use http_body_util::Limited;
use tokio_util::sync::CancellationToken;
use tower::{ServiceBuilder, util::option_layer};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    cors::{AllowHeaders, CorsLayer},
};

use super::{ErrorBody, client};
use crate::{
    auth::{Verifier, authenticate},
    config::Settings,
    telemetry::{TRACE_ID_HEADER, observe},
};

pub(super) fn stack(
    public: Router,
    open: Router,
    settings: &Settings,
    errors: ErrorBody,
    verifier: Option<Verifier>,
    draining: Draining,
) -> Router {
    let service: Arc<str> = settings.service.as_str().into();
    let trusted: Arc<[_]> = settings.trusted_proxies.as_slice().into();
    let deadline = Duration::from_millis(settings.deadline_ms);
    let limit = settings.limits.body_bytes;
    // Innermost, and not around everything: handlers know their caller, open ones check credentials themselves.
    let public = public.layer(from_fn_with_state((verifier, errors), authenticate));
    // A path nobody routes is answered, traced and counted like any other.
    let router = public.merge(open).fallback(async move |State(()): State<()>| {
        errors.response(StatusCode::NOT_FOUND, "NOT_FOUND", "Nothing is served at this path")
    });
    let stack = ServiceBuilder::new()
        // Outermost, so that whatever happens below is one line in the log, under one trace id.
        .layer(from_fn_with_state(service, observe))
        // Around everything that can go wrong, within the trace that the panic's log line quotes.
        .layer(CatchPanicLayer::custom(move |_: Box<dyn Any + Send>| errors.internal()))
        // Before any work: a preflight needs no caller and no deadline, and errors below must be readable too.
        .layer(option_layer(cors(&settings.cors)))
        // Outside of what makes bodies, inside of what only touches heads.
        .layer(CompressionLayer::new().gzip(true))
        // Before anything that may want to know where a caller comes from.
        .layer(from_fn_with_state(trusted, client::identify))
        // The clock starts before the token is checked: the provider's slowness is part of the caller's wait.
        .layer(from_fn_with_state((deadline, errors, draining), bound_time))
        // An oversized body is refused before it costs a signature check.
        .layer(from_fn_with_state((limit, errors), bound_body))
        .layer(DefaultBodyLimit::disable());
    router.layer(stack)
}

/// The allow-list of origins; without one there is no layer, and browsers refuse by themselves.
fn cors(origins: &[String]) -> Option<CorsLayer> {
    let origins: Vec<HeaderValue> =
        origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()).collect();
    (!origins.is_empty()).then(|| {
        CorsLayer::new()
            .allow_origin(origins)
            .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
            .allow_headers(AllowHeaders::mirror_request())
            .allow_credentials(true)
            .expose_headers([
                TRACE_ID_HEADER,
                HeaderName::from_static("etag"),
                HeaderName::from_static("retry-after"),
            ])
            .max_age(Duration::from_secs(600))
    })
}

/// When the answer is due; in every request's extensions. Whatever waits, waits no longer than [`Deadline::left`].
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    pub fn after(duration: Duration) -> Self {
        Self(Instant::now() + duration)
    }

    pub fn instant(&self) -> Instant {
        self.0
    }

    /// Zero when it has passed.
    pub fn left(&self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

/// Told when the server begins to drain; in every request's extensions. Streams without an end of their own
/// (subscriptions, server-sent events) close politely when it comes.
#[derive(Clone, Debug)]
pub struct Draining(CancellationToken);

impl Draining {
    pub(super) fn new(token: CancellationToken) -> Self {
        Self(token)
    }

    /// Completes when the drain begins.
    pub async fn begun(&self) {
        self.0.cancelled().await;
    }
}

/// The response's head is due within the deadline; a stream may go on after it.
async fn bound_time(
    State((limit, errors, draining)): State<(Duration, ErrorBody, Draining)>,
    mut request: Request,
    next: Next,
) -> Response {
    request.extensions_mut().insert(Deadline::after(limit));
    request.extensions_mut().insert(draining);
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let message =
                format!("The answer took longer than the {} ms a request may take", limit.as_millis());
            errors.response(StatusCode::GATEWAY_TIMEOUT, "DEADLINE_EXCEEDED", &message)
        }
    }
}

/// Refuses a body that announces itself as too long, and cuts one that turns out to be.
async fn bound_body(
    State((limit, errors)): State<(usize, ErrorBody)>,
    request: Request,
    next: Next,
) -> Response {
    let announced =
        request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        let message = format!("The request's body is longer than the {limit} bytes allowed");
        return errors.response(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", &message);
    }
    next.run(request.map(|body| Body::new(Limited::new(body, limit)))).await
}
