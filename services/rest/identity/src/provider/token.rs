//! The token endpoint (RFC 6749): codes, refreshes and client credentials become access tokens.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rest::{Problem, Query, now_ms};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::SqliteConnection;
use utoipa::{IntoParams, ToSchema};

use super::authorize::narrowed;
use super::client;
use super::form::Form;
use super::signer::Grant;
use super::{USER_SCOPE, hash, sid, unguessable};
use crate::Identity;

/// RFC 6749, 5.1.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tokens {
    access_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
}

/// Why no token was given, or taken back: RFC 6749, 5.2, or a failure of ours.
pub enum Refusal {
    OAuth(StatusCode, &'static str, String),
    Failure(Problem),
}

impl Refusal {
    fn grant(description: impl Into<String>) -> Self {
        Self::OAuth(StatusCode::BAD_REQUEST, "invalid_grant", description.into())
    }

    pub fn request(description: impl Into<String>) -> Self {
        Self::OAuth(StatusCode::BAD_REQUEST, "invalid_request", description.into())
    }

    /// To a request with these headers.
    pub fn response(self, headers: &HeaderMap) -> Response {
        match self {
            Self::OAuth(status, error, description) => {
                let refusal = serde_json::json!({ "error": error, "error_description": description });
                let mut response = uncached(status, &refusal);
                // RFC 6749, 5.2: in the scheme that was tried.
                if status == StatusCode::UNAUTHORIZED && headers.contains_key(header::AUTHORIZATION) {
                    let challenge = HeaderValue::from_static("Basic realm=\"clients\", charset=\"UTF-8\"");
                    response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
                }
                response
            }
            Self::Failure(problem) => problem.into_response(),
        }
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        Self::Failure(error.into())
    }
}

impl From<jsonwebtoken::errors::Error> for Refusal {
    fn from(error: jsonwebtoken::errors::Error) -> Self {
        Self::Failure(Problem::internal(error))
    }
}

/// Gives tokens for an authorization code, a refresh token, or a partner's client credentials.
#[utoipa::path(post, path = "/token", responses((status = 200, body = Tokens)),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"))]
pub async fn token(State(identity): State<Identity>, headers: HeaderMap, body: Bytes) -> Response {
    match granted(&identity, &headers, &body).await {
        Ok(tokens) => uncached(StatusCode::OK, &tokens),
        Err(refusal) => refusal.response(&headers),
    }
}

pub fn uncached(status: StatusCode, body: &impl Serialize) -> Response {
    match rest::json(status, body) {
        Ok(mut response) => {
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Err(problem) => problem.into_response(),
    }
}

/// # Errors
/// A parameter is given more than once.
pub fn form(body: &[u8]) -> Result<Form, Refusal> {
    Form::parse(body).map_err(|name| Refusal::request(format!("{name} is given more than once")))
}

async fn granted(identity: &Identity, headers: &HeaderMap, body: &[u8]) -> Result<Tokens, Refusal> {
    let form = form(body)?;
    match form.get("grant_type") {
        Some("authorization_code") => by_code(identity, headers, &form).await,
        Some("refresh_token") => by_refresh_token(identity, headers, &form).await,
        Some("client_credentials") => by_client_credentials(identity, headers, &form).await,
        Some(other) => Err(Refusal::OAuth(
            StatusCode::BAD_REQUEST,
            "unsupported_grant_type",
            format!("there is no grant_type {other}"),
        )),
        None => Err(Refusal::request("grant_type is missing; send a form, not JSON")),
    }
}

pub fn required<'a>(form: &'a Form, name: &str) -> Result<&'a str, Refusal> {
    form.get(name).ok_or_else(|| Refusal::request(format!("{name} is missing")))
}

#[derive(sqlx::FromRow)]
struct Code {
    user_id: String,
    client_id: String,
    redirect_uri: String,
    scope: String,
    nonce: Option<String>,
    challenge: String,
    expires_at: i64,
    used: bool,
}

/// The client that a user's tokens are for: by its secret, where it has one, or by its name alone (RFC 6749, 2.1 and 3.2.1).
pub fn users_client(identity: &Identity, headers: &HeaderMap, form: &Form) -> Result<String, Refusal> {
    let wrong =
        |why: &str| Refusal::OAuth(StatusCode::UNAUTHORIZED, "invalid_client", format!("the client {why}"));
    let in_header = match headers.get(header::AUTHORIZATION) {
        None => None,
        Some(_) if form.get("client_secret").is_some() => {
            return Err(Refusal::request(
                "the client's secret is in the header and in the body: send it once",
            ));
        }
        Some(basic) => {
            Some(client::from_basic(basic).ok_or_else(|| wrong("is not told by its header (Basic)"))?)
        }
    };
    let (client_id, secret) = match in_header {
        Some((id, _)) if form.get("client_id").is_some_and(|named| named != id) => {
            return Err(Refusal::request("client_id in the body is another than in the header"));
        }
        Some((id, secret)) => (id, Some(secret)),
        None => (required(form, "client_id")?.to_owned(), form.get("client_secret").map(str::to_owned)),
    };
    let known = identity.config.client_secrets.get(&client_id);
    // Hashes are compared, not secrets: how long the comparison takes tells nothing that helps.
    if known.map(|known| hash(known.expose())) != secret.map(|secret| hash(&secret)) {
        return Err(wrong("has another secret, or none"));
    }
    Ok(client_id)
}

