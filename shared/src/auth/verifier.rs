//! Checks a bearer token: signature, algorithm, issuer, audience, times.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use jsonwebtoken::{Validation, errors::ErrorKind, jwk::JwkSet};
use serde::Deserialize;

use super::{
    Caller, internal,
    keys::{KeySet, Keys},
};
use crate::config::AuthSettings;

/// A token longer than this is not one of ours, and not worth decoding.
const TOKEN_MAX: usize = 8 * 1024;

/// Verified tokens remembered, so that a busy caller costs one signature check.
const REMEMBERED: u64 = 10_000;

/// Why a caller was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthError {
    /// The credential is wrong; the text says how, and may be shown to the caller.
    Refused(&'static str),
    /// There are no keys to check it with, because the provider has not answered yet.
    Unavailable,
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused(reason) => reason,
            Self::Unavailable => "the token cannot be checked at the moment; try again shortly",
        })
    }
}

impl std::error::Error for AuthError {}

/// Checks tokens of one provider. Cheap to clone.
#[derive(Clone)]
pub struct Verifier(Arc<Inner>);

struct Inner {
    keys: Keys,
    validation: Validation,
    kind: Kind,
    skew_s: u64,
    /// Callers by their `Authorization` value, with the keys that vouched for them: new keys, new check.
    remembered: moka::sync::Cache<HeaderValue, Remembered>,
}

/// What such a token is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The provider's, which clients present.
    Access,
    /// One with which a service vouches for whom it asks.
    Internal,
}

#[derive(Clone)]
struct Remembered {
    caller: Caller,
    keys: Arc<KeySet>,
    expires_s: u64,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    exp: u64,
    #[serde(default)]
    scope: String,
    plan: Option<String>,
    /// RFC 9068 §2.2.
    client_id: Option<String>,
    /// Of an internal one: it speaks for no user.
    #[serde(default)]
    service: bool,
}

impl Verifier {
    /// A verifier that discovers the provider's keys when the first token arrives; `None` without an issuer.
    pub fn new(settings: &AuthSettings) -> Result<Option<Self>, reqwest::Error> {
        let Some(issuer) = settings.issuer.clone() else { return Ok(None) };
        let max_age = Duration::from_secs(settings.keys_max_age_s);
        let retry = Duration::from_secs(settings.keys_retry_s);
        Ok(Some(Self::with_keys(settings, Keys::discovered(issuer, max_age, retry)?)))
    }

    /// A verifier with keys at hand: for the provider itself, and for tests.
    pub fn fixed(settings: &AuthSettings, jwks: &JwkSet) -> Self {
        Self::with_keys(settings, Keys::Fixed(Arc::new(KeySet::from_jwks(jwks))))
    }

    /// For internal tokens of this issuer for this audience.
    pub(super) fn internal(settings: &AuthSettings, issuer: &str, audience: &str, keys: Keys) -> Self {
        Self::of(Kind::Internal, &[issuer.to_owned()], audience, settings.skew_s, keys)
    }

    fn with_keys(settings: &AuthSettings, keys: Keys) -> Self {
        // A URL is the same issuer with and without its final slash.
        let issuer =
            settings.issuer.as_ref().map(|url| url.as_str().trim_end_matches('/')).unwrap_or_default();
        let issuers = [issuer.to_owned(), format!("{issuer}/")];
        Self::of(Kind::Access, &issuers, &settings.audience, settings.skew_s, keys)
    }

    fn of(kind: Kind, issuers: &[String], audience: &str, skew_s: u64, keys: Keys) -> Self {
        // The algorithm is set to the key's own before each use.
        let mut validation = Validation { leeway: skew_s, validate_nbf: true, ..Validation::default() };
        validation.set_audience(&[audience]);
        validation.set_issuer(issuers);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let remembered = moka::sync::Cache::new(REMEMBERED);
        Self(Arc::new(Inner { keys, validation, kind, skew_s, remembered }))
    }

