//! What every test starts with: a server on a free port and a way to ask it.

use axum::Router;
use bff::{
    app::{self, App, Running},
    config::Settings,
};
use http::{HeaderMap, StatusCode};
use serde_json::Value;

/// Settings with an admin port.
pub fn settings() -> Settings {
    Settings { admin: Some("127.0.0.1:0".parse().unwrap()), ..Settings::ephemeral("sample") }
}

pub async fn serve(settings: Settings, public: Router) -> Running {
    app::start(App::new(settings, public)).await.unwrap()
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn code(&self) -> Value {
        self.json()["errors"][0]["extensions"]["code"].clone()
    }
}

pub async fn send(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    Answer { status, headers, text: response.text().await.unwrap() }
}

pub async fn get(url: impl AsRef<str>) -> Answer {
    send(reqwest::Client::new().get(url.as_ref())).await
}
