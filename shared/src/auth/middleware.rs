//! Makes a `Caller` of every request, or answers 401 or 503.

use std::time::Duration;

use axum::response::Response;
use http::{HeaderMap, HeaderValue, header::WWW_AUTHENTICATE};

use super::{AuthError, Authenticator, Caller};
use crate::{Code, Fault, app::ErrorBody};

/// Until the provider of keys may be back.
const COME_BACK: Duration = Duration::from_secs(5);

/// Who sends these headers.
///
/// # Errors
/// The answer to give instead of the handler's.
pub async fn caller(
    authenticator: &Authenticator,
    headers: &HeaderMap,
    errors: ErrorBody,
) -> Result<Caller, Response> {
    let caller = authenticator.authenticate(headers).await;
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
