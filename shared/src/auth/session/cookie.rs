//! The cookies: one that is the session, and one for each login under way.
//!
//! `__Host-` makes browsers hold us to it: over TLS only (or on the loopback, which Chromium trusts as well), for
//! this very host, for all of it. Neither is readable by a page's scripts. `Lax`, since a link from elsewhere, and the
//! provider's redirect above all, should find one signed in; what changes anything cannot be sent by a link.

use http::{HeaderMap, HeaderValue, header};

/// Of how many logins under way a browser keeps the cookies; older ones were given up.
pub const LOGINS: usize = 5;

/// The names of a service's cookies: services on one host, told apart by their ports alone, share its cookies.
pub struct Cookies {
    session: String,
    login: String,
}

impl Cookies {
    pub fn of(service: &str) -> Self {
        Self { session: format!("__Host-{service}-session"), login: format!("__Host-{service}-login-") }
    }

    /// The session's cookie, if one was sent.
    pub fn session<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        all(headers).find(|(name, _)| *name == self.session).map(|(_, value)| value)
    }

    /// The cookie of the login that this name was given to.
    pub fn login<'h>(&self, headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
        all(headers)
            .find(|(known, _)| known.strip_prefix(self.login.as_str()) == Some(name))
            .map(|(_, value)| value)
    }

    /// The names of logins whose cookies were sent.
    pub fn logins<'h>(&self, headers: &'h HeaderMap) -> Vec<&'h str> {
        all(headers).filter_map(|(name, _)| name.strip_prefix(self.login.as_str())).collect()
    }

    /// Lives as long as the browser: how long the session does is decided here.
    pub fn set_session(&self, value: &str) -> Option<HeaderValue> {
        set(&format!("{}={value}", self.session), None)
    }

    pub fn clear_session(&self) -> Option<HeaderValue> {
        set(&format!("{}=", self.session), Some(0))
    }

    pub fn set_login(&self, name: &str, value: &str, seconds: u64) -> Option<HeaderValue> {
        set(&format!("{}{name}={value}", self.login), Some(seconds))
    }

    pub fn clear_login(&self, name: &str) -> Option<HeaderValue> {
        set(&format!("{}{name}=", self.login), Some(0))
    }
}

/// RFC 6265, section 5.4; HTTP/2 may send them one by one.
fn all(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
}

fn set(pair: &str, seconds: Option<u64>) -> Option<HeaderValue> {
    let age = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    let mut value =
        HeaderValue::try_from(format!("{pair}; Path=/; Secure; HttpOnly; SameSite=Lax{age}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}
