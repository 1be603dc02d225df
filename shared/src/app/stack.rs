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
    config::{Network, Settings},
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
    let bounds = Arc::new(Bounds {
        trusted: settings.trusted_proxies.clone(),
        deadline: Duration::from_millis(settings.deadline_ms),
        body_bytes: settings.limits.body_bytes,
        errors,
        draining,
    });
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
        // Three steps as one layer (every layer clones and boxes all that is inside of it): who calls, until when, how much.
        .layer(from_fn_with_state(bounds, bound))
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
                HeaderName::from_static("degraded"),
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

/// What a request may take.
struct Bounds {
    trusted: Vec<Network>,
    deadline: Duration,
    body_bytes: usize,
    errors: ErrorBody,
    draining: Draining,
}

async fn bound(State(bounds): State<Arc<Bounds>>, mut request: Request, next: Next) -> Response {
    // Before anything that may want to know where a caller comes from.
    client::identify(&bounds.trusted, &mut request);
    // The clock starts before the token is checked: the provider's slowness is part of the caller's wait.
    request.extensions_mut().insert(Deadline::after(bounds.deadline));
    request.extensions_mut().insert(bounds.draining.clone());
    // An oversized body is refused before it costs a signature check, if it announces itself; else it is cut.
    let (limit, errors) = (bounds.body_bytes, bounds.errors);
    let announced =
        request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        let message = format!("The request's body is longer than the {limit} bytes allowed");
        return errors.response(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", &message);
    }
    let request = request.map(|body| Body::new(Limited::new(body, limit)));
    // The response's head is due within the deadline; a stream may go on after it.
    match tokio::time::timeout(bounds.deadline, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let message = format!(
                "The answer took longer than the {} ms a request may take",
                bounds.deadline.as_millis()
            );
            errors.response(StatusCode::GATEWAY_TIMEOUT, "DEADLINE_EXCEEDED", &message)
        }
    }
}
