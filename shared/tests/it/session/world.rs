//! A BFF that browsers sign in to, and its provider.

use async_graphql::{Context, Object, Subscription};
use bff::{
    Bff, ContextExt,
    config::{Scheme, Secret, Settings},
};
use futures::{Stream, StreamExt, stream};
use kit::{Place, Running, Server};

use super::{
    browser::Browser,
    provider::{CLIENT, Provider, SECRET},
};

struct Query;

#[Object]
impl Query {
    /// Who asks, and what they may.
    async fn me(&self, ctx: &Context<'_>) -> Option<String> {
        let caller = ctx.request().ok()?.caller();
        let (subject, plan) = (caller.subject()?, caller.plan().unwrap_or("no plan"));
        Some(format!("{subject} on {plan}, notes: {}", caller.has_scope("notes")))
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn press(&self, ctx: &Context<'_>) -> bool {
        ctx.request().is_ok_and(|request| request.caller().is_signed_in())
    }
}

struct Listening;

#[Subscription]
impl Listening {
    /// Once, and then never again.
    async fn ticks(&self) -> impl Stream<Item = i32> {
        stream::iter([1]).chain(stream::pending())
    }
}

pub struct World {
    pub provider: Provider,
    pub bff: Running,
}

impl World {
    pub async fn start() -> Self {
        Self::with(|_| ()).await
    }

    pub async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let provider = Provider::start().await;
        let bff = start(&provider, change).await;
        Self { provider, bff }
    }

    pub fn browser(&self) -> Browser {
        Browser::at(self.bff.url())
    }

    /// Somebody who has signed in.
    pub async fn signed_in(&self) -> Browser {
        let browser = self.browser();
        browser.sign_in(&self.provider).await;
        browser
    }
}

pub fn server(provider: &Provider) -> Server {
    let bff = Bff::new("door", "").schema(Query, Mutation, Listening);
    Server::of(bff).issuer(&provider.issuer).settings(|settings| {
        settings.auth.schemes = vec![Scheme::Session];
        settings.auth.keys_retry_s = 0;
        settings.auth.session.client_id = CLIENT.to_owned();
        settings.auth.session.client_secret = Secret::new(SECRET);
    })
}

pub async fn start(provider: &Provider, change: impl FnOnce(&mut Settings)) -> Running {
    server(provider).settings(change).start().await
}
