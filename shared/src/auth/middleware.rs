//! The layer that makes a `Caller` of every request, or answers 401 or 503.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{
    HeaderValue, StatusCode,
    header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE},
};

use super::{AuthError, Caller, Verifier};
use crate::app::ErrorBody;

/// Middleware for `from_fn_with_state((verifier, error_body), authenticate)`. Without a verifier nobody can sign in:
/// a request that tries to is refused rather than served as somebody else than it thinks.
pub async fn authenticate(
    State((verifier, errors)): State<(Option<Verifier>, ErrorBody)>,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = match &verifier {
        Some(verifier) => verifier.verify(request.headers()).await,
        None if request.headers().contains_key(AUTHORIZATION) => {
            Err(AuthError::Refused("this server accepts no tokens: its `auth.issuer` is not configured"))
        }
        None => Ok(Caller::anonymous()),
    };
    match caller {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(AuthError::Refused(reason)) => {
            let mut response = errors.response(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", reason);
            // RFC 6750, section 3. The reasons are our own and contain no quotation marks.
            let challenge =
                format!("Bearer error=\"invalid_token\", error_description=\"{}\"", reason.replace('"', "'"));
            if let Ok(challenge) = HeaderValue::try_from(challenge) {
                response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
            }
            response
        }
        Err(error @ AuthError::Unavailable) => {
            let mut response = errors.response(
                StatusCode::SERVICE_UNAVAILABLE,
                "AUTHENTICATION_UNAVAILABLE",
                &error.to_string(),
            );
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
            response
        }
    }
}