async fn by_code(identity: &Identity, headers: &HeaderMap, form: &Form) -> Result<Tokens, Refusal> {
    let client_id = users_client(identity, headers, form)?;
    let code_hash = hash(required(form, "code")?);
    let verifier = required(form, "code_verifier")?;
    let mut tx = identity.db.begin().await?;
    let code = sqlx::query_as::<_, Code>(
        "SELECT user_id, client_id, redirect_uri, scope, nonce, challenge, expires_at, used FROM codes
         WHERE code_hash = ?",
    )
    .bind(&code_hash)
    .fetch_optional(&mut *tx)
    .await?
    .ok_or_else(|| Refusal::grant("there is no such code; it may have expired"))?;
    if code.used {
        // Somebody else has it too, so what it gave is withdrawn (RFC 6749, 4.1.2).
        withdraw(&mut tx, &code_hash).await?;
        tx.commit().await?;
        return Err(Refusal::grant("the code was used before; sign in again"));
    }
    // Whoever comes with a code uses it up, even with the wrong secret: guessing is not repeated.
    sqlx::query("UPDATE codes SET used = 1 WHERE code_hash = ?").bind(&code_hash).execute(&mut *tx).await?;
    let proof = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    let fault = if code.expires_at < now_ms() {
        Some("the code has expired; sign in again")
    } else if client_id != code.client_id {
        Some("the code was given to another client_id")
    } else if form.get("redirect_uri") != Some(&code.redirect_uri) {
        Some("redirect_uri is not the one of the authorization request")
    } else if proof != code.challenge {
        Some("code_verifier does not fit the code_challenge")
    } else {
        None
    };
    if let Some(fault) = fault {
        tx.commit().await?;
        return Err(Refusal::grant(fault));
    }
    let signed_in = SignedIn {
        user_id: &code.user_id,
        client_id: &code.client_id,
        scope: &code.scope,
        family: &code_hash,
    };
    let tokens = signed_in.tokens(identity, &mut tx, code.nonce.as_deref()).await?;
    tx.commit().await?;
    Ok(tokens)
}

#[derive(sqlx::FromRow)]
struct Refresh {
    family: Vec<u8>,
    user_id: String,
    client_id: String,
    scope: String,
    expires_at: i64,
    used: bool,
}

async fn by_refresh_token(identity: &Identity, headers: &HeaderMap, form: &Form) -> Result<Tokens, Refusal> {
    let client_id = users_client(identity, headers, form)?;
    let token_hash = hash(required(form, "refresh_token")?);
    let mut tx = identity.db.begin().await?;
    let refresh = sqlx::query_as::<_, Refresh>(
        "SELECT family, user_id, client_id, scope, expires_at, used FROM refresh_tokens WHERE token_hash = ?",
    )
    .bind(&token_hash)
    .fetch_optional(&mut *tx)
    .await?
    .filter(|refresh| refresh.expires_at >= now_ms())
    .ok_or_else(|| Refusal::grant("there is no such refresh token; it may have expired. Sign in again"))?;
    if refresh.used {
        // One of two holders stole it; we cannot tell which (RFC 9700, 4.14).
        withdraw(&mut tx, &refresh.family).await?;
        tx.commit().await?;
        return Err(Refusal::grant("the refresh token was used before; sign in again"));
    }
    if client_id != refresh.client_id {
        return Err(Refusal::grant("the refresh token was given to another client_id"));
    }
    let scope = narrowed(form.get("scope"), &refresh.scope).map_err(|scope| {
        Refusal::OAuth(StatusCode::BAD_REQUEST, "invalid_scope", format!("{scope} was not granted"))
    })?;
    sqlx::query("UPDATE refresh_tokens SET used = 1 WHERE token_hash = ?")
        .bind(&token_hash)
        .execute(&mut *tx)
        .await?;
    let signed_in = SignedIn {
        user_id: &refresh.user_id,
        client_id: &refresh.client_id,
        scope: &scope,
        family: &refresh.family,
    };
    let tokens = signed_in.tokens(identity, &mut tx, None).await?;
    tx.commit().await?;
    Ok(tokens)
}

pub async fn withdraw(tx: &mut SqliteConnection, family: &[u8]) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM refresh_tokens WHERE family = ?").bind(family).execute(tx).await?;
    Ok(())
}

struct SignedIn<'a> {
    user_id: &'a str,
    client_id: &'a str,
    scope: &'a str,
    family: &'a [u8],
}

