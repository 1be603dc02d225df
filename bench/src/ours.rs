//! The same schema as a team writes it on `shared`: three entities, four questions, everything on as in production.

use async_graphql::{Context, EmptyMutation, Object, Subscription};
use bff::{
    Ask, Bff, ContextExt, IntoAsk, Text, Upstream,
    app::{Running, Signals},
    config::{self, Problems, Settings, Spec},
    edges, entity, question,
};
use futures::{Stream, StreamExt};
use serde::Deserialize;
use std::{error::Error, net::SocketAddr};

use crate::seat;

const REST: Upstream = Upstream::named("rest");

/// Something somebody wrote.
#[entity(wire = "camelCase")]
pub struct Post {
    id: u32,
    user_id: u32,
    title: Text,
    body: Text,
}

#[edges]
impl Post {
    fn user(&self) -> Ask<UserById> {
        UserById(self.user_id).ask()
    }

    fn comments(&self) -> Ask<CommentsOf> {
        CommentsOf(self.id).ask()
    }
}

/// Somebody who writes.
#[entity]
pub struct User {
    id: u32,
    name: Text,
    username: Text,
    email: Text,
    phone: Option<Text>,
    website: Option<Text>,
}

#[edges]
impl User {
    fn posts(&self) -> Ask<PostsOf> {
        PostsOf(self.id).ask()
    }

    /// The same user once more: a level of the graph that asks nothing new, to measure what going down costs.
    fn same(&self) -> Ask<UserById> {
        UserById(self.id).ask()
    }
}

/// What somebody said about it.
#[entity(wire = "camelCase")]
pub struct Comment {
    id: u32,
    post_id: u32,
    name: Text,
    email: Text,
    body: Text,
}

/// All posts, or the first so many.
#[question(upstream = REST, get = "/posts", row = Post, many, all_fields, public)]
pub struct AllPosts {
    #[query("_limit")]
    limit: Option<u32>,
}

/// A user, by id.
#[question(upstream = REST, get = "/users", key = "id", row = User, by = id, repeat, all_fields, public)]
pub struct UserById(u32);

/// What a user wrote.
#[question(upstream = REST, get = "/posts", key = "userId", row = Post, by = user_id, many, repeat, all_fields, public)]
pub struct PostsOf(u32);

/// What was said about a post.
#[question(upstream = REST, get = "/comments", key = "postId", row = Comment, by = post_id, many, repeat, all_fields, public)]
pub struct CommentsOf(u32);

struct Query;

#[Object]
impl Query {
    async fn posts(&self, limit: Option<u32>) -> Ask<AllPosts> {
        AllPosts { limit }.ask()
    }

    async fn user(&self, id: u32) -> Ask<UserById> {
        UserById(id).ask()
    }

    async fn greet(&self) -> &str {
        "Hello World!"
    }
}

/// A post is not what it was.
#[entity(local)]
pub struct Changed {
    post_id: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    post_id: u32,
}

struct Changes;

#[Subscription]
impl Changes {
    async fn post_changed(&self, ctx: &Context<'_>) -> async_graphql::Result<impl Stream<Item = Changed>> {
        let events = ctx.events(&REST, "/changes")?.for_everybody().json().await?;
        Ok(events.map(|event: Event| Changed { post_id: event.post_id }))
    }
}

/// The production profile (guard, limits, deadline, trace and metrics on), changed by `set` (`section.key=value`).
pub fn settings(set: &[String]) -> Result<Settings, Problems> {
    let spec = Spec { service: "ours", toml: "" };
    let args = config::Args { set: set.to_vec(), ..config::Args::default() };
    // Not the environment's: what is measured is what the driver says.
    Ok(config::resolve::<()>(&spec, &args, [])?.0)
}

/// Starts it; nothing is logged, as by the peers.
pub async fn start(
    listen: SocketAddr,
    upstream: &str,
    set: &[String],
) -> Result<Running, Box<dyn Error + Send + Sync>> {
    let mut settings = settings(set)?;
    // What a level costs is measured on a document that is deeper than any client's should be.
    settings.limits.depth = settings.limits.depth.max(64);
    settings.listen = listen;
    settings.upstreams = [("rest".to_owned(), upstream.parse()?)].into();
    Ok(Bff::new("ours", "").upstreams(&[REST]).schema(Query, EmptyMutation, Changes).start(settings).await?)
}

/// Serves until the process ends.
pub async fn serve(
    listen: SocketAddr,
    upstream: String,
    set: Vec<String>,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let signals = Signals::heard();
    let running = start(listen, &upstream, &set).await?;
    if let Some(admin) = running.admin {
        seat::announce_admin(admin);
    }
    seat::announce(running.addr);
    running.serve_until(signals).await;
    Ok(())
}
