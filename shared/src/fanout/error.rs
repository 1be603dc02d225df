//! Why a field has no value: whose fault, under which stable code, and what the client may read of it.

use async_graphql::{ErrorExtensionValues, PathSegment, Pos, ServerError};
use std::{borrow::Cow, fmt};

/// Stable codes, `extensions.code` of an error.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Code {
    /// The document is not GraphQL.
    GraphqlParseFailed,
    /// The document does not fit the schema.
    GraphqlValidationFailed,
    /// The document is larger, deeper or wider than this server takes.
    DocumentTooComplex,
    /// An argument or a variable has a value that cannot be.
    BadUserInput,
    /// Nobody is signed in, and somebody must be.
    Unauthenticated,
    /// The caller may not do this.
    Forbidden,
    /// Somebody else was first; read again and decide anew.
    Conflict,
    /// A thing that a mutation names does not exist.
    NotFound,
    /// A service behind this one did not answer, or said that it cannot.
    UpstreamUnavailable,
    /// A service behind this one answered something that cannot be understood.
    UpstreamBadResponse,
    /// The time for this request is over.
    DeadlineExceeded,
    /// Ours; the log knows more.
    InternalServerError,
}

impl Code {
    /// As it stands in `extensions.code`.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::GraphqlParseFailed => "GRAPHQL_PARSE_FAILED",
            Code::GraphqlValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Code::DocumentTooComplex => "DOCUMENT_TOO_COMPLEX",
            Code::BadUserInput => "BAD_USER_INPUT",
            Code::Unauthenticated => "UNAUTHENTICATED",
            Code::Forbidden => "FORBIDDEN",
            Code::Conflict => "CONFLICT",
            Code::NotFound => "NOT_FOUND",
            Code::UpstreamUnavailable => "UPSTREAM_UNAVAILABLE",
            Code::UpstreamBadResponse => "UPSTREAM_BAD_RESPONSE",
            Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Code::InternalServerError => "INTERNAL_SERVER_ERROR",
        }
    }
}

/// A failure that a client may see. Its message is written for the client; causes go to the log, where they arise.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The stable code.
    pub code: Code,
    /// Safe to show: no URL, no type, no upstream's own words.
    pub message: Cow<'static, str>,
}

impl Fault {
    /// A failure with a message that is meant for the client.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into() }
    }

    /// An argument or variable cannot have this value.
    pub fn bad_input(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::BadUserInput, message)
    }

    /// Nobody is signed in.
    pub fn unauthenticated() -> Self {
        Self::new(
            Code::Unauthenticated,
            "Sign in first: this needs a caller, and the request has no access token.",
        )
    }

    /// The caller may not do this.
    pub fn forbidden(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Forbidden, message)
    }

    /// Whatever went wrong, it is ours and it is in the log.
    pub fn internal() -> Self {
        Self::new(Code::InternalServerError, "Internal server error")
    }

    pub(crate) fn at(&self, pos: Pos, path: Vec<PathSegment>) -> ServerError {
        let mut error = ServerError::new(self.message.as_ref(), Some(pos));
        error.path = path;
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", self.code.as_str());
        error.extensions = Some(extensions);
        error
    }
}

/// A resolver written by hand may say `?`: async-graphql keeps the fault as the error's source, where the writer of the
/// answer finds it again.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.message)
    }
}
