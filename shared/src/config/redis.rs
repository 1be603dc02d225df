//! `[redis]`: where state is that all replicas of a service share.

use serde::{Deserialize, Serialize};
use url::Url;

use super::Secret;

/// Without a URL, each replica keeps its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RedisSettings {
    /// `redis://[user]:[password]@host:port/[database]`, `rediss://…` for the same by TLS (whom to trust: `tls.ca_file`), or
    /// `unix:///path/to/socket`. A secret: better set by environment.
    pub url: Secret,
    /// Before the names of all keys; after it comes the service's own name. For a Redis that others use, too.
    pub prefix: String,
    /// Milliseconds that a command may take, the wait for a connection included.
    pub timeout_ms: u64,
    /// Milliseconds that connecting may take.
    pub connect_timeout_ms: u64,
    /// Milliseconds that Redis is left alone for after it could not be reached. Commands fail at once meanwhile.
    pub retry_ms: u64,
}

impl Default for RedisSettings {
    fn default() -> Self {
        Self {
            url: Secret::default(),
            prefix: String::new(),
            timeout_ms: 100,
            connect_timeout_ms: 1_000,
            retry_ms: 500,
        }
    }
}

impl RedisSettings {
    pub(super) fn check(&self, problems: &mut Vec<String>) {
        let url = self.url.expose();
        if !url.is_empty() && !Url::parse(url).is_ok_and(|url| is_redis(&url)) {
            problems.push(self.wrong_url());
        }
        for (key, value) in [
            ("timeout_ms", self.timeout_ms),
            ("connect_timeout_ms", self.connect_timeout_ms),
            ("retry_ms", self.retry_ms),
        ] {
            if value == 0 {
                problems.push(format!(
                    "`redis.{key}` is 0, and nothing is that quick; give it a positive number"
                ));
            }
        }
    }

    /// Does not quote it: there is a password in it.
    pub(crate) fn wrong_url(&self) -> String {
        "`redis.url` is none that Redis is reached by: write redis://host:6379, redis://:password@host:6379/0, \
         rediss://host:6379 (by TLS) or unix:///path/to/socket"
            .to_owned()
    }
}

fn is_redis(url: &Url) -> bool {
    match url.scheme() {
        // A fragment would be the library's `#insecure`: whoever wants another trust names it in `tls.ca_file`.
        "redis" | "rediss" => url.has_host() && url.fragment().is_none(),
        "unix" | "redis+unix" => true,
        _ => false,
    }
}
