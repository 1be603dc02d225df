//! The revocation endpoint (RFC 7009): a client that has done with a sign-in gives its refresh token back.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};

use super::hash;
use super::token::{Refusal, form, required, users_client, withdraw};
use crate::Identity;

/// Takes a refresh token back, and with it all that descend from the same sign-in. One that is not known, or another client's,
/// is worth nothing to who sends it: that is no failure, and tells nothing. Access tokens cannot be taken back; they end
/// soon.
#[utoipa::path(post, path = "/revoke", responses((status = 200, description = "It is worth nothing now")),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"))]
pub async fn revoke(State(identity): State<Identity>, headers: HeaderMap, body: Bytes) -> Response {
    match taken_back(&identity, &headers, &body).await {
        Ok(()) => ([(header::CACHE_CONTROL, "no-store")], StatusCode::OK).into_response(),
        Err(refusal) => refusal.response(&headers),
    }
}

async fn taken_back(identity: &Identity, headers: &HeaderMap, body: &[u8]) -> Result<(), Refusal> {
    let form = form(body)?;
    let client_id = users_client(identity, headers, &form)?;
    let token = required(&form, "token")?;
    if token.contains('.') {
        return Err(Refusal::OAuth(
            StatusCode::BAD_REQUEST,
            "unsupported_token_type",
            "refresh tokens are taken back, access tokens end by themselves".to_owned(),
        ));
    }
    let mut tx = identity.db.begin().await?;
    let family = sqlx::query_scalar::<_, Vec<u8>>(
        "SELECT family FROM refresh_tokens WHERE token_hash = ? AND client_id = ?",
    )
    .bind(hash(token))
    .bind(&client_id)
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(family) = family {
        withdraw(&mut tx, &family).await?;
        tx.commit().await?;
    }
    Ok(())
}
