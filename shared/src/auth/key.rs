//! API keys: what they look like, and how one that is presented is checked.

use http::{HeaderMap, HeaderName, HeaderValue, header::AUTHORIZATION};

use super::AuthError;

mod check;
mod directory;
mod text;

pub(super) use check::KeyCheck;
pub use text::{ApiKey, generate, is_of_the_demo};

/// For clients whose `Authorization` is somebody else's.
const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// The key that a request brings, if it brings one.
///
/// # Errors
/// It brings another credential as well: which of them counts is not for us to guess.
pub(super) fn presented(headers: &HeaderMap) -> Result<Option<&str>, AuthError> {
    let mut authorizations = headers.get_all(AUTHORIZATION).iter();
    let authorization = authorizations.next();
    let Some(given) = headers.get(X_API_KEY) else {
        let Some(key) = authorization.and_then(in_bearer) else { return Ok(None) };
        return match authorizations.next() {
            None => Ok(Some(key)),
            Some(_) => Err(AuthError::Refused("there is more than one Authorization header")),
        };
    };
    if authorization.is_some() || headers.get_all(X_API_KEY).iter().nth(1).is_some() {
        return Err(AuthError::Refused("there is more than one credential"));
    }
    Ok(Some(given.to_str().unwrap_or_default().trim()))
}

/// What begins like a key is one, good or bad: a token never does.
fn in_bearer(authorization: &HeaderValue) -> Option<&str> {
    let (scheme, credential) = authorization.to_str().ok()?.split_once(' ')?;
    let credential = credential.trim();
    (scheme.eq_ignore_ascii_case("bearer") && credential.starts_with(text::MARK)).then_some(credential)
}

/// Bytes as hexadecimal digits, in small letters: how digests are written.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a text does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
