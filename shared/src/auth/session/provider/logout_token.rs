//! The provider's word that somebody has signed out (OpenID Connect Back-Channel Logout 1.0, section 2.6).

use std::sync::Arc;

use jsonwebtoken::Validation;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::Failure;
use crate::{
    auth::{discovery::Keys, keys::KeySet},
    config::{AuthSettings, TlsSettings},
};

/// What makes a token one of these.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Seconds after which nobody is still delivering one.
const OLDEST_S: u64 = 300;

/// Who has signed out, and the name of the token that says so: it counts once.
pub struct Ended {
    pub jti: String,
    pub subject: Option<String>,
    pub sid: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    iat: u64,
    jti: String,
    sub: Option<String>,
    sid: Option<String>,
    #[serde(default)]
    events: serde_json::Map<String, Value>,
    nonce: Option<Value>,
}

/// Checks them, with the keys that access tokens are checked with.
pub struct LogoutTokens {
    keys: Keys,
    validation: Validation,
    skew_s: u64,
}

impl LogoutTokens {
    pub fn new(
        auth: &AuthSettings,
        tls: &TlsSettings,
        issuer: &Url,
        client_id: &str,
    ) -> Result<Self, String> {
        let mut validation = Validation { leeway: auth.skew_s, validate_nbf: true, ..Validation::default() };
        validation.set_audience(&[client_id]);
        let base = issuer.as_str().trim_end_matches('/');
        validation.set_issuer(&[base.to_owned(), format!("{base}/")]);
        // `exp` came with an erratum: it counts where it is given.
        validation.set_required_spec_claims(&["iss", "aud"]);
        Ok(Self { keys: Keys::discovered(issuer.clone(), auth, tls)?, validation, skew_s: auth.skew_s })
    }

    pub async fn ended(&self, token: &str) -> Result<Ended, Failure> {
        let untrusted = |reason: &str| Failure::Untrusted(format!("the logout token {reason}"));
        let header = jsonwebtoken::decode_header(token).map_err(|_| untrusted("is no JWT"))?;
        let is_typed = |typ: &str| ["logout+jwt", "jwt"].iter().any(|known| typ.eq_ignore_ascii_case(known));
        if header.typ.as_deref().is_some_and(|typ| !is_typed(typ)) {
            return Err(untrusted("is of another type"));
        }
        let keys = self.keys.current().await;
        let keys: Arc<KeySet> =
            keys.ok_or_else(|| Failure::Unavailable("the provider's keys are not known yet".to_owned()))?;
        let id = header.kid.as_deref();
        let keys = match id {
            Some(id) if keys.find(Some(id)).is_none() => self.keys.with(id, keys).await,
            _ => keys,
        };
        let key = keys
            .find(id)
            .ok_or_else(|| untrusted("is signed with a key that the provider does not publish"))?;
        let mut validation = self.validation.clone();
        validation.algorithms = vec![key.algorithm];
        let claims = jsonwebtoken::decode::<Claims>(token, &key.key, &validation);
        let claims = claims.map_err(|error| Failure::Untrusted(format!("the logout token: {error}")))?.claims;
        if !claims.events.get(EVENT).is_some_and(Value::is_object) {
            return Err(untrusted("is about another event"));
        }
        // With one, it could be an ID token.
        if claims.nonce.is_some() {
            return Err(untrusted("has a nonce"));
        }
        if claims.sub.is_none() && claims.sid.is_none() {
            return Err(untrusted("names nobody: it has neither sub nor sid"));
        }
        let now = super::super::now_s();
        if claims.iat.saturating_add(OLDEST_S + self.skew_s) < now
            || claims.iat > now.saturating_add(self.skew_s)
        {
            return Err(untrusted("was not made just now"));
        }
        Ok(Ended { jti: claims.jti, subject: claims.sub, sid: claims.sid })
    }
}
