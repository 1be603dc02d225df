//! `GET /auth/session`: what a page may know of its session. Asking is no use of it: it does not keep an idle one alive.

use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode, header};
use serde_json::json;

use super::{
    Sessions, key_of,
    page::{Trouble, json_no_store},
};

/// `{"signedIn": false}`, or who is signed in and until when at most.
pub async fn session(State(sessions): State<Sessions>, headers: HeaderMap) -> Response {
    let Some(cookie) = sessions.0.cookies.session(&headers) else {
        return json_no_store(StatusCode::OK, &json!({"signedIn": false}));
    };
    match sessions.read(&key_of(cookie), false).await {
        Ok(Some(record)) => json_no_store(
            StatusCode::OK,
            &json!({
                "signedIn": true,
                "subject": record.subject,
                "name": record.name,
                "plan": record.plan,
                "scope": record.scope,
                "expiresAt": at(record.ends_s),
                "idleSeconds": sessions.0.settings.idle_s,
            }),
        ),
        Ok(None) => {
            let mut response = json_no_store(StatusCode::OK, &json!({"signedIn": false}));
            if let Some(cookie) = sessions.forget() {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(error) => Trouble::store(&error).json(),
    }
}

/// RFC 3339; None beyond the years that it knows.
fn at(seconds: u64) -> Option<String> {
    let seconds = i64::try_from(seconds).ok()?;
    Some(jiff::Timestamp::from_second(seconds).ok()?.to_string())
}
