//! The provider's key and the tokens signed with it (JWT, RFC 7519; ES256, RFC 7518).

use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use p256::SecretKey;
use p256::elliptic_curve::rand_core::OsRng;
use p256::pkcs8::EncodePrivateKey as _;
use rest::{BoxError, Db, Time};
use serde::{Deserialize, Serialize};
use url::Url;

use super::unguessable;

/// Signs. The key is made at the first start and stays in the database.
pub struct Signer {
    issuer: String,
    audience: String,
    kid: String,
    private: EncodingKey,
    public: Jwk,
}

/// Whom an access token speaks for.
pub struct Grant<'a> {
    pub subject: &'a str,
    pub client_id: &'a str,
    pub scope: &'a str,
    /// What it pays for.
    pub plan: Option<&'a str>,
    /// In seconds.
    pub lifetime_s: i64,
}

/// RFC 9068, with the plan beside it.
#[derive(Serialize)]
struct AccessClaims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    client_id: &'a str,
    scope: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<&'a str>,
    jti: String,
    iat: i64,
    exp: i64,
}

/// OpenID Connect Core 1.0, 2.
#[derive(Serialize)]
struct IdClaims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    /// Names this sign-in, at logout.
    sid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<&'a str>,
    iat: i64,
    exp: i64,
}

/// Back-Channel Logout 1.0, 2.4.
#[derive(Serialize)]
struct LogoutClaims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    sid: &'a str,
    jti: String,
    events: serde_json::Value,
    iat: i64,
    exp: i64,
}

/// What an ID token of ours says of the sign-in that it is about.
#[derive(Deserialize)]
pub struct Hint {
    pub aud: String,
    pub sid: String,
}

/// Seconds that the word of a logout may be under way.
const LOGOUT_TOKEN_S: i64 = 120;

impl Signer {
    pub async fn load(db: &Db, issuer: &Url, audience: String) -> Result<Self, BoxError> {
        let mut tx = db.begin().await?;
        let stored =
            sqlx::query_scalar::<_, Vec<u8>>("SELECT private FROM signing_keys ORDER BY id DESC LIMIT 1")
                .fetch_optional(&mut *tx)
                .await?;
        let der = match stored {
            Some(der) => der,
            None => {
                let der = SecretKey::random(&mut OsRng).to_pkcs8_der()?.as_bytes().to_vec();
                sqlx::query("INSERT INTO signing_keys (private, created_at) VALUES (?, ?)")
                    .bind(&der)
                    .bind(Time::now())
                    .execute(&mut *tx)
                    .await?;
                der
            }
        };
        tx.commit().await?;
        let private = EncodingKey::from_ec_der(&der);
        let mut public = Jwk::from_encoding_key(&private, Algorithm::ES256)?;
        let kid = public.thumbprint(ThumbprintHash::SHA256)?;
        public.common.key_id = Some(kid.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        let issuer = issuer.as_str().trim_end_matches('/').to_owned();
        Ok(Self { issuer, audience, kid, private, public })
    }

    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    pub fn public(&self) -> &Jwk {
        &self.public
    }

    pub fn access_token(&self, grant: &Grant<'_>) -> Result<String, jsonwebtoken::errors::Error> {
        let iat = now_s();
        self.sign(
            "at+jwt",
            &AccessClaims {
                iss: &self.issuer,
                aud: &self.audience,
                sub: grant.subject,
                client_id: grant.client_id,
                scope: grant.scope,
                plan: grant.plan,
                jti: unguessable(),
                iat,
                exp: iat + grant.lifetime_s,
            },
        )
    }

    pub fn id_token(
        &self,
        grant: &Grant<'_>,
        sid: &str,
        name: Option<&str>,
        nonce: Option<&str>,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let iat = now_s();
        let claims = IdClaims {
            iss: &self.issuer,
            aud: grant.client_id,
            sub: grant.subject,
            nonce,
            sid,
            name,
            plan: grant.plan,
            iat,
            exp: iat + grant.lifetime_s,
        };
        self.sign("JWT", &claims)
    }

    /// Tells a client that this sign-in is over.
    pub fn logout_token(
        &self,
        client_id: &str,
        subject: &str,
        sid: &str,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let iat = now_s();
        let claims = LogoutClaims {
            iss: &self.issuer,
            aud: client_id,
            sub: subject,
            sid,
            jti: unguessable(),
            events: serde_json::json!({ "http://schemas.openid.net/event/backchannel-logout": {} }),
            iat,
            exp: iat + LOGOUT_TOKEN_S,
        };
        self.sign("logout+jwt", &claims)
    }

    /// What an ID token says that we gave, however long ago: who signs out late is signed out all the same.
    pub fn hint(&self, id_token: &str) -> Option<Hint> {
        let mut validation = Validation::new(Algorithm::ES256);
        validation.validate_exp = false;
        // Whoever it was made for; the caller compares.
        validation.validate_aud = false;
        validation.set_issuer(&[&self.issuer]);
        validation.set_required_spec_claims(&["iss", "aud"]);
        let key = DecodingKey::from_jwk(&self.public).ok()?;
        jsonwebtoken::decode::<Hint>(id_token, &key, &validation).ok().map(|token| token.claims)
    }

    fn sign(&self, kind: &str, claims: &impl Serialize) -> Result<String, jsonwebtoken::errors::Error> {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(self.kid.clone());
        header.typ = Some(kind.to_owned());
        jsonwebtoken::encode(&header, claims, &self.private)
    }
}

fn now_s() -> i64 {
    Time::now().as_ms() / 1_000
}
