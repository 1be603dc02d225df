//! Checks a bearer token: a JWT access token (RFC 9068) of one provider, as RFC 8725 wants JWTs checked.

mod claims;

use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use jsonwebtoken::{Header, Validation, errors::ErrorKind, jwk::JwkSet};

use self::claims::{Claims, Expiry, now_s};
use super::{
    AuthError, Caller,
    discovery::Keys,
    internal,
    keys::{ALGORITHMS, KeySet},
};
use crate::config::{AuthSettings, TlsSettings};

/// A token longer than this is not one of ours, and not worth decoding.
const TOKEN_MAX: usize = 8 * 1024;

/// Verified tokens remembered, so that a busy caller costs one signature check.
const REMEMBERED: u64 = 10_000;

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
    /// The provider's, which clients present. Untyped ones do not say so in their header.
    Access { untyped: bool },
    /// One with which a service vouches for whom it asks.
    Internal,
}

#[derive(Clone)]
struct Remembered {
    caller: Caller,
    keys: Arc<KeySet>,
    expires_s: u64,
}

impl Verifier {
    /// A verifier that discovers the provider's keys when the first token arrives; `None` without an issuer.
    ///
    /// # Errors
    /// The issuer is asked by https, and TLS cannot be set up: why, and the way out.
    pub fn new(settings: &AuthSettings, tls: &TlsSettings) -> Result<Option<Self>, String> {
        let Some(issuer) = settings.issuer.clone() else { return Ok(None) };
        Ok(Some(Self::with_keys(settings, Keys::discovered(issuer, settings, tls)?)))
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
        let kind = Kind::Access { untyped: settings.untyped_tokens };
        Self::of(kind, &issuers, &settings.audience, settings.skew_s, keys)
    }

    fn of(kind: Kind, issuers: &[String], audience: &str, skew_s: u64, keys: Keys) -> Self {
        // The algorithm is set to the key's own before each use; times are checked last, by `Claims`.
        let mut validation = Validation { validate_exp: false, ..Validation::default() };
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
        let (claims, Expiry(expires_s), keys) = self.check(token, keys).await?;
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
        if let Some(expires) = UNIX_EPOCH.checked_add(Duration::from_secs(expires_s)) {
            caller = caller.until(expires);
        }
        let remembered = Remembered { caller: caller.clone(), keys, expires_s };
        self.0.remembered.insert(header.clone(), remembered);
        Ok(caller)
    }

    async fn check(
        &self,
        token: &str,
        mut keys: Arc<KeySet>,
    ) -> Result<(Claims, Expiry, Arc<KeySet>), AuthError> {
        let header = jsonwebtoken::decode_header(token)
            .map_err(|_| AuthError::Refused("the token is no JWT with a signature"))?;
        let typed = self.typed(&header)?;
        // What the header says of keys (`jwk`, `jku`, `x5u`, `x5c`) is not looked at: keys are the provider's alone.
        let id = header.kid.as_deref();
        if let Some(id) = id.filter(|_| keys.find(id).is_none()) {
            keys = self.0.keys.with(id, keys).await;
        }
        let Some(key) = keys.find(id) else {
            return Err(AuthError::Refused("the token is signed with a key its issuer does not publish"));
        };
        let mut validation = self.0.validation.clone();
        validation.algorithms = vec![key.algorithm];
        let claims = jsonwebtoken::decode::<Claims>(token, &key.key, &validation)
            .map_err(|error| AuthError::Refused(reason(error.kind())))?
            .claims;
        if !typed {
            claims.of_an_access_token()?;
        }
        if claims.service && (self.0.kind, &claims.sub) != (Kind::Internal, &claims.iss) {
            return Err(AuthError::Refused("the token speaks for a service that is not its issuer"));
        }
        let expiry = claims.valid(self.0.skew_s)?;
        Ok((claims, expiry, keys))
    }

    /// Whether the header says that it is a token of our kind. Fails if it says anything else, and for what no key can
    /// mend: nobody is asked for one in vain.
    fn typed(&self, header: &Header) -> Result<bool, AuthError> {
        if !ALGORITHMS.contains(&header.alg) {
            return Err(AuthError::Refused("the token is signed with an algorithm that is not allowed"));
        }
        if header.crit.is_some() {
            return Err(AuthError::Refused(
                "the token has critical headers (`crit`), and none are understood",
            ));
        }
        let typ = header.typ.as_deref().map(|typ| {
            let typ = typ.to_ascii_lowercase();
            typ.strip_prefix("application/").map(str::to_owned).unwrap_or(typ)
        });
        match (typ.as_deref(), self.0.kind) {
            (Some("at+jwt"), Kind::Access { .. }) | (Some(internal::TYPE), Kind::Internal) => Ok(true),
            (None | Some("jwt"), Kind::Access { untyped: true }) => Ok(false),
            (_, Kind::Access { .. }) => Err(AuthError::Refused(
                "the token's `typ` is not `at+jwt`: it may be of another kind, such as an ID token",
            )),
            (_, Kind::Internal) => {
                Err(AuthError::Refused("the token's `typ` is not that of an internal one"))
            }
        }
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
        ErrorKind::InvalidIssuer => "the token comes from another issuer",
        ErrorKind::InvalidAudience => "the token is meant for another audience",
        ErrorKind::InvalidAlgorithm => "the token's algorithm is not its key's",
        ErrorKind::MissingRequiredClaim(_) => "the token lacks one of exp, iss, aud and sub",
        ErrorKind::InvalidSignature => "the token's signature is wrong",
        _ => "the token is malformed",
    }
}
