//! What is read of an ID token.

use openidconnect::{
    AdditionalClaims, IdToken, IdTokenClaims,
    core::{CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm},
};
use serde::{Deserialize, Serialize};

/// Claims beyond OpenID Connect Core's: the provider's session (Front- and Back-Channel Logout), and the plan.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Extra {
    sid: Option<String>,
    plan: Option<String>,
}

impl AdditionalClaims for Extra {}

pub type Identity =
    IdToken<Extra, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

/// Who has signed in.
pub struct Who {
    pub subject: String,
    pub name: Option<String>,
    pub plan: Option<String>,
    pub sid: Option<String>,
    pub id_token: String,
}

impl Who {
    pub(super) fn of(claims: &IdTokenClaims<Extra, CoreGenderClaim>, token: &Identity) -> Self {
        let extra = claims.additional_claims();
        let name = claims.name().and_then(|names| names.get(None)).map(|name| name.as_str().to_owned());
        Self {
            subject: claims.subject().as_str().to_owned(),
            name,
            plan: extra.plan.clone(),
            sid: extra.sid.clone(),
            id_token: token.to_string(),
        }
    }
}
