//! Which credential a request brings, and the scheme that checks it.

use std::sync::Arc;

use http::{HeaderMap, header::AUTHORIZATION};

use super::{
    AuthError, Caller, Sessions, Verifier,
    internal::Trust,
    key::{self, KeyCheck},
};
use crate::config::{Profile, Scheme, Settings, environment_name};

/// Makes a caller of what a request brings, by the schemes that are on. Cheap to clone.
#[derive(Clone)]
pub struct Authenticator(Arc<Schemes>);

/// Whoever checks each kind of credential; none where it is not taken.
struct Schemes {
    bearer: Option<Verifier>,
    sessions: Option<Sessions>,
    /// Of a service behind others: theirs, and no other.
    internal: Option<Trust>,
    key: Option<KeyCheck>,
}

impl Authenticator {
    /// With the schemes of `auth.schemes`. Nothing is fetched yet.
    ///
    /// # Errors
    /// Who knows the provider's keys, the callers', or sessions cannot be asked.
    pub fn new(settings: &Settings) -> Result<Self, String> {
        let auth = &settings.auth;
        let bearer = if auth.takes(Scheme::Bearer) { Verifier::new(auth, &settings.tls)? } else { None };
        let key = if auth.takes(Scheme::Key) {
            Some(KeyCheck::new(&auth.keys, &settings.tls, settings.profile)?)
        } else {
            None
        };
        Ok(Self(Arc::new(Schemes { bearer, sessions: Sessions::new(settings)?, key, internal: None })))
    }

    /// That takes the tokens of this verifier, and nothing else: a provider knows its own keys.
    pub fn of(bearer: Verifier) -> Self {
        Self(Arc::new(Schemes { bearer: Some(bearer), sessions: None, key: None, internal: None }))
    }

    /// That takes internal tokens for this service of those that `auth.trusted` names, and nothing else: a user's own
    /// token has no business here.
    ///
    /// # Errors
    /// The client that fetches their keys cannot be made; or this is production, and nobody is trusted.
    pub fn behind_others(settings: &Settings) -> Result<Self, String> {
        if settings.profile == Profile::Production && settings.auth.trusted.is_empty() {
            return Err(format!(
                "`auth.trusted` is empty: {service} would believe nobody who says for whom they ask, and this is the production \
                 profile. Name each backend that may ask and where its public keys are, such as \
                 `--set auth.trusted.<backend>=https://<backend>/.well-known/jwks.json` ({environment}), or start with \
                 `--profile development`",
                service = settings.service,
                environment = environment_name(&settings.service, "auth.trusted.<backend>"),
            ));
        }
        let internal = Some(Trust::new(&settings.auth, &settings.tls, &settings.service)?);
        Ok(Self(Arc::new(Schemes { bearer: None, sessions: None, key: None, internal })))
    }

    /// Who sends these headers; anonymous, if they bring no credential.
    ///
    /// # Errors
    /// The credential is not accepted, is of a kind that is not taken, or cannot be checked now.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Caller, AuthError> {
        if let Some(text) = key::presented(headers)? {
            return match &self.0.key {
                Some(check) => check.check(text).await,
                None => {
                    Err(AuthError::Refused("this server takes no keys: its `auth.schemes` have no `key`"))
                }
            };
        }
        if !headers.contains_key(AUTHORIZATION) {
            // A cookie is no statement: where sessions are not taken, it was meant for somebody else on this host.
            return match &self.0.sessions {
                Some(sessions) => sessions.caller(headers).await,
                None => Ok(Caller::anonymous()),
            };
        }
        if let Some(trust) = &self.0.internal {
            return trust.verify(headers).await;
        }
        match &self.0.bearer {
            Some(verifier) => verifier.verify(headers).await,
            // Refused rather than served as somebody else than it thinks.
            None => {
                Err(AuthError::Refused("this server accepts no tokens: its `auth.issuer` is not configured"))
            }
        }
    }

    /// Sessions, where they are on.
    pub(crate) fn sessions(&self) -> Option<&Sessions> {
        self.0.sessions.as_ref()
    }
}
