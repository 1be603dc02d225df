//! Makes a `Caller` of every request, or answers 401 or 503.

use axum::response::Response;
use http::{
    HeaderMap,
    header::{SET_COOKIE, WWW_AUTHENTICATE},
};

use super::{AuthError, Authenticator, Caller, Sessions};
use crate::app::ErrorBody;

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
    caller.map_err(|error| {
        let mut response = errors.refusal(&error.told());
        if let Some(challenge) = error.challenge() {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        // The browser forgets the cookie.
        if error == AuthError::SessionOver
            && let Some(cookie) = authenticator.sessions().and_then(Sessions::forget)
        {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    })
}
