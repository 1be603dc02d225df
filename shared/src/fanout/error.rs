//! Why a field has no value: whose fault, under which stable code, and what the client may read of it.

pub use crate::code::Code;
use async_graphql::{ErrorExtensionValues, PathSegment, Pos, ServerError};
use std::{borrow::Cow, fmt, num::NonZeroU16, time::Duration};

/// A failure that a client may see. Its message is written for the client; causes go to the log, where they arise.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The stable code.
    pub code: Code,
    /// Safe to show: no URL, no type, no upstream's own words.
    pub message: Cow<'static, str>,
    /// Seconds after which it is worth another try, where that is known.
    pub retry_after: Option<NonZeroU16>,
}

impl Fault {
    /// A failure with a message that is meant for the client.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), retry_after: None }
    }

    /// When to come back: told in whole seconds, never too early.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1);
        let seconds = u16::try_from(seconds).unwrap_or(u16::MAX);
        Self { retry_after: NonZeroU16::new(seconds), ..self }
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
        if let Some(seconds) = self.retry_after {
            extensions.set("retryAfter", seconds.get());
        }
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
