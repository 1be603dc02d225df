//! Why a caller is not accepted: what the log says of it, and the little that the caller is told.

use std::{fmt, time::Duration};

use http::HeaderValue;

use crate::{Code, Fault};

/// Until the provider of keys may be back.
const COME_BACK: Duration = Duration::from_secs(5);

/// Why a caller was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthError {
    /// The credential was good, and is not any more.
    Expired,
    /// The credential is wrong. The text says how: for the log. Who sends it is told nothing but that it is wrong.
    Refused(&'static str),
    /// There are no keys to check it with, because the provider has not answered yet.
    Unavailable,
    /// The session has ended: whoever was signed in signs in again.
    SessionOver,
}

impl AuthError {
    /// What the caller is told. The reason goes to the log, once: here.
    pub(crate) fn told(self) -> Fault {
        match self {
            Self::Expired => {
                Fault::new(Code::TokenExpired, "The token or key has expired: get a new one, and ask again.")
            }
            Self::Refused(reason) => {
                tracing::info!(auth.reason = reason, "a credential is not accepted");
                Fault::new(
                    Code::TokenInvalid,
                    "The credential is not accepted. Sign in again, or leave it out to ask as nobody in particular.",
                )
            }
            // Not as nobody: who believes to be signed in is told otherwise.
            Self::SessionOver => Fault::new(Code::SessionExpired, "The session has ended: sign in again."),
            Self::Unavailable => Fault::new(
                Code::AuthenticationUnavailable,
                "Who asks cannot be found out at the moment: try again shortly.",
            )
            .after(COME_BACK),
        }
    }

    /// `WWW-Authenticate` (RFC 6750 §3), if there is a point in another credential.
    pub(super) fn challenge(self) -> Option<HeaderValue> {
        match self {
            Self::Expired => Some(HeaderValue::from_static(
                "Bearer error=\"invalid_token\", error_description=\"The credential expired\"",
            )),
            Self::Refused(_) => Some(HeaderValue::from_static("Bearer error=\"invalid_token\"")),
            Self::Unavailable | Self::SessionOver => None,
        }
    }
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expired => "the token has expired",
            Self::Refused(reason) => reason,
            Self::SessionOver => "the session has ended",
            Self::Unavailable => "there are no keys to check the token with",
        })
    }
}

impl std::error::Error for AuthError {}
