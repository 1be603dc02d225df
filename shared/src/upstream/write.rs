//! Writes to an upstream: the one thing a resolver does that is not a question.

use super::{
    Reply, Upstream, Upstreams,
    call::Call,
    client::{JSON, bad_response},
};
use crate::{
    fanout::{Code, Fault, Loader, Question, Scope, Sharing},
    request::whom,
};
use http::{HeaderName, HeaderValue, Method, header};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::sync::Arc;

/// `Idempotency-Key`: a repetition with the same key answers the same and does nothing twice.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A write in the making. It is sent once, as the caller.
pub struct Write {
    upstream: Upstream,
    loader: Arc<Loader>,
    method: Method,
    path: String,
    key: Option<String>,
    if_match: Option<String>,
    body: Option<Result<Vec<u8>, serde_json::Error>>,
    stale: Vec<Stale>,
}

/// Forgets what a write makes stale.
type Stale = Box<dyn Fn(&Sharing) + Send + Sync>;

/// What came of a write.
#[derive(Debug)]
pub enum Written<T> {
    /// It is done.
    Done(T),
    /// Somebody else was first (409 or 412): read again and decide anew.
    Conflict(String),
    /// Something that it names does not exist (404).
    NotFound(String),
    /// The service understands it and will not have it (400, 413, 422): why, in words for the caller.
    Refused(String),
}

impl<T> Written<T> {
    /// What was done, or the failure with a stable code.
    ///
    /// # Errors
    /// Everything but [`Written::Done`].
    pub fn done(self) -> Result<T, Fault> {
        match self {
            Written::Done(done) => Ok(done),
            Written::Conflict(detail) => Err(Fault::new(Code::Conflict, detail)),
            Written::NotFound(detail) => Err(Fault::new(Code::NotFound, detail)),
            Written::Refused(detail) => Err(Fault::bad_input(detail)),
        }
    }
}

/// The most characters of an upstream's words.
const MOST_WORDS: usize = 500;

impl Upstream {
    /// What it says to a refused write, if that is written for callers; else it is for the log alone.
    fn words(&self, reply: &Reply) -> Option<String> {
        let problem: Problem = serde_json::from_slice(&reply.body).ok()?;
        let words = problem.detail.or(problem.title)?;
        // One line of text, whatever it is.
        let words =
            words.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
        let words: String = words.collect::<Vec<_>>().join(" ").chars().take(MOST_WORDS).collect();
        if !self.speaks {
            tracing::info!(
                upstream.name = self.name(),
                upstream.detail = words,
                http.status = reply.status,
                "the upstream refuses a write"
            );
            return None;
        }
        (!words.is_empty()).then_some(words)
    }
}

/// RFC 9457, as far as a caller may read it.
#[derive(Deserialize)]
struct Problem {
    title: Option<String>,
    detail: Option<String>,
}

impl Write {
    pub(crate) fn new(upstream: &Upstream, loader: Arc<Loader>) -> Self {
        Self {
            upstream: *upstream,
            loader,
            method: Method::POST,
            path: String::new(),
            key: None,
            if_match: None,
            body: None,
            stale: Vec::new(),
        }
    }

    /// `POST`.
    #[must_use]
    pub fn post(self, path: impl Into<String>) -> Self {
        self.to(Method::POST, path)
    }

    /// `PUT`.
    #[must_use]
    pub fn put(self, path: impl Into<String>) -> Self {
        self.to(Method::PUT, path)
    }

    /// `PATCH`.
    #[must_use]
    pub fn patch(self, path: impl Into<String>) -> Self {
        self.to(Method::PATCH, path)
    }

    /// `DELETE`.
    #[must_use]
    pub fn delete(self, path: impl Into<String>) -> Self {
        self.to(Method::DELETE, path)
    }

