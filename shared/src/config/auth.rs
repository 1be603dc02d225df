//! `[auth]`: which credentials are taken, and whose.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{InternalSettings, urls};

/// A kind of credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// `Authorization: Bearer` and a token of the provider's (RFC 6750).
    Bearer,
}

/// Which credentials are taken, and whose. One of another kind is refused: who sends it would be served as nobody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuthSettings {
    /// The kinds of credentials that are taken.
    pub schemes: Vec<Scheme>,
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
    /// Seconds after which the provider's keys are asked for again; they are kept when it does not answer.
    pub keys_max_age_s: u64,
    /// Seconds that must pass between two attempts to fetch keys, however many unknown keys callers present.
    pub keys_retry_s: u64,
}

impl Default for AuthSettings {
    fn default() -> Self {
        Self {
            schemes: vec![Scheme::Bearer],
            issuer: None,
            audience: "bespoke".to_owned(),
            skew_s: 30,
            keys_max_age_s: 600,
            keys_retry_s: 5,
            trusted: BTreeMap::new(),
            internal: InternalSettings::default(),
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
}
