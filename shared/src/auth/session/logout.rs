//! `POST /auth/logout`: the session ends here, and the page learns where to send the browser to end the provider's. And
//! `POST /auth/backchannel-logout`: it has ended there, and the provider says so.

use axum::{
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use serde_json::json;

use super::{
    ERRORS, Sessions,
    callback::{sid_label, subject_label},
    digest, key_of,
    page::{Trouble, json_no_store},
    provider::Failure,
};
use crate::{Code, graphql::forged};

/// Ends the session. The header that no page can make a browser send to a stranger unasked is required:
/// `GraphQL-Require-Preflight: true`, as of queries by `GET`. `endSessionUrl` is where the provider ends its own session;
/// null, if there is none to end.
pub async fn logout(State(sessions): State<Sessions>, headers: HeaderMap, uri: Uri) -> Response {
    if let Some(refusal) = forged(&headers, &uri, &sessions.0.origins) {
        return refusal;
    }
    let mut response = match sessions.leave(&headers, &uri).await {
        Ok(url) => json_no_store(StatusCode::OK, &json!({"signedIn": false, "endSessionUrl": url})),
        Err(trouble) => return trouble.json(),
    };
    if let Some(cookie) = sessions.forget() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// A link, or a picture of another's page, signs nobody out.
pub async fn only_post() -> Response {
    let mut response = ERRORS.response(
        Code::MethodNotAllowed,
        "Sign out with POST and the header `GraphQL-Require-Preflight: true`; the answer says where to go then.",
    );
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    response
}

impl Sessions {
    /// Where the provider's own session ends, if it says so: ours has ended all the same.
    async fn leave(&self, headers: &HeaderMap, uri: &Uri) -> Result<Option<String>, Trouble> {
        let Some(cookie) = self.0.cookies.session(headers) else { return Ok(None) };
        let key = key_of(cookie);
        let record = self.read(&key, false).await.map_err(|error| Trouble::store(&error))?;
        self.end(&key).await.map_err(|error| Trouble::store(&error))?;
        let Some(record) = record else { return Ok(None) };
        if let Some(token) = record.refresh_token.clone() {
            self.give_back(token);
        }
        let Some(origin) = self.origin(headers, uri) else { return Ok(None) };
        let back_to = format!("{origin}{}", self.0.settings.after_logout);
        match self.0.provider.goodbye(&record.id_token, &back_to).await {
            Ok(url) => Ok(url.map(String::from)),
            Err(failure) => {
                tracing::warn!(error = failure.reason(), "the provider's session was not ended");
                Ok(None)
            }
        }
    }

    /// So that whoever has a copy of it has nothing. Nobody waits for it: who signs out has signed out here.
    pub(super) fn give_back(&self, refresh_token: String) {
        let sessions = self.clone();
        let work = async move {
            // Asked where and then asked to: each is answered within `provider_timeout_ms`, or given up.
            if let Err(failure) = sessions.0.provider.withdraw(&refresh_token).await {
                tracing::warn!(error = failure.reason(), "the provider did not take a refresh token back");
            }
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "who signs out does not wait for it, and it is bounded in time"
        )]
        tokio::spawn(work);
    }
}

/// OpenID Connect Back-Channel Logout 1.0, section 2.5: a form with a `logout_token`.
pub async fn by_provider(State(sessions): State<Sessions>, body: Bytes) -> Response {
    let mut tokens = url::form_urlencoded::parse(&body).filter(|(name, _)| name == "logout_token");
    let (Some((_, token)), None) = (tokens.next(), tokens.next()) else {
        return refused("there must be one logout_token, in a form");
    };
    let ended = match sessions.0.provider.ended(&token).await {
        Ok(ended) => ended,
        Err(Failure::Unavailable(reason)) => return later(&reason),
        Err(failure) => return refused(failure.reason()),
    };
    match sessions.0.store.once(&digest("logout", &ended.jti)).await {
        Ok(true) => {}
        Ok(false) => return refused("the logout token was used before"),
        Err(error) => return later(&error.0),
    }
    // A name of one session where there is one; all of somebody's where there is none.
    let label = match (&ended.sid, &ended.subject) {
        (Some(sid), _) => sid_label(sid),
        (None, Some(subject)) => subject_label(subject),
        (None, None) => return refused("the logout token names nobody"),
    };
    match sessions.0.store.remove_labelled(&label).await {
        Ok(keys) => {
            keys.iter().for_each(|key| sessions.0.live.over(key));
            tracing::info!(sessions = keys.len(), "the provider has ended sessions");
            ([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], StatusCode::OK).into_response()
        }
        Err(error) => later(&error.0),
    }
}

fn refused(reason: &str) -> Response {
    tracing::warn!(reason, "a logout token was refused");
    json_no_store(StatusCode::BAD_REQUEST, &json!({"error": "invalid_request", "error_description": reason}))
}

fn later(reason: &str) -> Response {
    tracing::warn!(error = reason, "a logout token cannot be followed now");
    json_no_store(StatusCode::SERVICE_UNAVAILABLE, &json!({"error": "temporarily_unavailable"}))
}
