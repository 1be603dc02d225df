//! What these paths answer: a page to a browser that goes there, JSON to a script.

use std::{borrow::Cow, time::Duration};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::Value;

use super::{ERRORS, provider::Failure, store::StoreError};
use crate::{Code, Fault};

/// Until a provider or a store may be back.
const COME_BACK: Duration = Duration::from_secs(5);

/// Why somebody is not signed in or out.
pub struct Trouble(Fault);

impl Trouble {
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Fault::new(code, message))
    }

    /// Nobody is signed in, for this reason.
    pub fn sign_in(reason: String) -> Self {
        Self::new(Code::SignInFailed, format!("{reason} Sign in again, at `/auth/login`."))
    }

    pub fn internal() -> Self {
        Self(Fault::internal())
    }

    pub fn store(error: &StoreError) -> Self {
        tracing::warn!(error = %error, "sessions cannot be read or written");
        let message = "Sessions cannot be looked up at the moment. Try again shortly.";
        Self(Fault::new(Code::AuthenticationUnavailable, message).after(COME_BACK))
    }

    /// What the provider has to do with; its reasons are for the log.
    pub fn of(failure: &Failure) -> Self {
        tracing::warn!(error = failure.reason(), "nobody could be signed in");
        match failure {
            Failure::Unavailable(_) => {
                let message =
                    "The provider that signs you in does not answer as it should. Try again shortly.";
                Self(Fault::new(Code::AuthenticationUnavailable, message).after(COME_BACK))
            }
            Failure::Refused(_) => {
                Self::sign_in("The provider does not know this sign-in any more.".to_owned())
            }
            Failure::Untrusted(_) => Self::sign_in("What the provider says cannot be believed.".to_owned()),
        }
    }

    /// As JSON.
    pub fn json(&self) -> Response {
        let mut response = ERRORS.refusal(&self.0);
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }

    /// As a page, to whom that says more.
    pub fn response(&self, headers: &HeaderMap) -> Response {
        let mut response = self.json();
        let wants_page = headers
            .get_all(header::ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .any(|value| value.contains("text/html"));
        if wants_page {
            let policy =
                "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";
            let head = response.headers_mut();
            head.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
            head.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
            *response.body_mut() = Body::from(self.page());
        }
        response
    }

    fn page(&self) -> String {
        let message = self.0.message.replace('&', "&amp;").replace('<', "&lt;");
        let code = self.0.code.as_str();
        format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Not signed in</title>\
             <meta name=\"viewport\" content=\"width=device-width\">\
             <style>body{{font:16px system-ui;max-width:28rem;margin:3rem auto;padding:0 1rem}}</style>\
             <h1>You are not signed in</h1><p>{message}</p><p><code>{code}</code></p>\
             <p><a href=\"/auth/login\">Sign in</a></p></html>"
        )
    }
}

pub fn no_store(status: StatusCode) -> Response {
    (status, [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))]).into_response()
}

pub fn json_no_store(status: StatusCode, body: &Value) -> Response {
    let head = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::VARY, HeaderValue::from_static("cookie")),
    ];
    (status, head, body.to_string()).into_response()
}
