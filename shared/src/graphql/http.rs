//! GraphQL over HTTP: `POST` with a JSON body, `GET` for queries.

mod accept;
mod caching;
pub(super) mod forgery;
mod multipart;

pub(super) use self::{accept::MediaType, multipart::form_of_events};
use self::{caching::Caching, multipart::Wanted};
use super::{
    answer::{Answer, Verdict},
    clients::{Clients, Notice},
    engine::Engine,
    incremental::{Form, InParts},
    operation::{GraphqlRequest, Malformed, SHA256},
    places::Places,
    sse,
};
use crate::{
    Code, Fault,
    app::{self, Deadline, ErrorBody, Straight},
    auth::Caller,
    quota::Asker,
    request::{Client, Locale, RequestContext},
};
use axum::{
    body::{Body, Bytes},
    extract::{Path, Request, State},
    response::{IntoResponse, Response},
};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header, request::Parts};
use http_body_util::{BodyExt, Collected, LengthLimitError};
use std::{borrow::Cow, error::Error, sync::Arc, time::Duration};

/// `soft=2, stale=1` (a dictionary, RFC 9651): how many places of the answer are less than they should be, by policy;
/// `extensions.degraded` says which. Absent, if all is as it should be.
const DEGRADED: HeaderName = HeaderName::from_static("degraded");

/// What is left to upstreams of the time: some is needed to write the answer.
const TO_UPSTREAMS: f64 = 0.95;

/// What answers at a BFF's path.
#[derive(Clone)]
pub(super) struct Endpoint {
    pub engine: Engine,
    pub patience: Duration,
    /// Whose pages may call, besides those of this host.
    pub origins: Arc<[String]>,
    pub places: Places,
    pub clients: Clients,
}

/// The id of a document in the path: `/graphql/sha256:<hex>`.
type Named = Option<Path<String>>;

pub(super) async fn post(State(endpoint): State<Endpoint>, id: Named, request: Request) -> Response {
    answer(&endpoint, id, request).await
}

/// What is posted, as [`post`] answers it, past any router.
pub(super) fn straight(endpoint: &Endpoint) -> Straight {
    let endpoint = Arc::new(endpoint.clone());
    Straight::new(Method::POST, "/graphql", move |request| {
        let endpoint = Arc::clone(&endpoint);
        Box::pin(async move { answer(&endpoint, None, request).await })
    })
}

async fn answer(endpoint: &Endpoint, id: Named, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let notice = match endpoint.served(&head.headers) {
        Ok(notice) => notice,
        Err(rejection) => return rejection.response(spoken(&head.headers)),
    };
    let response = endpoint.post(head, id.as_ref(), body, notice.as_ref()).await;
    noted(notice, response)
}

pub(super) async fn get(State(endpoint): State<Endpoint>, id: Named, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let notice = match endpoint.served(&head.headers) {
        Ok(notice) => notice,
        Err(rejection) => {
            return Caching::refused().say(&head.headers, rejection.response(spoken(&head.headers)));
        }
    };
    if sse::wanted(&head) {
        let response = sse::serve(&endpoint, head, id.as_ref(), body, notice.as_ref()).await;
        return noted(notice, response);
    }
    let (caching, response) = match endpoint.wanted(&head.headers) {
        None => (Caching::refused(), not_acceptable()),
        Some(wanted) => match endpoint.got(&head, id.as_ref(), wanted.form).await {
            Ok(answered) => {
                let answered = note(notice.as_ref(), answered);
                answered_as(wanted, answered, |whole| whole.map_or_else(Caching::refused, Caching::of))
            }
            Err(rejection) => (Caching::refused(), rejection.response(wanted.media)),
        },
    };
    noted(notice, caching.say(&head.headers, response))
}

/// What somebody reads who is refused, whatever it is that they asked for.
fn spoken(headers: &HeaderMap) -> MediaType {
    MediaType::wanted(headers).unwrap_or(MediaType::GraphqlResponse)
}

/// What a deprecated version is told in an answer, or in the first part of one.
fn note(notice: Option<&Notice>, answered: InParts) -> InParts {
    match notice {
        Some(notice) => notice.in_any(answered),
        None => answered,
    }
}

/// The same in the head of any response.
fn noted(notice: Option<Notice>, mut response: Response) -> Response {
    if let Some(notice) = notice {
        notice.head(&mut response);
    }
    response
}

