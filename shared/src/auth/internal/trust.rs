//! What a service behind others makes of their tokens: on whose behalf it is asked, if it trusts who says so.

use std::collections::BTreeMap;

use http::{HeaderMap, header::AUTHORIZATION};
use serde::Deserialize;

use crate::{
    auth::{AuthError, Caller, Verifier, discovery::Keys, verifier::bearer_token},
    config::{AuthSettings, TlsSettings},
};

/// Takes internal tokens for this service of those that it trusts, and nothing else: no user's own token either.
pub struct Trust(BTreeMap<String, Verifier>);

impl Trust {
    /// Of `auth.trusted`, for the service of that name. Keys are fetched when the first token of each arrives.
    ///
    /// # Errors
    /// The client that fetches them cannot be made.
    pub fn new(settings: &AuthSettings, tls: &TlsSettings, service: &str) -> Result<Self, String> {
        let verifiers = settings.trusted.iter().map(|(issuer, jwks)| {
            let keys = Keys::published(jwks.clone(), settings, tls)?;
            Ok((issuer.clone(), Verifier::internal(settings, issuer, service, keys)))
        });
        verifiers.collect::<Result<_, _>>().map(Self)
    }

    /// On whose behalf the request is; nobody's, without a token.
    ///
    /// # Errors
    /// The token is not one for us of somebody whom we trust, or cannot be checked now.
    pub async fn verify(&self, headers: &HeaderMap) -> Result<Caller, AuthError> {
        /// Not checked yet: it only tells whose keys to check with, and they vouch for it.
        #[derive(Deserialize)]
        struct Claims {
            iss: String,
        }
        let Some(header) = headers.get(AUTHORIZATION) else { return Ok(Caller::anonymous()) };
        let said = jsonwebtoken::dangerous::insecure_decode_claims::<Claims>(bearer_token(header)?)
            .map_err(|_| AuthError::Refused("the token is not an internal one"))?;
        match self.0.get(&said.iss) {
            Some(verifier) => verifier.verify(headers).await,
            None => Err(AuthError::Refused("the token comes from nobody whom `auth.trusted` names")),
        }
    }
}
