//! GraphQL over HTTP: `POST` with a JSON body, `GET` for queries.

use super::{
    answer::{Answer, Verdict},
    engine::Engine,
    operation::GraphqlRequest,
};
use crate::{
    app::{Deadline, ErrorBody},
    auth::Caller,
    request::{Client, Locale, RequestContext},
};
use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Query, Request, State},
    response::{IntoResponse, Response},
};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts};
use serde::Deserialize;
use std::time::Duration;

/// The media type that tells by its status whether the request was at fault (GraphQL over HTTP §6.4.2).
const GRAPHQL_RESPONSE: HeaderValue =
    HeaderValue::from_static("application/graphql-response+json; charset=utf-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// `soft=2, stale=1` (a dictionary, RFC 9651): how many places of the answer are less than they should be, by policy;
/// `extensions.degraded` says which. Absent, if all is as it should be.
const DEGRADED: HeaderName = HeaderName::from_static("degraded");

/// What is left to upstreams of the time: some is needed to write the answer.
const TO_UPSTREAMS: f64 = 0.95;

pub(super) fn context(headers: &HeaderMap, extensions: &Extensions, patience: Duration) -> RequestContext {
    let patience = extensions.get::<Deadline>().map_or(patience, Deadline::left).mul_f64(TO_UPSTREAMS);
    let caller = extensions.get::<Caller>().cloned().unwrap_or_default();
    let mut context = RequestContext::anonymous(patience).of(caller, Client::named(headers));
    context.locale = Locale::accepted(headers);
    context
}

pub(super) async fn post(State((engine, patience)): State<(Engine, Duration)>, request: Request) -> Response {
    let (Parts { headers, extensions, .. }, body) = request.into_parts();
    let body = match Bytes::from_request(Request::new(body), &()).await {
        Ok(body) => body,
        Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            return refuse(
                StatusCode::PAYLOAD_TOO_LARGE,
                "PAYLOAD_TOO_LARGE",
                "The request's body is too long.",
            );
        }
        Err(_) => return refuse(StatusCode::BAD_REQUEST, "BAD_REQUEST", "The request's body breaks off."),
    };
    if !is_json(&headers) {
        return refuse(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UNSUPPORTED_MEDIA_TYPE",
            "Send the request as JSON, with `Content-Type: application/json`.",
        );
    }
    let request: GraphqlRequest<'_> = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(error) => {
            return refuse(
                StatusCode::BAD_REQUEST,
                "BAD_REQUEST",
                &format!(
                    "The body is not a GraphQL request ({error}). Send {{\"query\": \"…\", \"variables\": {{…}}}}."
                ),
            );
        }
    };
    let answer = engine.execute(&request, context(&headers, &extensions, patience)).await;
    respond(&headers, answer)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    query: String,
    operation_name: Option<String>,
    variables: Option<String>,
}

pub(super) async fn get(State((engine, patience)): State<(Engine, Duration)>, request: Request) -> Response {
    let (Parts { headers, extensions, uri, .. }, _) = request.into_parts();
    let Ok(Query(parameters)) = Query::<Parameters>::try_from_uri(&uri) else {
        return refuse(StatusCode::BAD_REQUEST, "BAD_REQUEST", "Say what you ask in the parameter `query`.");
    };
    let variables =
        match parameters.variables.as_deref().filter(|text| !text.is_empty()).map(serde_json::from_str) {
            None => None,
            Some(Ok(variables)) => variables,
            Some(Err(_)) => {
                return refuse(
                    StatusCode::BAD_REQUEST,
                    "BAD_REQUEST",
                    "The parameter `variables` is not a JSON object.",
                );
            }
        };
    let request = GraphqlRequest {
        query: parameters.query.into(),
        operation_name: parameters.operation_name.map(Into::into),
        variables,
    };
    if !engine.is_query(&request) {
        let mut response = refuse(
            StatusCode::METHOD_NOT_ALLOWED,
            "METHOD_NOT_ALLOWED",
            "Only queries go by GET: send this operation with POST.",
        );
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
        return response;
    }
    let answer = engine.execute(&request, context(&headers, &extensions, patience)).await;
    respond(&headers, answer)
}

/// A request's extensions, as they are.
pub(super) struct Context(pub Extensions);

impl<S: Sync> axum::extract::FromRequestParts<S> for Context {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.extensions.clone()))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
        || essence.eq_ignore_ascii_case("application/graphql-response+json")
}

fn refuse(status: StatusCode, code: &'static str, message: &str) -> Response {
    ErrorBody::GraphQl.response(status, code, message)
}

fn respond(headers: &HeaderMap, answer: Answer) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let modern = accept.contains("application/graphql-response+json");
    // Under plain JSON a well-formed request is 200 whatever becomes of it (§6.4.1).
    let status = match answer.verdict {
        Verdict::Refused if modern => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    };
    let kind = if modern { GRAPHQL_RESPONSE } else { JSON };
    let mut response = (status, [(header::CONTENT_TYPE, kind)], Body::from(answer.body)).into_response();
    if !answer.degraded.is_empty() {
        let counts = answer.degraded.iter().map(|(policy, places)| format!("{policy}={places}"));
        if let Ok(counts) = HeaderValue::from_str(&counts.collect::<Vec<_>>().join(", ")) {
            response.headers_mut().insert(DEGRADED, counts);
        }
    }
    response
}

/// What is served at a path under a method that it does not have.
pub(super) async fn wrong_method(request: Request) -> Response {
    let mut response = refuse(
        StatusCode::METHOD_NOT_ALLOWED,
        "METHOD_NOT_ALLOWED",
        &format!(
            "{} is not served here: send a GraphQL request with POST, or a query with GET.",
            request.method()
        ),
    );
    let allow = [Method::GET, Method::POST].map(|method| method.to_string()).join(", ");
    if let Ok(allow) = HeaderValue::from_str(&allow) {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}
