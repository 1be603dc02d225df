//! Why there is no answer of an upstream: for the log in full, for the client without names.

use crate::{
    fanout::{Code, Fault},
    request::RequestContext,
    telemetry::UpstreamOutcome,
};
use std::{error::Error, fmt, time::Duration};

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum CallError {
    Timeout,
    /// There is no connection, or it broke.
    Transport(Box<dyn Error + Send + Sync>),
    /// 3xx, 429, 5xx.
    Status {
        status: u16,
        /// When it says to come back.
        retry_after: Option<Duration>,
    },
    TooLong,
    /// `Content-Encoding` says something that we do not read, or the body is not what it says.
    Encoding(String),
    /// Not asked: the breaker is open, for so long still.
    Open {
        rest: Duration,
    },
    /// Not asked: as many calls as may be are under way, and the queue is full or took too long.
    Full,
}

impl CallError {
    /// What happened to the connection.
    pub fn transport(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        CallError::Transport(error.into())
    }

    /// A status alone.
    pub fn status(status: u16) -> Self {
        CallError::Status { status, retry_after: None }
    }

    /// Whether the upstream was not even asked.
    pub fn refused(&self) -> bool {
        matches!(self, CallError::Open { .. } | CallError::Full)
    }

    pub fn outcome(&self) -> UpstreamOutcome {
        match self {
            CallError::Timeout => UpstreamOutcome::Timeout,
            CallError::Transport(_) | CallError::Open { .. } | CallError::Full => {
                UpstreamOutcome::Unreachable
            }
            CallError::Status { status: 500.., .. } => UpstreamOutcome::ServerError,
            CallError::Status { status: 400.., .. } => UpstreamOutcome::ClientError,
            CallError::Status { .. } | CallError::TooLong | CallError::Encoding(_) => {
                UpstreamOutcome::Malformed
            }
        }
    }

    /// What the client may read of it.
    pub fn fault(&self, request: &RequestContext) -> Fault {
        let fault = self.what(request);
        match self {
            // Before, it would not be asked; or has said that it will not answer.
            CallError::Open { rest: wait } | CallError::Status { retry_after: Some(wait), .. }
                if fault.code == Code::UpstreamUnavailable && !wait.is_zero() =>
            {
                fault.after(*wait)
            }
            _ => fault,
        }
    }

    fn what(&self, request: &RequestContext) -> Fault {
        match self {
            CallError::Timeout | CallError::Full if request.remaining().is_zero() => {
                Fault::new(Code::DeadlineExceeded, "The time for this request is over.")
            }
            CallError::TooLong | CallError::Encoding(_) => bad_response(),
            CallError::Status { status: ..400, .. } => bad_response(),
            CallError::Full => Fault::new(
                Code::UpstreamUnavailable,
                "A service behind this one has too much to do. Try again shortly.",
            ),
            _ => Fault::new(Code::UpstreamUnavailable, "A service behind this one is not available."),
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallError::Timeout => f.write_str("no answer in time"),
            CallError::Transport(error) => {
                write!(f, "{error}")?;
                let mut source = error.source();
                while let Some(cause) = source {
                    write!(f, ": {cause}")?;
                    source = cause.source();
                }
                Ok(())
            }
            CallError::Status { status, retry_after: None } => write!(f, "status {status}"),
            CallError::Status { status, retry_after: Some(after) } => {
                write!(f, "status {status}, come back in {} s", after.as_secs())
            }
            CallError::TooLong => f.write_str("the answer is longer than allowed"),
            CallError::Encoding(cause) => write!(f, "the answer's encoding: {cause}"),
            CallError::Open { .. } => f.write_str("not asked: the breaker is open"),
            CallError::Full => f.write_str("not asked: too many calls are under way"),
        }
    }
}

pub(crate) fn bad_response() -> Fault {
    Fault::new(Code::UpstreamBadResponse, "A service behind this one answered something unexpected.")
}