    fn to(self, method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), ..self }
    }

    /// So that a repetition does nothing twice.
    #[must_use]
    pub fn idempotency_key(self, key: impl Into<String>) -> Self {
        Self { key: Some(key.into()), ..self }
    }

    /// Only if the thing still has this version (RFC 9110 §13.1.1).
    #[must_use]
    pub fn if_match(self, version: impl Into<String>) -> Self {
        Self { if_match: Some(version.into()), ..self }
    }

    /// What is written.
    #[must_use]
    pub fn json(self, body: &impl Serialize) -> Self {
        Self { body: Some(serde_json::to_vec(body)), ..self }
    }

    /// A question that has another answer after this write: what is kept for it, for all callers, is thrown away. Name
    /// every public question that the write changes; a caller's own are never kept. (What this request has read itself
    /// is forgotten without that.)
    #[must_use]
    pub fn makes_stale<Q: Question>(mut self, question: &Q) -> Self {
        let question = question.clone();
        self.stale.push(Box::new(move |sharing| sharing.forget_one(&question)));
        self
    }

    /// All questions of a type of which this is true: such as all pages of a list.
    #[must_use]
    pub fn makes_stale_where<Q: Question>(
        mut self,
        which: impl Fn(&Q) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.stale.push(Box::new(move |sharing| sharing.forget(&which)));
        self
    }

    /// All questions of a type.
    #[must_use]
    pub fn makes_all_stale<Q: Question>(self) -> Self {
        self.makes_stale_where(|_: &Q| true)
    }

    /// Sends it, and reads what the upstream answers.
    ///
    /// # Errors
    /// The caller may not, or nobody knows whether it was done.
    pub async fn send<T: DeserializeOwned>(self) -> Result<Written<T>, Fault> {
        let name = self.upstream.name();
        self.exchange().await?.map(|reply| {
            super::one_row(&reply).map_err(|cause| {
                tracing::error!(
                    upstream.name = name,
                    upstream.cause = cause,
                    "the answer to a write cannot be read"
                );
                bad_response()
            })
        })
    }

    /// Sends it, and only wants to know that it is done.
    ///
    /// # Errors
    /// The caller may not, or nobody knows whether it was done.
    pub async fn send_and_forget(self) -> Result<Written<()>, Fault> {
        self.exchange().await?.map(|_| Ok(()))
    }

    async fn exchange(self) -> Result<Exchanged, Fault> {
        let upstreams = self.loader.upstreams();
        // Dropped after the write, the second first, also when its caller leaves while it is under way: it may be done all
        // the same.
        let under_way = upstreams.writes.begin();
        let stale = MakesStale { upstreams: upstreams.clone(), which: self.stale };
        let caller = whom(self.loader.request(), Scope::Caller);
        let mut call = Call::new(self.method, upstreams.uri(&self.upstream, &self.path)?, caller);
        let headers = &mut call.headers;
        if let Some(key) = &self.key {
            let key = HeaderValue::from_str(key)
                .map_err(|_| Fault::bad_input("An idempotency key consists of visible ASCII characters."))?;
            headers.insert(IDEMPOTENCY_KEY, key);
        }
        if let Some(version) = &self.if_match {
            let version = HeaderValue::from_str(&format!("\"{version}\""))
                .map_err(|_| Fault::bad_input("A version consists of visible ASCII characters."))?;
            headers.insert(header::IF_MATCH, version);
        }
        if let Some(body) = self.body {
            headers.insert(header::CONTENT_TYPE, JSON);
            call.body = body.map_err(|_| Fault::internal())?.into();
        }
        let before = self.loader.stats().before();
        self.loader.stats().wrote(self.upstream.name());
        let reply = upstreams.send(&self.upstream, &call, self.loader.request()).await;
        self.loader.stats().waited(before);
        // Whether or not the answer arrived, what was read before may be wrong now. Rows are forgotten before the write counts
        // as over: an answer that is begun after it must not be made of them.
        drop(stale);
        drop(under_way);
        self.loader.forget();
        let reply = reply?;
        let detail =
            |reply: &Reply, ours: &str| self.upstream.words(reply).unwrap_or_else(|| ours.to_owned());
        Ok(match reply.status {
            200..=299 => Exchanged::Done(reply),
            401 => return Err(Fault::unauthenticated()),
            403 => return Err(Fault::forbidden("You may not do this.")),
            404 => Exchanged::NotFound(detail(&reply, "What this is about does not exist.")),
            409 | 412 => {
                Exchanged::Conflict(detail(&reply, "Somebody else was first: read again and decide anew."))
            }
            400 | 413 | 422 => {
                Exchanged::Refused(detail(&reply, "The service that keeps this does not accept it."))
            }
            status => {
                tracing::error!(
                    upstream.name = self.upstream.name(),
                    http.status = status,
                    "the upstream refuses a write"
                );
                return Err(bad_response());
            }
        })
    }
}

/// Throws away what is stale when it goes.
struct MakesStale {
    upstreams: Arc<Upstreams>,
    which: Vec<Stale>,
}

impl Drop for MakesStale {
    fn drop(&mut self) {
        self.which.iter().for_each(|forget| forget(self.upstreams.sharing()));
    }
}

/// An answered write whose body is not read yet.
enum Exchanged {
    Done(Reply),
    Conflict(String),
    NotFound(String),
    Refused(String),
}

impl Exchanged {
    fn map<T>(self, read: impl FnOnce(Reply) -> Result<T, Fault>) -> Result<Written<T>, Fault> {
        Ok(match self {
            Exchanged::Done(reply) => Written::Done(read(reply)?),
            Exchanged::Conflict(detail) => Written::Conflict(detail),
            Exchanged::NotFound(detail) => Written::NotFound(detail),
            Exchanged::Refused(detail) => Written::Refused(detail),
        })
    }
}
