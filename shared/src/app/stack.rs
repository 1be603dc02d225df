//! The layer stack: one chain of steps, read top-down, each with the reason why it stands where it does.

use std::{
    convert::Infallible,
    panic::AssertUnwindSafe,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    response::Response,
    routing::Route,
};
use futures::FutureExt;
use http::{
    HeaderName, HeaderValue, Method,
    header::{ACCEPT_ENCODING, VARY},
};
use tokio_util::sync::CancellationToken;
use tower::{Layer, Service, ServiceExt, layer::layer_fn, service_fn};
use tower_http::cors::{AllowHeaders, CorsLayer};

use super::{ErrorBody, Straight, compression, intake::Intake, listener::Turn};
use crate::{
    auth::{Authenticator, caller},
    code::Code,
    config::Settings,
    graphql::forged,
    telemetry::{TRACE_ID_HEADER, observe},
};

/// What a listener serves.
pub(super) struct Paths {
    pub router: Router,
    straight: Option<(Straight, Arc<Layers>)>,
}

impl From<Router> for Paths {
    fn from(router: Router) -> Self {
        Self { router, straight: None }
    }
}

impl Paths {
    pub async fn answer(&self, request: Request) -> Response {
        if let Some((straight, layers)) = &self.straight
            && straight.leads(&request)
        {
            let end = End::Straight(straight.clone());
            let inside = Inside { layers: Arc::clone(layers), entrance: Entrance::Checked, end };
            // Boxed, because a connection keeps room for the future of its request.
            return Box::pin(inside.observed(request)).await;
        }
        self.router.clone().oneshot(request).await.unwrap_or_else(|never| match never {})
    }
}

/// Whether a token is looked at before the handler: open ones check credentials themselves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Entrance {
    Checked,
    Open,
}

/// What stands between the listener and the handlers.
pub(super) struct Layers {
    service: Arc<str>,
    cors: Option<CorsLayer>,
    /// Whose pages may call, besides those of this host.
    origins: Vec<String>,
    deadline: Duration,
    intake: Intake,
    errors: ErrorBody,
    authenticator: Authenticator,
    draining: Draining,
}

impl Layers {
    pub fn new(
        settings: &Settings,
        errors: ErrorBody,
        authenticator: Authenticator,
        draining: Draining,
    ) -> Self {
        Self {
            service: settings.service.as_str().into(),
            cors: cors(&settings.cors),
            origins: settings.cors.clone(),
            deadline: Duration::from_millis(settings.deadline_ms),
            intake: Intake::new(&settings.limits, errors),
            errors,
            authenticator,
            draining,
        }
    }

    /// `straight` is of what is in `public`.
    pub fn around(self, public: Router, straight: Option<Straight>, open: Router) -> Paths {
        let layers = Arc::new(self);
        let errors = layers.errors;
        // A path nobody routes is answered, traced and counted like any other.
        let open = open.fallback(async move |State(()): State<()>| {
            errors.response(Code::NotFound, "Nothing is served at this path")
        });
        let router = behind(&layers, Entrance::Checked, public).merge(behind(&layers, Entrance::Open, open));
        Paths { router, straight: straight.map(|straight| (straight, layers)) }
    }
}

/// All layers as one: each of its own would clone and box all that is inside of it, for every request.
fn behind(layers: &Arc<Layers>, entrance: Entrance, router: Router) -> Router {
    let layers = Arc::clone(layers);
    router.layer(layer_fn(move |route: Route| {
        let layers = Arc::clone(&layers);
        service_fn(move |request: Request| {
            let end = End::Route(route.clone());
            let inside = Inside { layers: Arc::clone(&layers), entrance, end };
            // Boxed as soon as it is made: what axum wraps around it would move it as often.
            Box::pin(async move { Ok::<_, Infallible>(inside.observed(request).await) })
        })
    }))
}

/// One request's way in. From here down, each step says why it stands where it does.
struct Inside {
    layers: Arc<Layers>,
    entrance: Entrance,
    end: End,
}

/// Whom the request is for.
#[derive(Clone)]
enum End {
    Route(Route),
    Straight(Straight),
}

impl Inside {
    /// Outermost, so that whatever happens below is one line in the log, under one trace id.
    async fn observed(self, request: Request) -> Response {
        let service = Arc::clone(&self.layers.service);
        let path = match &self.end {
            End::Straight(straight) => Some(straight.path()),
            End::Route(_) => None,
        };
        observe(service, path, request, |request| self.caught(request)).await
    }

    /// Around everything that can go wrong, within the trace that the panic's log line quotes.
    async fn caught(self, request: Request) -> Response {
        let errors = self.layers.errors;
        let answering = pin!(self.shared(request));
        let answered = AssertUnwindSafe(answering).catch_unwind().await;
        answered.unwrap_or_else(|_| errors.internal())
    }

