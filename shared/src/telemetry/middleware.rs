//! The outermost layer of every server: continues the trace, keeps the record, logs exactly one line a request.

use std::{pin::pin, sync::Arc, time::Instant};

use axum::{
    body::Body,
    extract::{MatchedPath, Request},
    response::Response,
};
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use http::{HeaderName, Method, StatusCode};
use http_body_util::BodyExt;
use tracing::Instrument;

use super::{Outcome, RequestRecord, TraceContext, metrics};

/// The response header that tells the caller which trace to quote when asking for help.
pub const TRACE_ID_HEADER: HeaderName = HeaderName::from_static("x-trace-id");

/// Runs a request's handling under its record and its span, and tells the caller the trace id. `path`: what it is for, if
/// no router has found that out.
pub async fn observe<F: Future<Output = Response>>(
    service: Arc<str>,
    path: Option<&'static str>,
    mut request: Request,
    handle: impl FnOnce(Request) -> F,
) -> Response {
    let record = RequestRecord::new(service, TraceContext::from_headers(request.headers()));
    request.extensions_mut().insert(Arc::clone(&record));
    let span = tracing::info_span!("request", trace_id = record.trace().trace_id_hex());
    let mut line = Line {
        record: Arc::clone(&record),
        method: request.method().clone(),
        route: path.map_or_else(|| Route::of(&request), Route::Named),
        started: Instant::now(),
        status: None,
    };
    // Stays where it is: it is large, and what is around it would move it.
    let handling = pin!(handle(request));
    let mut response = record.scope(handling.instrument(span)).await;
    response.headers_mut().insert(TRACE_ID_HEADER, line.record.trace().trace_id_header());
    line.status = Some(response.status());
    if response.extensions_mut().remove::<InParts>().is_none() {
        return response;
    }
    // The line is told when the body is over, or nobody reads it any more.
    response.map(|body| {
        Body::new(body.map_frame(move |frame| {
            let _line = &line;
            frame
        }))
    })
}

/// In a response's extensions: what becomes of the request is known only when its body is over.
#[derive(Clone, Copy)]
pub struct InParts;

/// Answers that are the body of one response, as they come: part of its request, whose line is told when the body is over
/// (see [`InParts`]). None, if there are none.
pub fn lasting<T: 'static>(
    start: impl FnOnce() -> Option<BoxStream<'static, T>>,
) -> Option<BoxStream<'static, T>> {
    let answers = start()?;
    let Some(record) = RequestRecord::current() else { return Some(answers) };
    let counted = metrics().stream(record.service());
    let within = stream::unfold((answers, record, counted), |(mut answers, record, counted)| async move {
        let answer = Arc::clone(&record).scope(answers.next()).await?;
        Some((answer, (answers, record, counted)))
    });
    Some(within.boxed())
}

/// An operation on a socket, whose answers come one by one among others': a trace of its own, which its upstream calls
/// continue, and a line when it is over, as a request would have. None, if it does not begin.
pub fn operation<T: 'static>(
    start: impl FnOnce() -> Option<BoxStream<'static, T>>,
) -> Option<BoxStream<'static, T>> {
    let Some(outer) = RequestRecord::current() else { return start() };
    let record = RequestRecord::new(Arc::clone(outer.service()), TraceContext::start());
    let started = Instant::now();
    let responses = record.enter(start)?;
    let line = Line {
        record,
        method: Method::GET,
        route: Route::Named("(socket)"),
        started,
        status: Some(StatusCode::OK),
    };
    let counted = metrics().stream(line.record.service());
    let within = stream::unfold((responses, line, counted), |(mut responses, line, counted)| async move {
        let record = Arc::clone(&line.record);
        let response = record.scope(responses.next()).await?;
        Some((response, (responses, line, counted)))
    });
    Some(within.boxed())
}

/// Logs when dropped, so that a request whose caller left is accounted for too.
struct Line {
    record: Arc<RequestRecord>,
    method: Method,
    route: Route,
    started: Instant,
    status: Option<StatusCode>,
}

enum Route {
    /// One that is no path.
    Named(&'static str),
    Matched(MatchedPath),
}

impl Route {
    /// A path that matched no route is the caller's text: it stays out.
    fn of(request: &Request) -> Self {
        let matched = request.extensions().get::<MatchedPath>().cloned();
        matched.map_or(Self::Named("(no route)"), Self::Matched)
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::Matched(path) => path.as_str(),
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let took = self.started.elapsed();
        let told = self.record.told();
        let outcome = match self.status {
            None => Outcome::Cancelled,
            Some(status) => told.outcome.unwrap_or_else(|| outcome_of(status)),
        };
        metrics().request(self.record.service(), told.operation_type, outcome, took);
        let is_graphql = told.operation_type != super::OperationType::None;
        tracing::info!(
            target: "bff::request",
            trace_id = self.record.trace().trace_id_hex(),
            http.method = self.method.as_str(),
            http.route = self.route.as_str(),
            http.status = self.status.map(|status| status.as_u16()),
            graphql.operation.type = is_graphql.then(|| told.operation_type.as_str()),
            graphql.operation.name = told.operation_name,
            graphql.operation.shared = told.shared.map(|shared| shared.as_str()),
            outcome = outcome.as_str(),
            error.codes = (!told.error_codes.is_empty()).then(|| told.error_codes.join(",")),
            duration_ms = (took.as_secs_f64() * 100_000.0).round() / 100.0,
            upstream.calls = self.record.upstream_calls(),
            upstream.waves = self.record.waves(),
            "request"
        );
    }
}

fn outcome_of(status: StatusCode) -> Outcome {
    match status.as_u16() {
        504 => Outcome::Timeout,
        502 | 503 => Outcome::UpstreamError,
        500.. => Outcome::InternalError,
        400.. => Outcome::CallerError,
        _ => Outcome::Ok,
    }
}
