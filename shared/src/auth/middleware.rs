//! Makes a `Caller` of every request, or answers 401 or 503.

use std::time::Duration;

use axum::response::Response;
use http::{
    HeaderMap, HeaderValue,
    header::{AUTHORIZATION, WWW_AUTHENTICATE},
};

use super::{AuthError, Caller, Verifier};
use crate::{Code, Fault, app::ErrorBody};

/// Until the provider of keys may be back.
const COME_BACK: Duration = Duration::from_secs(5);

/// Who sends these headers. Without a verifier nobody can sign in: a request that tries to is refused rather than
/// served as somebody else than it thinks.
///
/// # Errors
/// The answer to give instead of the handler's.
pub async fn caller(
    verifier: Option<&Verifier>,
    headers: &HeaderMap,
    errors: ErrorBody,
) -> Result<Caller, Response> {
    let caller = match verifier {
        Some(verifier) => verifier.verify(headers).await,
        None if headers.contains_key(AUTHORIZATION) => {
            Err(AuthError::Refused("this server accepts no tokens: its `auth.issuer` is not configured"))
        }
        None => Ok(Caller::anonymous()),
    };
    caller.map_err(|error| match error {
        AuthError::Refused(reason) => {
            let mut response = errors.response(Code::Unauthenticated, reason);
            // RFC 6750, section 3. The reasons are our own and contain no quotation marks.
            let challenge =
                format!("Bearer error=\"invalid_token\", error_description=\"{}\"", reason.replace('"', "'"));
            if let Ok(challenge) = HeaderValue::try_from(challenge) {
                response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
            }
            response
        }
        error @ AuthError::Unavailable => {
            errors.refusal(&Fault::new(Code::AuthenticationUnavailable, error.to_string()).after(COME_BACK))
        }
    })
}