impl Endpoint {
    /// What is to be told to the client that these headers name; or that it is not served any more.
    fn served(&self, headers: &HeaderMap) -> Result<Option<Notice>, Rejection> {
        if !self.clients.are_looked_at() {
            return Ok(None);
        }
        Ok(self.clients.served(&Client::named(headers))?)
    }

    async fn post(
        &self,
        head: Parts,
        id: Option<&Path<String>>,
        body: Body,
        notice: Option<&Notice>,
    ) -> Response {
        if sse::wanted(&head) {
            // Boxed, as all that is rare: it would be a part of every request's future.
            return Box::pin(sse::serve(self, head, id, body, notice)).await;
        }
        let Some(wanted) = self.wanted(&head.headers) else { return not_acceptable() };
        match self.posted(&head, id, body, wanted.form).await {
            Ok(answered) => {
                let answered = note(notice, answered);
                // Nobody keeps an answer to a POST: its bytes need not be hashed.
                answered_as(wanted, answered, |_| ()).1
            }
            Err(rejection) => rejection.response(wanted.media),
        }
    }

    fn wanted(&self, headers: &HeaderMap) -> Option<Wanted> {
        Wanted::of(headers, self.engine.documents().defers())
    }

    /// The body of a request that nobody has forged.
    pub(super) async fn body(&self, head: &Parts, body: Body) -> Result<Bytes, Rejection> {
        forgery::origin(&head.headers, &head.uri, &self.origins)?;
        forgery::json_body(&head.headers)?;
        read(body).await
    }

    /// The query component of a URL that nobody has forged.
    pub(super) fn query<'h>(&self, head: &'h Parts) -> Result<&'h str, Rejection> {
        forgery::origin(&head.headers, &head.uri, &self.origins)?;
        forgery::marked(&head.headers)?;
        Ok(head.uri.query().unwrap_or_default())
    }

    async fn posted(
        &self,
        head: &Parts,
        id: Option<&Path<String>>,
        body: Body,
        form: Option<Form>,
    ) -> Result<InParts, Rejection> {
        let body = self.body(head, body).await?;
        let request = GraphqlRequest::from_json(&body, named(id)?)?;
        let context = self.context(head);
        Ok(match form {
            Some(form) => Box::pin(self.engine.execute_in_parts(&request, context, form)).await,
            None => InParts::Whole(self.engine.execute(&request, context).await),
        })
    }

    async fn got(
        &self,
        head: &Parts,
        id: Option<&Path<String>>,
        form: Option<Form>,
    ) -> Result<InParts, Rejection> {
        let request = GraphqlRequest::from_url(self.query(head)?, named(id)?)?;
        let context = self.context(head);
        let answered = match form {
            Some(form) => self.engine.execute_query_in_parts(&request, context, form).await,
            None => self.engine.execute_query(&request, context).await.map(InParts::Whole),
        };
        answered.ok_or_else(|| {
            Rejection::method("POST", "Only queries go by GET: send this operation with POST.")
        })
    }

    fn context(&self, head: &Parts) -> RequestContext {
        context(&self.engine, &head.headers, &head.extensions, self.patience)
    }
}

/// The answer to a request that changes something and that a page of another site may have made a browser send.
pub(crate) fn forged(headers: &HeaderMap, uri: &Uri, origins: &[String]) -> Option<Response> {
    let intended = forgery::origin(headers, uri, origins).and_then(|()| forgery::marked(headers));
    intended.err().map(|rejection| rejection.response(MediaType::GraphqlResponse))
}

/// What follows in the path must be an id; any other path is not served.
pub(super) fn named(id: Option<&Path<String>>) -> Result<Option<&str>, Rejection> {
    match id {
        Some(Path(id)) if !id.starts_with(SHA256) => {
            Err(Rejection::new(Code::NotFound, "Nothing is served at this path"))
        }
        id => Ok(id.map(|Path(id)| id.as_str())),
    }
}

pub(super) fn context(
    engine: &Engine,
    headers: &HeaderMap,
    extensions: &Extensions,
    patience: Duration,
) -> RequestContext {
    let patience = extensions.get::<Deadline>().map_or(patience, Deadline::left).mul_f64(TO_UPSTREAMS);
    let caller = extensions.get::<Caller>().cloned().unwrap_or_default();
    let mut context = RequestContext::anonymous(patience).of(caller, Client::named(headers));
    context.locale = Locale::accepted(headers);
    if engine.quota().is_some() {
        context = context.on_account(Asker::of(headers, extensions));
    }
    match extensions.get::<app::Client>() {
        Some(client) => context.from(client.ip),
        None => context,
    }
}

