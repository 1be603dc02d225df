//! A browser: keeps cookies as it is told, and goes nowhere by itself.

use std::collections::BTreeMap;

use http::{Method, header};
use kit::{Value, json};
use parking_lot::Mutex;

use super::provider::Provider;
use crate::client::{Answer, send};

/// The service's cookie.
pub const SESSION: &str = "__Host-door-session";
const LOGIN: &str = "__Host-door-login-";

/// What a page of ours sends with whatever changes something.
pub const MARK: (&str, &str) = ("graphql-require-preflight", "true");

pub struct Browser {
    base: String,
    http: reqwest::Client,
    pub cookies: Mutex<BTreeMap<String, String>>,
}

impl Browser {
    pub fn at(base: String) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { base, http, cookies: Mutex::default() }
    }

    /// The same cookies, at another server of the same host's.
    pub fn moved_to(&self, base: String) -> Self {
        Self { base, http: self.http.clone(), cookies: Mutex::new(self.cookies.lock().clone()) }
    }

    /// Somebody else with a copy of the cookies.
    pub fn thief(&self) -> Self {
        self.moved_to(self.base.clone())
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        let request = self.http.request(method, url);
        match self.cookie_header() {
            cookies if cookies.is_empty() => request,
            cookies => request.header(header::COOKIE, cookies),
        }
    }

    pub fn cookie_header(&self) -> String {
        let cookies = self.cookies.lock();
        cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// Sends it, and keeps what cookies it is told to; every one of ours is as safe as a cookie can be.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let answer = send(request).await;
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (pair, attributes) = cookie.split_once("; ").unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            assert!(attributes.starts_with("Path=/; Secure; HttpOnly; SameSite=Lax"), "{cookie}");
            assert!(name.starts_with("__Host-") && !attributes.contains("Domain"), "{cookie}");
            if attributes.contains("Max-Age=0") {
                self.cookies.lock().remove(name);
            } else {
                self.cookies.lock().insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// As a navigation, which wants a page.
    pub async fn go(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path).header(header::ACCEPT, "text/html,*/*;q=0.8")).await
    }

    pub async fn post(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let request = self.request(Method::POST, path);
        self.send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
    }

    pub async fn query(&self, document: &str) -> Answer {
        self.send(self.request(Method::POST, "/graphql").json(&json!({"query": document}))).await
    }

    /// Who the server thinks it is.
    pub async fn me(&self) -> Value {
        let answer = self.query("{ me }").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["data"]["me"].clone()
    }

    /// Whether it is still signed in; asking is no use of the session.
    pub async fn is_signed_in(&self) -> bool {
        self.get("/auth/session").await.json()["signedIn"].as_bool().unwrap()
    }

    /// Goes to the provider: where it is asked to sign in.
    pub async fn leave(&self) -> String {
        location(&self.get("/auth/login?returnTo=/home").await)
    }

    /// All of it, up to the answer of the callback.
    pub async fn try_sign_in(&self, provider: &Provider) -> Answer {
        let back = provider.click(&self.leave().await);
        self.go(&back).await
    }

    pub async fn sign_in(&self, provider: &Provider) {
        let answer = self.try_sign_in(provider).await;
        assert_eq!(location(&answer), "/home", "{}", answer.text);
        assert!(!self.cookie_header().contains(LOGIN), "{}", self.cookie_header());
    }

    pub fn session(&self) -> Option<String> {
        self.cookies.lock().get(SESSION).cloned()
    }

    pub fn has_login(&self) -> bool {
        self.cookies.lock().keys().any(|name| name.starts_with(LOGIN))
    }
}

pub fn location(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    answer.headers[header::LOCATION].to_str().unwrap().to_owned()
}