    /// Whose request this is. No `Authorization` header is an anonymous caller; a wrong one is an error.
    pub async fn verify(&self, headers: &HeaderMap) -> Result<Caller, AuthError> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let Some(header) = values.next() else { return Ok(Caller::anonymous()) };
        if values.next().is_some() {
            return Err(AuthError::Refused("there is more than one Authorization header"));
        }
        let token = bearer_token(header)?;
        let keys = self.0.keys.current().await.ok_or(AuthError::Unavailable)?;
        if let Some(known) = self.0.remembered.get(header)
            && Arc::ptr_eq(&known.keys, &keys)
            && now_s() < known.expires_s
        {
            return Ok(known.caller);
        }
        let (claims, keys) = self.check(token, keys).await?;
        let expires_s = claims.exp.saturating_add(self.0.skew_s);
        let expires = UNIX_EPOCH.checked_add(Duration::from_secs(expires_s));
        let caller =
            if claims.service { Caller::service(&claims.sub) } else { Caller::signed_in(&claims.sub) };
        let mut caller = caller.scope(&claims.scope);
        if let Some(plan) = &claims.plan {
            caller = caller.on_plan(plan);
        }
        if let Some(client_id) = &claims.client_id {
            caller = caller.of_client(client_id);
        }
        // Without one, no clock will ever show that.
        if let Some(expires) = expires {
            caller = caller.until(expires);
        }
        let remembered = Remembered { caller: caller.clone(), keys, expires_s };
        self.0.remembered.insert(header.clone(), remembered);
        Ok(caller)
    }

    async fn check(&self, token: &str, mut keys: Arc<KeySet>) -> Result<(Claims, Arc<KeySet>), AuthError> {
        let header =
            jsonwebtoken::decode_header(token).map_err(|_| AuthError::Refused("the token is not a JWT"))?;
        if (self.0.kind == Kind::Internal) != (header.typ.as_deref() == Some(internal::TYPE)) {
            return Err(AuthError::Refused("the token is of another type"));
        }
        let id = header.kid.as_deref();
        if keys.find(id).is_none()
            && let Some(newer) = self.0.keys.newer_than(&keys).await
        {
            keys = newer;
        }
        let Some(key) = keys.find(id) else {
            return Err(AuthError::Refused("the token is signed with a key its issuer does not publish"));
        };
        let mut validation = self.0.validation.clone();
        validation.algorithms = vec![key.algorithm];
        let data = jsonwebtoken::decode::<Claims>(token, &key.key, &validation)
            .map_err(|error| AuthError::Refused(reason(error.kind())))?;
        if data.claims.service && (self.0.kind, &data.claims.sub) != (Kind::Internal, &data.claims.iss) {
            return Err(AuthError::Refused("the token speaks for a service that is not its issuer"));
        }
        Ok((data.claims, keys))
    }
}

/// RFC 6750, section 2.1; the scheme's name is case-insensitive.
pub(super) fn bearer_token(header: &HeaderValue) -> Result<&str, AuthError> {
    let wrong = AuthError::Refused("the Authorization header is not `Bearer` and a token");
    let text = header.to_str().map_err(|_| wrong)?;
    let (scheme, token) = text.split_once(' ').ok_or(wrong)?;
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Err(wrong);
    }
    if token.len() > TOKEN_MAX { Err(AuthError::Refused("the token is too long")) } else { Ok(token) }
}

fn reason(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::ExpiredSignature => "the token has expired",
        ErrorKind::ImmatureSignature => "the token is not valid yet",
        ErrorKind::InvalidIssuer => "the token comes from another issuer",
        ErrorKind::InvalidAudience => "the token is meant for another audience",
        ErrorKind::InvalidAlgorithm => "the token's algorithm is not its key's",
        ErrorKind::MissingRequiredClaim(_) => "the token lacks one of exp, iss, aud and sub",
        ErrorKind::InvalidSignature => "the token's signature is wrong",
        _ => "the token is malformed",
    }
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
