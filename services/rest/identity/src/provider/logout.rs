//! Signing out: at the provider's own page, where a client has sent the browser (RP-Initiated Logout 1.0), or everywhere at
//! once, as an administrator would have it; clients that want to know are told (Back-Channel Logout 1.0).

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{StatusCode, Uri, header};
use rest::{Problem, Query};
use url::Url;

use super::authorize::{is_allowed, page_headers};
use super::form::Form;
use super::sid;
use super::token::ForUser;
use crate::Identity;

/// How long a client may take to hear that somebody has signed out.
const TELLING: Duration = Duration::from_secs(2);

/// Ends the sign-in that the ID token is of, and sends the browser back to where its client lives.
#[utoipa::path(get, path = "/end-session", params(
        ("id_token_hint" = Option<String>, Query), ("client_id" = Option<String>, Query),
        ("post_logout_redirect_uri" = Option<String>, Query), ("state" = Option<String>, Query),
    ), responses((status = 303, description = "Back to the client"), (status = 200, description = "A page")))]
pub async fn end_session(State(identity): State<Identity>, uri: Uri) -> Result<Response, Problem> {
    ended(&identity, uri.query().unwrap_or_default().as_bytes()).await
}

/// The same, with its parameters in a form.
#[utoipa::path(post, path = "/end-session", responses((status = 303, description = "Back to the client")),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"))]
pub async fn end_session_by_form(State(identity): State<Identity>, body: Bytes) -> Result<Response, Problem> {
    ended(&identity, &body).await
}

async fn ended(identity: &Identity, encoded: &[u8]) -> Result<Response, Problem> {
    let form = Form::parse(encoded).map_err(|name| Problem::parameter(name, "given more than once"))?;
    let hint =
        match form.get("id_token_hint") {
            Some(token) => Some(identity.signer.hint(token).ok_or_else(|| {
                Problem::parameter("id_token_hint", "this is no ID token of this provider's")
            })?),
            None => None,
        };
    let client_id = match (&hint, form.get("client_id")) {
        (Some(hint), Some(named)) if hint.aud != named => {
            return Err(Problem::parameter("client_id", "the ID token was given to another client"));
        }
        (Some(hint), _) => Some(hint.aud.as_str()),
        (None, named) => named,
    };
    let back = match form.get("post_logout_redirect_uri") {
        Some(address) => {
            let client_id = client_id.ok_or_else(|| {
                Problem::parameter("client_id", "without it, nobody knows whose address that is")
            })?;
            Some(
                is_allowed(identity, client_id, address)
                    .map_err(|why| Problem::parameter("post_logout_redirect_uri", why))?,
            )
        }
        None => None,
    };
    if let Some(hint) = &hint
        && let Ok(family) = URL_SAFE_NO_PAD.decode(&hint.sid)
    {
        let mut tx = identity.db.begin().await?;
        sqlx::query("DELETE FROM refresh_tokens WHERE family = ?").bind(family).execute(&mut *tx).await?;
        tx.commit().await?;
    }
    Ok(match back {
        Some(mut to) => {
            if let Some(state) = form.get("state") {
                to.query_pairs_mut().append_pair("state", state);
            }
            let headers =
                [(header::LOCATION, String::from(to)), (header::CACHE_CONTROL, "no-store".to_owned())];
            (StatusCode::SEE_OTHER, headers).into_response()
        }
        None => {
            let page = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Signed out</title>\
                        <h1>You are signed out</h1></html>";
            (page_headers(), Html(page)).into_response()
        }
    })
}

#[derive(sqlx::FromRow)]
struct SignIn {
    family: Vec<u8>,
    client_id: String,
}

/// Signs somebody out everywhere: their refresh tokens are withdrawn, and each client that is registered to be told is.
/// Exists in development only. Answers how many sign-ins there were, and how many clients took the word.
#[utoipa::path(post, path = "/dev/sign-out", params(ForUser), responses((status = 200, body = Object)))]
pub async fn dev_sign_out(
    State(identity): State<Identity>,
    Query(asked): Query<ForUser>,
) -> Result<Response, Problem> {
    let mut tx = identity.db.begin().await?;
    let sign_ins = sqlx::query_as::<_, SignIn>(
        "SELECT DISTINCT family, client_id FROM refresh_tokens WHERE user_id = ? ORDER BY client_id, family",
    )
    .bind(&asked.user)
    .fetch_all(&mut *tx)
    .await?;
    sqlx::query("DELETE FROM refresh_tokens WHERE user_id = ?").bind(&asked.user).execute(&mut *tx).await?;
    tx.commit().await?;
    let mut told = 0;
    for SignIn { family, client_id } in &sign_ins {
        let Some(address) = identity.config.to_be_told(client_id) else { continue };
        let token =
            identity.signer.logout_token(client_id, &asked.user, &sid(family)).map_err(Problem::internal)?;
        match tell(&address, &token).await {
            Ok(()) => told += 1,
            Err(error) => {
                tracing::warn!(client_id, error, "a client was not told that somebody has signed out");
            }
        }
    }
    rest::json(StatusCode::OK, &serde_json::json!({ "signed_out": sign_ins.len(), "told": told }))
}

async fn tell(address: &Url, token: &str) -> Result<(), String> {
    let form =
        url::form_urlencoded::Serializer::new(String::new()).append_pair("logout_token", token).finish();
    #[expect(clippy::disallowed_methods, reason = "a client is no upstream: it is told, not asked")]
    let request = reqwest::Client::new().post(address.clone());
    let request =
        request.timeout(TELLING).body(form).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    #[expect(clippy::disallowed_methods, reason = "a client is no upstream: it is told, not asked")]
    let answer = request.send().await.map_err(|error| error.to_string())?;
    if answer.status().is_success() { Ok(()) } else { Err(format!("it answered {}", answer.status())) }
}