async fn read(body: Body) -> Result<Bytes, Rejection> {
    // How long it may be, and how long it may take, the layers see to.
    let read = body.collect().await;
    read.map(Collected::to_bytes).map_err(|error| {
        let mut reasons = std::iter::successors(Some(&error as &dyn Error), |&error| error.source());
        if reasons.any(|reason| reason.is::<LengthLimitError>()) {
            Rejection::new(Code::PayloadTooLarge, "The request's body is too long: ask for less at once.")
        } else {
            Rejection::new(Code::BadRequest, "The request's body breaks off.")
        }
    })
}

/// A request's extensions, as they are.
pub(super) struct Context(pub Extensions);

impl<S: Sync> axum::extract::FromRequestParts<S> for Context {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.extensions.clone()))
    }
}

/// Why a request is answered before anybody looks at its document.
pub(super) struct Rejection {
    fault: Fault,
    /// The methods that there are, where it was another.
    allow: Option<&'static str>,
}

impl Rejection {
    pub(super) fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { fault: Fault::new(code, message), allow: None }
    }

    pub(super) fn method(allow: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        let rejection = Self::new(Code::MethodNotAllowed, message);
        Self { allow: Some(allow), ..rejection }
    }

    pub(super) fn response(self, media: MediaType) -> Response {
        let mut response = ErrorBody::GraphQl.refusal(&self.fault);
        response.headers_mut().insert(header::CONTENT_TYPE, media.content_type());
        if let Some(allow) = self.allow {
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        response
    }
}

impl From<Fault> for Rejection {
    fn from(fault: Fault) -> Self {
        Self { fault, allow: None }
    }
}

impl From<Malformed> for Rejection {
    fn from(malformed: Malformed) -> Self {
        match malformed {
            Malformed::Batch => Self::new(
                Code::BatchingDisabled,
                "Several requests in one are not served here. Send each by itself, or select all in one operation.",
            ),
            Malformed::Request(message) => Self::new(Code::BadRequest, message),
        }
    }
}

/// Said in the newer media type: there is none that would be accepted.
fn not_acceptable() -> Response {
    Rejection::new(
        Code::NotAcceptable,
        "Answers are `application/graphql-response+json` or `application/json`, in UTF-8: name one of them in `Accept`.",
    )
    .response(MediaType::GraphqlResponse)
}

/// The response, and what `caching` makes of an answer that is sent whole.
fn answered_as<C>(
    wanted: Wanted,
    answered: InParts,
    caching: impl FnOnce(Option<&Answer>) -> C,
) -> (C, Response) {
    match (answered, wanted.only_parts(), wanted.form) {
        (InParts::Whole(answer), Some(form), _) if answer.verdict != Verdict::Refused => {
            (caching(None), multipart::only_part(form, &answer))
        }
        (InParts::Whole(answer), ..) => (caching(Some(&answer)), respond(wanted.media, answer)),
        (InParts::Parts(parts), _, form) => {
            (caching(None), multipart::respond(form.unwrap_or(Form::Current), parts))
        }
    }
}

fn respond(media: MediaType, answer: Answer) -> Response {
    // Under plain JSON a well-formed request is 200 whatever becomes of it (§6.4.1).
    let status = match (answer.status(), media) {
        (StatusCode::BAD_REQUEST, MediaType::Json) => StatusCode::OK,
        (status, _) => status,
    };
    let kind = [(header::CONTENT_TYPE, media.content_type())];
    let mut response = (status, kind, Body::from(answer.body)).into_response();
    if let Some(rate) = &answer.rate {
        rate.put(response.headers_mut());
    }
    if !answer.degraded.is_empty() {
        let counts = answer.degraded.iter().map(|(policy, places)| format!("{policy}={places}"));
        if let Ok(counts) = HeaderValue::from_str(&counts.collect::<Vec<_>>().join(", ")) {
            response.headers_mut().insert(DEGRADED, counts);
        }
    }
    response
}

/// What is served at a path under a method that it does not have.
pub(super) async fn wrong_method(method: Method, headers: HeaderMap) -> Response {
    let message =
        format!("{method} is not served here: send a GraphQL request with POST, or a query with GET.");
    let media = MediaType::wanted(&headers).unwrap_or(MediaType::GraphqlResponse);
    Rejection::method("GET, POST", message).response(media)
}