    /// Before any work: a preflight needs no caller and no deadline, and errors below must be readable too.
    async fn shared(self, request: Request) -> Response {
        let Some(cors) = self.layers.cors.clone() else { return self.compressed(request).await };
        let below = service_fn(move |request| {
            let inside = self.again();
            async move { Ok::<_, Infallible>(inside.compressed(request).await) }
        });
        cors.layer(below).oneshot(request).boxed().await.unwrap_or_else(|never| match never {})
    }

    /// Outside of what makes bodies, inside of what only touches heads. An answer's length can tell what is in it to
    /// who may have a part of it repeated (BREACH); that takes requests which another's page makes a browser send with
    /// its cookies, and those are refused before anything runs.
    async fn compressed(self, request: Request) -> Response {
        let accepted: Vec<_> = request.headers().get_all(ACCEPT_ENCODING).iter().cloned().collect();
        let mut response = self.bounded(request).await;
        if !compression::is_of_use(&response) {
            return response;
        }
        if !accepted.is_empty() {
            return compression::compressed(accepted, response).await;
        }
        // Whoever does not ask for it gets it as it is; but caches must know that others might not.
        let told = |value: &HeaderValue| {
            value.to_str().is_ok_and(|value| value.to_ascii_lowercase().contains(ACCEPT_ENCODING.as_str()))
        };
        if !response.headers().get_all(VARY).iter().any(told) {
            response.headers_mut().append(VARY, ACCEPT_ENCODING.into());
        }
        response
    }

    /// Who calls, until when, how much.
    async fn bounded(self, mut request: Request) -> Response {
        let layers = Arc::clone(&self.layers);
        let Layers { deadline, errors, .. } = *layers;
        // Who has too much under way is told so before anything is done for it.
        let turn = request.extensions_mut().remove::<Arc<Turn>>();
        if let Some(refusal) = turn.as_ref().and_then(|turn| turn.refusal(errors)) {
            return refusal;
        }
        // The clock starts before the token is checked: the provider's slowness is part of the caller's wait.
        request.extensions_mut().insert(Deadline::after(deadline));
        request.extensions_mut().insert(self.layers.draining.clone());
        // What is too long is refused before it costs a signature check, if it can be seen; else it is cut.
        if matches!(self.end, End::Route(_)) {
            DefaultBodyLimit::disable().apply(&mut request);
        }
        let (request, arrival) = match layers.intake.open(request).await {
            Ok(opened) => opened,
            Err(refusal) => return refusal,
        };
        // The response's head is due within the deadline; a stream may go on after it.
        let answering = pin!(self.known(request));
        let response = match tokio::time::timeout(deadline, answering).await {
            Ok(response) => layers.intake.answered(arrival.as_deref(), response),
            Err(_) => layers.intake.failed(arrival.as_deref(), true).unwrap_or_else(|| {
                let message =
                    format!("The answer took longer than the {} ms a request may take", deadline.as_millis());
                errors.response(Code::DeadlineExceeded, message)
            }),
        };
        match turn {
            Some(turn) => turn.answered(response, errors),
            None => response,
        }
    }

    /// Innermost, and not around everything: handlers know their caller.
    async fn known(mut self, mut request: Request) -> Response {
        if self.entrance == Entrance::Checked {
            let caller = caller(&self.layers.authenticator, request.headers(), self.layers.errors).await;
            match caller {
                // Browsers send a session's cookie whoever made them send the request.
                Ok(caller) if caller.session().is_some() && !request.method().is_safe() => {
                    match forged(request.headers(), request.uri(), &self.layers.origins) {
                        None => request.extensions_mut().insert(caller),
                        Some(refusal) => return refusal,
                    }
                }
                Ok(caller) => request.extensions_mut().insert(caller),
                Err(refusal) => return refusal,
            };
        }
        match &mut self.end {
            End::Route(route) => route.call(request).await.unwrap_or_else(|never| match never {}),
            End::Straight(straight) => straight.call(request).await,
        }
    }

    /// The same for a service that may be called twice, though it never is.
    fn again(&self) -> Self {
        Self { layers: Arc::clone(&self.layers), entrance: self.entrance, end: self.end.clone() }
    }
}

/// What a page of an allowed origin may read of an answer, besides its trace's id and what every page may: what tells it how to
/// go on.
const EXPOSED: [&str; 12] = [
    // What is less than it should be, and what is going to end.
    "degraded",
    "deprecation",
    "sunset",
    // What is left, and when to come back.
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "ratelimit-policy",
    "retry-after",
    // Which credential is wanted, which method; which version it is, and where.
    "www-authenticate",
    "allow",
    "etag",
    "location",
];

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
            .expose_headers(
                EXPOSED.map(HeaderName::from_static).into_iter().chain([TRACE_ID_HEADER]).collect::<Vec<_>>(),
            )
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
