//! `[auth.keys]`: who knows which API keys there are, and for how long its word is taken.

use serde::{Deserialize, Serialize};
use url::Url;

use super::{AuthSettings, Profile, Secret, auth::Scheme, urls};

/// The directory that keys are looked up in. Used where `auth.schemes` has `key`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeySettings {
    /// Where keys are looked up: `GET <url>?ids=<what the key begins with>`.
    #[serde(with = "urls::maybe")]
    pub url: Option<Url>,
    /// What the directory is sent as `Authorization: Bearer`. A secret: better set by environment. It is no token of
    /// `auth.internal`, as upstreams get: a directory may be anybody's, which knows nothing of those; and who may look all
    /// keys up is a grant of its own, not one of every backend that may ask for its callers.
    pub secret: Secret,
    /// Milliseconds that the directory's word on a key is taken without asking again: a key that is revoked works for no
    /// longer. At most 5,000.
    pub fresh_ms: u64,
    /// Seconds that a key goes on after the directory was last asked successfully, if it does not answer. Revocations are
    /// not heard of meanwhile.
    pub bridge_s: u64,
    /// Milliseconds that the directory may take.
    pub timeout_ms: u64,
    /// Keys per second that the directory is asked for although it never told of them. More are answered with 503: guessing
    /// keys floods nobody behind this server, and keys that are in use go on.
    pub strangers_per_s: u32,
}

impl Default for KeySettings {
    fn default() -> Self {
        Self {
            url: None,
            secret: Secret::default(),
            fresh_ms: 5_000,
            bridge_s: 120,
            timeout_ms: 1_000,
            strangers_per_s: 20,
        }
    }
}

impl KeySettings {
    pub(super) fn check(auth: &AuthSettings, profile: Profile, problems: &mut Vec<String>) {
        if !auth.takes(Scheme::Key) {
            return;
        }
        let keys = &auth.keys;
        if keys.url.is_none() {
            problems.push(
                "`auth.schemes` has `key`, but nobody knows any: say with `auth.keys.url` where keys are looked up"
                    .to_owned(),
            );
        }
        if profile == Profile::Production && keys.secret.expose().is_empty() {
            problems.push(
                "`auth.keys.secret` is not set, and in production no directory tells of keys without it: set it, best by \
                 environment, to what the directory is configured with"
                    .to_owned(),
            );
        }
        if !(1..=5_000).contains(&keys.fresh_ms) {
            problems.push(format!(
                "`auth.keys.fresh_ms` is {}; give it 1 to 5000: for so long a revoked key would still work",
                keys.fresh_ms
            ));
        }
        for (key, value) in
            [("timeout_ms", keys.timeout_ms), ("strangers_per_s", keys.strangers_per_s.into())]
        {
            if value == 0 {
                problems.push(format!(
                    "`auth.keys.{key}` is 0, and no key would ever be known; give it a positive number"
                ));
            }
        }
    }
}
