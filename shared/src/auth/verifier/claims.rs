//! What an access token says: whose it is, until when, and by what another kind of token is told from it.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, de::IgnoredAny};

use super::AuthError;

/// What is read of a token, as its signature vouches for it. Times are in seconds, and may have fractions (RFC 7519 §2).
#[derive(Deserialize)]
pub(super) struct Claims {
    pub sub: String,
    /// One, not a list of which some may be right.
    pub iss: String,
    exp: f64,
    nbf: Option<f64>,
    #[serde(default)]
    pub scope: String,
    pub plan: Option<String>,
    /// RFC 9068 §2.2.
    pub client_id: Option<String>,
    /// Of an internal one: it speaks for no user.
    #[serde(default)]
    pub service: bool,
    /// What its holder would have to prove (RFC 7800, RFC 9449).
    cnf: Option<IgnoredAny>,
    // What only other kinds of tokens have.
    nonce: Option<IgnoredAny>,
    at_hash: Option<IgnoredAny>,
    c_hash: Option<IgnoredAny>,
    s_hash: Option<IgnoredAny>,
    auth_req_id: Option<IgnoredAny>,
    events: Option<IgnoredAny>,
    typ: Option<String>,
    token_use: Option<String>,
}

/// From when on it is not accepted any more, in seconds since 1970, skew included.
pub(super) struct Expiry(pub u64);

impl Claims {
    /// Tells an access token from others of the provider, where its header does not: an ID token (OpenID Connect Core §2
    /// and §3.3.2.11), a logout token, one that a provider's own claims call otherwise (Keycloak's `typ`, Cognito's
    /// `token_use`).
    pub fn of_an_access_token(&self) -> Result<(), AuthError> {
        let of_another =
            [&self.nonce, &self.at_hash, &self.c_hash, &self.s_hash, &self.auth_req_id, &self.events];
        let called_otherwise = self.typ.as_deref().is_some_and(|typ| !typ.eq_ignore_ascii_case("bearer"))
            || self.token_use.as_deref().is_some_and(|is| is != "access");
        if called_otherwise || of_another.iter().any(|claim| claim.is_some()) {
            return Err(AuthError::Refused("the token is of another kind, such as an ID token"));
        }
        Ok(())
    }

    /// Whose clock differs by no more than `skew_s` finds it valid. Asked last: of a token that is wrong in any other way
    /// it is not told whether it has expired.
    pub fn valid(&self, skew_s: u64) -> Result<Expiry, AuthError> {
        if self.sub.trim().is_empty() {
            return Err(AuthError::Refused("the token has an empty `sub`"));
        }
        if self.cnf.is_some() {
            return Err(AuthError::Refused(
                "the token is bound to a key (`cnf`) that a bearer does not show",
            ));
        }
        let now = now_s();
        if self.nbf.is_some_and(|nbf| nbf > now.saturating_add(skew_s) as f64) {
            return Err(AuthError::Refused("the token is not valid yet"));
        }
        // A cast stops at the bounds.
        let expires = (self.exp as u64).saturating_add(skew_s);
        if now >= expires { Err(AuthError::Expired) } else { Ok(Expiry(expires)) }
    }
}

pub(super) fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
