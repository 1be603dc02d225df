//! `[auth]`: which credentials are taken, and whose.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{InternalSettings, KeySettings, Profile, SessionSettings, urls};

/// What clocks may differ by.
const SKEW_MAX_S: u64 = 300;

/// A kind of credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// `Authorization: Bearer` and a token of the provider's (RFC 6750).
    Bearer,
    /// An API key: `Authorization: Bearer bk_…`, or `X-Api-Key: bk_…`.
    Key,
    /// The cookie of somebody who has signed in with a browser (`[auth.session]`).
    Session,
}

/// Which credentials are taken, and whose. One of another kind is refused: who sends it would be served as nobody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuthSettings {
    /// The kinds of credentials that are taken.
    pub schemes: Vec<Scheme>,
    /// Those that are taken besides in development: what tools and tests sign in by.
    pub development_schemes: Vec<Scheme>,
    /// The OpenID provider; its keys are found by discovery. Without it every bearer token is refused.
    #[serde(with = "urls::maybe")]
    pub issuer: Option<Url>,
    /// The `aud` a token must carry.
    pub audience: String,
    /// Of a service behind others: whose internal tokens it takes, by their names, and where their public keys are (a
    /// JWK Set). It then takes no token of the provider's.
    #[serde(with = "urls::named")]
    pub trusted: BTreeMap<String, Url>,
    /// Towards the services behind this one.
    pub internal: InternalSettings,
    /// Seconds by which the provider's clock and ours may differ.
    pub skew_s: u64,
    /// Takes access tokens whose header has no `typ`, or `JWT`, as some providers write them; unless they are by their
    /// claims of another kind. Leave it off where the provider follows RFC 9068 and writes `at+jwt`.
    pub untyped_tokens: bool,
    /// Seconds after which the provider's keys are asked for again. Meanwhile, and when it does not answer, those at hand
    /// count.
    pub keys_max_age_s: u64,
    /// Seconds after which callers with unknown keys may make us ask the provider for keys once more, beyond the first
    /// few times.
    pub keys_retry_s: u64,
    pub keys: KeySettings,
    pub session: SessionSettings,
}

impl Default for AuthSettings {
    fn default() -> Self {
        Self {
            schemes: vec![Scheme::Bearer],
            development_schemes: Vec::new(),
            issuer: None,
            audience: "bespoke".to_owned(),
            skew_s: 30,
            untyped_tokens: false,
            keys_max_age_s: 600,
            keys_retry_s: 5,
            trusted: BTreeMap::new(),
            internal: InternalSettings::default(),
            keys: KeySettings::default(),
            session: SessionSettings::default(),
        }
    }
}

impl AuthSettings {
    /// Whether there may be callers who are somebody.
    pub(crate) fn signs_anybody_in(&self) -> bool {
        self.issuer.is_some() || self.schemes.iter().any(|scheme| *scheme != Scheme::Bearer)
    }

    /// Whether this kind of credential is taken.
    pub fn takes(&self, scheme: Scheme) -> bool {
        self.schemes.contains(&scheme)
    }

    /// Takes in what counts in this profile.
    pub(super) fn settle(&mut self, profile: Profile) {
        if profile == Profile::Development {
            let further = self.development_schemes.iter().filter(|scheme| !self.schemes.contains(scheme));
            let further: Vec<_> = further.copied().collect();
            self.schemes.extend(further);
        }
    }

    /// What is wrong with them; `shared`, replicas share their state.
    pub(super) fn check(&self, profile: Profile, shared: bool, problems: &mut Vec<String>) {
        if self.takes(Scheme::Session) {
            self.session.check(self.issuer.as_ref(), profile, shared, problems);
        }
        for (key, value) in [("keys_max_age_s", self.keys_max_age_s), ("keys_retry_s", self.keys_retry_s)] {
            if value == 0 {
                problems.push(format!(
                    "`auth.{key}` is 0: the provider would be asked for its keys without end; give it some seconds"
                ));
            }
        }
        if self.skew_s > SKEW_MAX_S {
            problems.push(format!(
                "`auth.skew_s` is {}: tokens would be good long after their end; set clocks right, and give it at most {SKEW_MAX_S}",
                self.skew_s
            ));
        }
        if self.audience.is_empty() {
            problems.push("`auth.audience` is empty: say whom tokens must be meant for".to_owned());
        }
    }
}
