//! Keys for the asking, in development only: the same ones on every machine, so that examples can carry them.

use axum::extract::State;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bff::auth::key::{ApiKey, hex};
use http::{HeaderValue, StatusCode, header};
use rest::{Problem, Query, now_ms};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};

use crate::Identity;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ForPlan {
    /// On which plan its owner is.
    #[param(example = "basic")]
    plan: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DemoKey {
    /// To be sent as `Authorization: Bearer <key>` or `X-Api-Key: <key>`.
    key: String,
    /// Whose it is.
    owner: String,
    plan: String,
    scope: String,
}

/// The demo's key of a partner on this plan. Exists in development only.
#[utoipa::path(get, path = "/dev/key", params(ForPlan), responses((status = 200, body = DemoKey)))]
pub async fn dev_key(
    State(identity): State<Identity>,
    Query(asked): Query<ForPlan>,
) -> Result<Response, Problem> {
    let mut tx = identity.db.begin().await?;
    let (owner, scope) = sqlx::query_as::<_, (String, String)>(
        "SELECT id, scope FROM partners WHERE plan = ? ORDER BY id LIMIT 1",
    )
    .bind(&asked.plan)
    .fetch_optional(&mut *tx)
    .await?
    .ok_or_else(|| {
        Problem::not_found(format!("no partner on the plan `{}`; is the demo imported?", asked.plan))
    })?;
    let text = of(&owner);
    let key =
        ApiKey::read(&text).ok_or_else(|| Problem::internal("a demo key has not the shape of a key"))?;
    sqlx::query(
        "INSERT INTO partner_keys (id, partner_id, name, scope, digest, created_at)
         VALUES (?, ?, 'Demo', ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET scope = excluded.scope, expires_at = NULL, revoked_at = NULL",
    )
    .bind(key.id())
    .bind(&owner)
    .bind(&scope)
    .bind(key.digest().as_slice())
    .bind(now_ms())
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    let mut response = rest::json(StatusCode::OK, &DemoKey { key: text, owner, plan: asked.plan, scope })?;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// No secret: everybody can work it out. Nothing but development takes keys whose name begins so.
fn of(owner: &str) -> String {
    let digest = Sha256::digest(format!("the demo key of {owner}"));
    let name = hex(&digest);
    format!("bk_demo{}_{}", &name[..4], URL_SAFE_NO_PAD.encode(digest))
}
