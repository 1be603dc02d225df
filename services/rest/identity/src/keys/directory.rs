//! What backends read to check a key that somebody presents: by its id, what else is known of it.

use axum::extract::State;
use axum::response::Response;
use bff::auth::key::hex;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rest::{Ids, Problem, Query, Time};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};

use crate::Identity;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ByIds {
    /// What the keys begin with: comma-separated, at most 200.
    #[param(value_type = String, example = "bk_7gq20x4m")]
    ids: Ids,
}

/// What is known of a key. The key itself is not: who has only this cannot use it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Known {
    #[schema(example = "bk_7gq20x4m")]
    id: String,
    /// SHA-256 of the whole key, in hexadecimal.
    digest: String,
    /// The partner that it was issued to.
    owner: String,
    plan: String,
    /// Separated by spaces: what the key was issued for, and its owner still may.
    scope: String,
    expires_at: Option<Time>,
    revoked: bool,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    digest: Vec<u8>,
    owner: String,
    plan: String,
    scope: String,
    allowed: String,
    expires_at: Option<Time>,
    revoked: bool,
}

/// Keys by id; unknown ones are absent. For backends, which say who they are by `key_directory_secret`.
#[utoipa::path(get, path = "/keys", params(ByIds), responses((status = 200, body = Vec<Known>)))]
pub async fn directory(
    State(identity): State<Identity>,
    headers: HeaderMap,
    Query(asked): Query<ByIds>,
) -> Result<Response, Problem> {
    admitted(&identity, &headers)?;
    let rows = sqlx::query_as::<_, Row>(
        "SELECT keys.id, digest, partner_id AS owner, plan, keys.scope, partners.scope AS allowed, expires_at,
                revoked_at IS NOT NULL AS revoked
         FROM partner_keys AS keys JOIN partners ON partners.id = partner_id
         WHERE keys.id IN (SELECT value FROM json_each(?))",
    )
    .bind(asked.ids.to_json())
    .fetch_all(identity.db.reads())
    .await?;
    let items: Vec<_> = rows.into_iter().map(Row::known).collect();
    let mut response = rest::json(StatusCode::OK, &serde_json::json!({ "items": items }))?;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

impl Row {
    fn known(self) -> Known {
        let still = |scope: &&str| self.allowed.split(' ').any(|allowed| allowed == *scope);
        let scope = self.scope.split(' ').filter(still).collect::<Vec<_>>().join(" ");
        Known {
            id: self.id,
            digest: hex(&self.digest),
            owner: self.owner,
            plan: self.plan,
            scope,
            expires_at: self.expires_at,
            revoked: self.revoked,
        }
    }
}

/// In development nobody needs a secret, unless there is one.
fn admitted(identity: &Identity, headers: &HeaderMap) -> Result<(), Problem> {
    let secret = identity.config.key_directory_secret.expose();
    if secret.is_empty() {
        return if identity.development {
            Ok(())
        } else {
            Err(Problem::forbidden("nobody may look keys up: `key_directory_secret` is not configured here"))
        };
    }
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    // Digests are compared, not secrets: how long that takes tells nothing that helps.
    if Sha256::digest(given) == Sha256::digest(secret) {
        Ok(())
    } else {
        Err(Problem::unauthenticated(
            "keys are looked up by backends: send `Authorization: Bearer <key_directory_secret>`",
        ))
    }
}