impl SignedIn<'_> {
    async fn tokens(
        &self,
        identity: &Identity,
        tx: &mut SqliteConnection,
        nonce: Option<&str>,
    ) -> Result<Tokens, Refusal> {
        let (plan, name) =
            sqlx::query_as::<_, (String, String)>("SELECT plan, display_name FROM users WHERE id = ?")
                .bind(self.user_id)
                .fetch_optional(&mut *tx)
                .await?
                .ok_or_else(|| Refusal::grant("the user is gone"))?;
        let refresh_token = unguessable();
        let now = now_ms();
        sqlx::query("DELETE FROM refresh_tokens WHERE expires_at < ?").bind(now).execute(&mut *tx).await?;
        sqlx::query(
            "INSERT INTO refresh_tokens (token_hash, family, user_id, client_id, scope, expires_at)
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(hash(&refresh_token))
        .bind(self.family)
        .bind(self.user_id)
        .bind(self.client_id)
        .bind(self.scope)
        .bind(now + identity.config.refresh_token_s * 1_000)
        .execute(tx)
        .await?;
        let grant = Grant {
            subject: self.user_id,
            client_id: self.client_id,
            scope: self.scope,
            plan: Some(&plan),
            lifetime_s: identity.config.access_token_s,
        };
        let mut tokens = access(identity, &grant)?;
        tokens.refresh_token = Some(refresh_token);
        let has = |asked: &str| self.scope.split(' ').any(|scope| scope == asked);
        if has("openid") {
            let name = has("profile").then_some(name.as_str());
            tokens.id_token = Some(identity.signer.id_token(&grant, &sid(self.family), name, nonce)?);
        }
        Ok(tokens)
    }
}

async fn by_client_credentials(
    identity: &Identity,
    headers: &HeaderMap,
    form: &Form,
) -> Result<Tokens, Refusal> {
    let unknown = || {
        Refusal::OAuth(
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            "unknown client or wrong secret".to_owned(),
        )
    };
    let (client_id, secret) = match headers.get(header::AUTHORIZATION) {
        None => (required(form, "client_id")?.to_owned(), required(form, "client_secret")?.to_owned()),
        // RFC 6749, 2.3: one way in a request, and no other.
        Some(_) if form.get("client_secret").is_some() => {
            return Err(Refusal::request(
                "the client's secret is in the header and in the body: send it once",
            ));
        }
        Some(basic) => client::from_basic(basic).ok_or_else(unknown)?,
    };
    if form.get("client_id").is_some_and(|named| named != client_id) {
        return Err(Refusal::request("client_id in the body is another than in the header"));
    }
    let (secret_hash, scope, plan) = sqlx::query_as::<_, (Vec<u8>, String, String)>(
        "SELECT secret_hash, scope, plan FROM partners WHERE id = ?",
    )
    .bind(&client_id)
    .fetch_optional(identity.db.reads())
    .await?
    .ok_or_else(unknown)?;
    // Hashes are compared, not secrets: how long the comparison takes tells nothing that helps.
    if hash(&secret) != secret_hash {
        return Err(unknown());
    }
    let scope = narrowed(form.get("scope"), &scope).map_err(|asked| {
        Refusal::OAuth(
            StatusCode::BAD_REQUEST,
            "invalid_scope",
            format!("{asked} is not for this client; it has: {scope}"),
        )
    })?;
    let grant = Grant {
        subject: &client_id,
        client_id: &client_id,
        scope: &scope,
        plan: Some(&plan),
        lifetime_s: identity.config.access_token_s,
    };
    Ok(access(identity, &grant)?)
}

fn access(identity: &Identity, grant: &Grant<'_>) -> Result<Tokens, jsonwebtoken::errors::Error> {
    Ok(Tokens {
        access_token: identity.signer.access_token(grant)?,
        token_type: "Bearer",
        expires_in: grant.lifetime_s,
        scope: grant.scope.to_owned(),
        refresh_token: None,
        id_token: None,
    })
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ForUser {
    /// Whose.
    #[param(example = "us-1")]
    pub user: String,
}

/// A token for the asking. Exists in development only.
#[utoipa::path(get, path = "/dev/token", params(ForUser), responses((status = 200, body = Tokens)))]
pub async fn dev_token(
    State(identity): State<Identity>,
    Query(asked): Query<ForUser>,
) -> Result<Response, Problem> {
    let plan = sqlx::query_scalar::<_, String>("SELECT plan FROM users WHERE id = ?")
        .bind(&asked.user)
        .fetch_optional(identity.db.reads())
        .await?
        .ok_or_else(|| Problem::not_found(format!("no user `{}`; is the demo imported?", asked.user)))?;
    let grant = Grant {
        subject: &asked.user,
        client_id: "dev-token",
        scope: USER_SCOPE,
        plan: Some(&plan),
        lifetime_s: identity.config.access_token_s,
    };
    let tokens = access(&identity, &grant).map_err(Problem::internal)?;
    Ok(uncached(StatusCode::OK, &tokens))
}
