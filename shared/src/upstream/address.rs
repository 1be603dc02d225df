//! Where an upstream is: whatever is asked of it stays behind its configured base.

use super::client::ClientError;
use crate::fanout::Fault;
use bytes::Bytes;
use http::{
    Uri,
    uri::{Authority, Parts, PathAndQuery, Scheme},
};
use url::{Position, Url};

/// The base of an upstream's URLs, parsed once.
pub(super) struct Address {
    url: Url,
    scheme: Scheme,
    authority: Authority,
    /// Without a final slash: paths begin with one.
    path: String,
}

impl Address {
    /// # Errors
    /// The URL has no host.
    pub fn new(name: &str, url: &Url) -> Result<Self, ClientError> {
        let wrong = || ClientError::new(format!("`upstreams.{name}` is not the URL of an HTTP service"));
        let authority = &url[Position::BeforeHost..Position::AfterPort];
        Ok(Self {
            url: url.clone(),
            scheme: url.scheme().parse().map_err(|_| wrong())?,
            authority: authority.parse().map_err(|_| wrong())?,
            path: url.path().trim_end_matches('/').to_owned(),
        })
    }

    /// A path and query of ours behind the base. Only they are set: whatever is in them, the host is the configured one.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a path that would lead elsewhere; `INTERNAL_SERVER_ERROR` for one that cannot be.
    pub fn uri(&self, path: &str) -> Result<Uri, Fault> {
        let wrong = |cause: &str| {
            tracing::error!(url.host = %self.authority, upstream.cause = cause, "no URL for a call");
            Fault::internal()
        };
        if !path.starts_with('/') {
            return Err(wrong("a path begins with a slash"));
        }
        if path.split('?').next().unwrap_or_default().split('/').any(is_step) {
            return Err(Fault::bad_input("An id consists of more than dots."));
        }
        // Nearly all are as they have to be already; parsing them would only find that out in a longer way.
        let text = if path.bytes().all(is_plain) { [&self.path, path].concat() } else { self.encoded(path) };
        let mut parts = Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        let path = PathAndQuery::from_maybe_shared(Bytes::from(text));
        parts.path_and_query = Some(path.map_err(|error| wrong(&error.to_string()))?);
        Uri::from_parts(parts).map_err(|error| wrong(&error.to_string()))
    }

    /// What may not stand there as it is, percent-encoded (WHATWG URL).
    fn encoded(&self, path: &str) -> String {
        let mut url = self.url.clone();
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        url.set_path(&[&self.path, path].concat());
        url.set_query(query);
        url[Position::BeforePath..Position::AfterQuery].to_owned()
    }
}

/// Such a segment is taken for a step in the path, however it is spelled: what a caller calls a thing must not lead to
/// another.
fn is_step(segment: &str) -> bool {
    segment.starts_with(['.', '%'])
        && matches!(&*segment.to_ascii_lowercase().replace("%2e", "."), "." | "..")
}

/// Stands in a path and in a query as it is.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/?-._~%!$&()*+,;=:@".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leaves_the_configured_place() {
        let address = Address::new("there", &"http://there.example:81/api/".parse().unwrap()).unwrap();
        let uri = |path: &str| address.uri(path).map(|uri| uri.to_string()).ok();
        assert_eq!(uri("/a?b=c%26d&e=f?g"), Some("http://there.example:81/api/a?b=c%26d&e=f?g".to_owned()));
        assert_eq!(uri("/a/%2e%2e%2fb"), Some("http://there.example:81/api/a/%2e%2e%2fb".to_owned()));
        for path in ["//elsewhere/a", "/\\elsewhere", "/@elsewhere", "/:82/", "/#a", "/?a#b@c", "/ /é"] {
            let uri = address.uri(path).unwrap();
            let authority = uri.authority().unwrap();
            assert_eq!(authority.as_str(), "there.example:81", "{path}");
        }
        for path in
            ["", "a", "@elsewhere/a", ".elsewhere/a", ":82/a", "/a/..", "/a/%2e%2E/b", "/.%2e?c", "/%2E"]
        {
            assert_eq!(uri(path), None, "{path}");
        }
    }

    #[test]
    fn a_path_is_the_same_whether_it_is_parsed_or_not() {
        let address = Address::new("there", &"http://there.example/api".parse().unwrap()).unwrap();
        for byte in (0..0x80u8).filter(|byte| is_plain(*byte)) {
            let path = format!("/a{c}b?c{c}d", c = char::from(byte));
            assert_eq!(address.encoded(&path), format!("/api{path}"));
            assert_eq!(address.uri(&path).unwrap().to_string(), format!("http://there.example/api{path}"));
        }
    }
}
