//! `[auth.session]`: signing in with a browser, which is given no token.

use serde::{Deserialize, Serialize};
use url::Url;

use super::{Profile, Secret, urls};

/// Characters of a key. 32 random bytes have 44 in base64; a password has fewer.
const LEAST_KEY: usize = 32;

/// Who we are to the provider of `auth.issuer`, and how long a session lives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionSettings {
    /// As what we are registered at the provider.
    pub client_id: String,
    /// Our secret at the provider. Empty: we are registered as a public client, and PKCE alone binds us to our codes.
    pub client_secret: Secret,
    /// What is asked for. `openid` must be among it; some providers give refresh tokens only for `offline_access`.
    pub scopes: Vec<String>,
    /// Where browsers reach this server: scheme, host, port. `<public_url>/auth/callback` is to be registered at the
    /// provider. Without it, in development only, the loopback host that a browser asked for.
    #[serde(with = "urls::maybe")]
    pub public_url: Option<Url>,
    /// What sessions are encrypted with, wherever they are kept: `openssl rand -base64 32`. The first encrypts, all decrypt:
    /// to change it, put the new one in front, and take the old one out after `absolute_s`. Without any, one is made at
    /// start, and what it encrypted is lost with the process.
    pub keys: Vec<Secret>,
    /// Seconds without a request after which a session ends.
    pub idle_s: u64,
    /// Seconds after which a session ends, whatever happens in it.
    pub absolute_s: u64,
    /// Where a browser goes that has signed in without saying where it wants to go: a path of `public_url`.
    pub after_login: String,
    /// Where a browser goes that has signed out: a path of `public_url`, to be registered at the provider.
    pub after_logout: String,
    /// Milliseconds that the provider may take to answer.
    pub provider_timeout_ms: u64,
    /// Bytes of sessions that are kept in memory, where there is no `redis.url`. Beyond it, those unused for longest end.
    pub memory_bytes: u64,
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self {
            client_id: String::new(),
            client_secret: Secret::default(),
            scopes: ["openid", "profile"].map(str::to_owned).into(),
            public_url: None,
            keys: Vec::new(),
            idle_s: 86_400,
            absolute_s: 14 * 86_400,
            after_login: "/".to_owned(),
            after_logout: "/".to_owned(),
            provider_timeout_ms: 2_000,
            memory_bytes: 64 << 20,
        }
    }
}

impl SessionSettings {
    /// What is wrong with them, where sessions are on.
    pub(super) fn check(
        &self,
        issuer: Option<&Url>,
        profile: Profile,
        shared: bool,
        problems: &mut Vec<String>,
    ) {
        let mut problem = |text: String| problems.push(text);
        if issuer.is_none() {
            problem("`auth.schemes` has `session`, and nobody to sign in with; give `auth.issuer` the provider's URL".to_owned());
        }
        if self.client_id.is_empty() {
            problem(
                "`auth.session.client_id` is empty; give it the name that the provider has registered us by"
                    .to_owned(),
            );
        }
        if !self.scopes.iter().any(|scope| scope == "openid") {
            problem(
                "`auth.session.scopes` lacks `openid`, and without it nobody says who has signed in; add it"
                    .to_owned(),
            );
        }
        match &self.public_url {
            None if profile == Profile::Production => problem(
                "`auth.session.public_url` is not set, and a request's own word on where it went is not to be trusted; \
                 give it the origin that browsers reach this server by, such as `https://app.example`"
                    .to_owned(),
            ),
            Some(url) if profile == Profile::Production && url.scheme() != "https" => problem(format!(
                "`auth.session.public_url` is `{url}`: session cookies go over TLS only; give it an https URL"
            )),
            Some(url) if url.path() != "/" || url.query().is_some() || url.fragment().is_some() => {
                problem(format!(
                    "`auth.session.public_url` is `{url}`, more than an origin; write scheme, host and port only, such as \
                     `https://app.example`"
                ));
            }
            _ => {}
        }
        if shared && self.keys.is_empty() {
            problem(
                "`auth.session.keys` is empty, and replicas that share sessions through `redis.url` must read each other's; \
                 give all of them the same key, made with `openssl rand -base64 32`"
                    .to_owned(),
            );
        }
        for (index, key) in self.keys.iter().enumerate() {
            if key.expose().len() < LEAST_KEY {
                problem(format!(
                    "`auth.session.keys`: number {} has fewer than {LEAST_KEY} characters, and could be guessed; make one \
                     with `openssl rand -base64 32`",
                    index + 1
                ));
            }
        }
        for (key, value) in [
            ("idle_s", self.idle_s),
            ("absolute_s", self.absolute_s),
            ("provider_timeout_ms", self.provider_timeout_ms),
            ("memory_bytes", self.memory_bytes),
        ] {
            if value == 0 {
                problem(format!(
                    "`auth.session.{key}` is 0, and nobody could stay signed in; give it a positive number"
                ));
            }
        }
        if self.idle_s > self.absolute_s {
            problem(format!(
                "`auth.session.idle_s` is {}, longer than a session may live at all ({}); lower it, or raise \
                 `auth.session.absolute_s`",
                self.idle_s, self.absolute_s
            ));
        }
        for (key, path) in [("after_login", &self.after_login), ("after_logout", &self.after_logout)] {
            if !crate::auth::is_own_path(path) {
                problem(format!(
                    "`auth.session.{key}` is `{path}`, no path of this server's own; write one such as `/`"
                ));
            }
        }
    }
}
