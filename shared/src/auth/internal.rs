//! The caller on its way to upstreams: a short-lived token of our own for each of them, never the credential it came with.

mod key;
mod pass;
mod trust;

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{Json, Router, routing::get};
use http::header::CACHE_CONTROL;
use jsonwebtoken::{Algorithm, EncodingKey, Header, errors::Error, jwk::JwkSet};
use serde::Serialize;

use self::key::Keys;
pub(crate) use self::pass::Passes;
pub(super) use self::trust::Trust;
use super::Caller;
use crate::config::{Profile, Settings};

/// The `typ` of such a token's head: nothing else is taken for one, and it is taken for nothing else (RFC 8725 §3.11).
pub(super) const TYPE: &str = "internal+jwt";

/// As whom an upstream is asked.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Whom {
    /// As this service itself: what is asked is the same for everybody.
    Service,
    /// As this caller. An anonymous one is nobody, which is less than a service: nothing is sent.
    Caller(Caller),
}

/// Signs for whom an upstream is asked. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Signer(Arc<Inner>);

struct Inner {
    /// This server's name, in the tokens it signs.
    name: String,
    lifetime: Duration,
    header: Header,
    key: EncodingKey,
    public: JwkSet,
}

/// RFC 9068 in small. Whoever reads one takes the same word for the same thing: see [`Trust`].
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    /// Nobody's behalf but the service's own, which `sub` names.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    service: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    scope: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    iat: u64,
    exp: u64,
    jti: String,
}

impl Signer {
    /// With the configured key. Without one, development makes one; in production there is then no signer, which only a
    /// server may do without to which nobody signs in, or that asks nobody.
    ///
    /// # Errors
    /// Names the setting and the way out.
    pub fn of(settings: &Settings) -> Result<Option<Self>, String> {
        let keys = match &settings.auth.internal.key {
            Some(pem) => Keys::read(pem)?,
            None if settings.profile == Profile::Development => {
                let keys = Keys::generate()?;
                tracing::info!(
                    auth.key = keys.id(),
                    "`auth.internal.key` is not set: a key was made for this run, which no other replica has"
                );
                keys
            }
            None if settings.upstreams.is_empty() || !settings.auth.signs_anybody_in() => return Ok(None),
            None => return Err(key::missing(&settings.service)),
        };
        let (id, key, public) = keys.into_parts();
        let mut header = Header::new(Algorithm::ES256);
        (header.kid, header.typ) = (Some(id), Some(TYPE.to_owned()));
        let lifetime = Duration::from_secs(settings.auth.internal.lifetime_s);
        Ok(Some(Self(Arc::new(Inner { name: settings.service.clone(), lifetime, header, key, public }))))
    }

    /// Where services find the public keys (RFC 7517). Public, as they are behind the same address as this server, whose
    /// replicas share them; and there is nothing secret about them.
    pub fn routes(&self) -> Router {
        let public = self.0.public.clone();
        let cached = [(CACHE_CONTROL, "public, max-age=60")];
        Router::new().route("/.well-known/jwks.json", get(async move || (cached, Json(public))))
    }

    /// A token for that audience, and how long it is good. None for nobody.
    fn sign(&self, whom: &Whom, audience: &str) -> Result<Option<(String, Duration)>, Error> {
        let inner = &*self.0;
        let (caller, sub) = match whom {
            Whom::Service => (None, inner.name.as_str()),
            Whom::Caller(caller) => match caller.subject() {
                Some(subject) => (Some(caller), subject),
                None => return Ok(None),
            },
        };
        let now = SystemTime::now();
        // Never longer than the credential that it stands for.
        let left = caller.and_then(Caller::left).map_or(inner.lifetime, |left| left.min(inner.lifetime));
        let seconds = |at: SystemTime| at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let claims = Claims {
            iss: &inner.name,
            aud: audience,
            sub,
            service: caller.is_none(),
            scope: caller.map_or("", Caller::scopes),
            plan: caller.and_then(Caller::plan),
            client_id: caller.and_then(Caller::client_id),
            iat: seconds(now),
            exp: seconds(now + left),
            jti: format!("{:016x}", rand::random::<u64>()),
        };
        jsonwebtoken::encode(&inner.header, &claims, &inner.key).map(|token| Some((token, left)))
    }
}
