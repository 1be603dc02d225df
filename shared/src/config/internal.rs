//! `[auth.internal]`: the key that callers are vouched for with towards upstreams.

use serde::{Deserialize, Serialize};

use super::Secret;

/// How this server says to the services behind it on whose behalf it asks: by short-lived tokens that it signs itself,
/// one for each of them, never by the credential that it was given. Its name is their `iss`, an upstream's name their
/// `aud`; the public keys are at `/.well-known/jwks.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct InternalSettings {
    /// A private key on the curve P-256 in PEM (PKCS #8 or SEC 1), or several one after the other: the first signs, all
    /// are published. To rotate, put the new one in front and take the old one out when all replicas have it and
    /// `lifetime_s` is over. Replicas share it. Without one, development makes one at each start; production refuses to
    /// start, if callers can sign in and there is anybody to ask for them.
    pub key: Option<Secret>,
    /// Seconds for which such a token is good. One is used again until half of them are over.
    pub lifetime_s: u64,
}

impl Default for InternalSettings {
    fn default() -> Self {
        Self { key: None, lifetime_s: 60 }
    }
}

impl InternalSettings {
    /// What types alone cannot say.
    pub(super) fn check(&self, problems: &mut Vec<String>) {
        if !(10..=3_600).contains(&self.lifetime_s) {
            problems.push(format!(
                "`auth.internal.lifetime_s` is {}; give it between 10 and 3600 seconds: such tokens cannot be taken back",
                self.lifetime_s
            ));
        }
    }
}
