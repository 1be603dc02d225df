//! A client's credentials in a header: `client_secret_basic` (RFC 6749, 2.3.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;

/// Id and secret; None for anything else than the scheme `Basic` with both.
pub fn from_basic(authorization: &HeaderValue) -> Option<(String, String)> {
    let (scheme, encoded) = authorization.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    let (id, secret) = (form_decoded(id)?, form_decoded(secret)?);
    (!id.is_empty() && !secret.is_empty()).then_some((id, secret))
}

/// Both are encoded like the values of a form before they are put together.
fn form_decoded(text: &str) -> Option<String> {
    let encoded = format!("v={}", text.replace('&', "%26").replace('=', "%3D"));
    url::form_urlencoded::parse(encoded.as_bytes()).next().map(|(_, value)| value.into_owned())
}
