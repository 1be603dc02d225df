//! Cross-site request forgery: what a page of another site may have made a browser send is refused.
//!
//! A browser asks first (a CORS preflight) before it sends a stranger anything that no form could: a JSON body, or a
//! header of the application's own. Only the allow-list `cors` says yes to that. So a request that bears such a mark was
//! allowed, or comes from no browser; one without it proves nothing. `Origin`, where it is sent, is checked as well.

use super::Rejection;
use crate::Code;
use http::{HeaderMap, Uri, header};

/// Each is enough by itself, if it is not empty: GraphQL over HTTP's own, Apollo's, and the one that Apollo's clients for iOS and
/// Android send with every request.
const MARKS: [&str; 3] = ["graphql-require-preflight", "apollo-require-preflight", "x-apollo-operation-name"];

/// A body must be JSON, in UTF-8: nothing that a form can send.
pub fn json_body(headers: &HeaderMap) -> Result<(), Rejection> {
    if is_json(headers) {
        return Ok(());
    }
    Err(Rejection::new(
        Code::UnsupportedMediaType,
        "Send the request as JSON in UTF-8, with `Content-Type: application/json`.",
    ))
}

/// Without a body there must be one of the marks, or the content type that Apollo's client for the web sends all the same. Any
/// other content type is refused whatever else there is: browsers have failed to ask first for some.
pub fn marked(headers: &HeaderMap) -> Result<(), Rejection> {
    if headers.contains_key(header::CONTENT_TYPE) {
        return json_body(headers);
    }
    if MARKS.iter().any(|mark| headers.get(*mark).is_some_and(|value| !value.is_empty())) {
        return Ok(());
    }
    Err(Rejection::new(
        Code::CsrfPrevented,
        "A page of any site could have sent this. Send the header `GraphQL-Require-Preflight: true` with a query by GET \
         (`Apollo-Require-Preflight`, `X-Apollo-Operation-Name` or `Content-Type: application/json` will do as well).",
    ))
}

/// The page that sends it, where a browser tells, is of this host or on the allow-list.
pub fn origin(headers: &HeaderMap, uri: &Uri, allowed: &[String]) -> Result<(), Rejection> {
    let host = uri.authority().map(|authority| authority.as_str());
    let host = host.or_else(|| headers.get(header::HOST)?.to_str().ok()).unwrap_or_default();
    for origin in headers.get_all(header::ORIGIN) {
        let origin = origin.to_str().unwrap_or_default();
        let known = allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin));
        if !known && !is_of_host(origin, host) {
            return Err(Rejection::new(
                Code::OriginNotAllowed,
                "Pages of this origin may not call this server. Call it from its own host, or have the origin added to `cors` \
                 in its configuration.",
            ));
        }
    }
    Ok(())
}

/// Hosts with their ports; the scheme's own port may be left out. Whether TLS ended before us is not seen here.
fn is_of_host(origin: &str, host: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return false,
    };
    let short = |authority: &str| authority.strip_suffix(port).unwrap_or(authority).to_ascii_lowercase();
    !authority.is_empty() && short(authority) == short(host)
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind == "application/json" {
        return true;
    }
    let mut parts = kind.split(';').map(str::trim);
    parts.next().unwrap_or_default().eq_ignore_ascii_case("application/json")
        && parts.filter_map(|parameter| parameter.split_once('=')).all(|(name, value)| {
            !name.trim().eq_ignore_ascii_case("charset")
                || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
}

#[cfg(test)]
mod tests {
    use super::is_of_host;

    #[test]
    fn an_origin_is_of_a_host_or_is_not() {
        for (origin, host) in [
            ("https://app.example", "app.example"),
            ("https://app.example", "APP.example:443"),
            ("http://app.example", "app.example:80"),
            ("http://127.0.0.1:7002", "127.0.0.1:7002"),
            ("http://[::1]:7002", "[::1]:7002"),
        ] {
            assert!(is_of_host(origin, host), "{origin} of {host}");
        }
        for (origin, host) in [
            ("null", "app.example"),
            ("", ""),
            ("https://", ""),
            ("https://evil.example", "app.example"),
            ("https://app.example.evil.example", "app.example"),
            ("https://evil-app.example", "app.example"),
            ("http://app.example:8080", "app.example"),
            ("https://app.example:80", "app.example"),
            ("file://app.example", "app.example"),
        ] {
            assert!(!is_of_host(origin, host), "{origin} of {host}");
        }
    }
}
