//! The BFF that these tests send requests to, which counts how often anything of it ran.

use crate::client::{Answer, send};
use async_graphql::{EmptySubscription, Object};
use bff::Bff;
use http::Method;
use kit::{Running, Server};
use reqwest::RequestBuilder;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

pub const MODERN: &str = "application/graphql-response+json";
pub const JSON: &str = "application/json";

#[derive(Clone, Default)]
struct Ran(Arc<AtomicUsize>);

struct Query(Ran);

#[Object]
impl Query {
    async fn echo(&self, text: String) -> String {
        self.0.0.fetch_add(1, Relaxed);
        text
    }

    async fn must_fail(&self) -> async_graphql::Result<i32> {
        Err(bff::Fault::bad_input("No.").into())
    }
}

struct Mutation(Ran);

#[Object]
impl Mutation {
    async fn press(&self) -> bool {
        self.0.0.fetch_add(1, Relaxed);
        true
    }
}

/// A root for a server that does not start.
pub fn nothing() -> impl async_graphql::ObjectType {
    Query(Ran::default())
}

pub struct World {
    pub bff: Running,
    ran: Ran,
}

impl World {
    pub async fn start() -> Self {
        Self::with(|server| server).await
    }

    pub async fn with(change: impl FnOnce(Server) -> Server) -> Self {
        let ran = Ran::default();
        let bff = Bff::new("door", "").schema(Query(ran.clone()), Mutation(ran.clone()), EmptySubscription);
        Self { bff: change(Server::of(bff)).start().await, ran }
    }

    /// How often a field has run.
    pub fn ran(&self) -> usize {
        self.ran.0.load(Relaxed)
    }

    /// A POST without anything but its body and these headers.
    pub async fn post(&self, body: impl Into<reqwest::Body>, headers: &[(&str, &str)]) -> Answer {
        send(with(self.bff.request(Method::POST, "/graphql").body(body), headers)).await
    }

    /// A GET of `/graphql?<query>` without anything but these headers.
    pub async fn get(&self, query: &str, headers: &[(&str, &str)]) -> Answer {
        send(with(self.bff.request(Method::GET, &format!("/graphql?{query}")), headers)).await
    }
}

fn with(request: RequestBuilder, headers: &[(&str, &str)]) -> RequestBuilder {
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Status, essence of the media type, code of the first error.
    pub fn told(&self) -> (u16, &str, String) {
        let media = self.header("content-type").split(';').next().unwrap();
        (self.status.as_u16(), media, self.code().as_str().unwrap_or_default().to_owned())
    }
}
