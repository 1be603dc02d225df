//! The BFF that these tests ask: posts, who wrote them, and what is said of them, over one upstream that can be held.

use async_graphql::{Context, EmptySubscription, ID, Object};
use bff::{
    Ask, Bff, ContextExt, Deferrable, Fault, Have, IntoAsk, Many, Maybe, One, RequestContext, Upstream,
    edges, entity, question,
};
use kit::{Fake, Gate, Parts, Reply, Running, Server, Value, json, put_together};

pub const REST: Upstream = Upstream::named("rest");
/// The two forms, as clients ask for them.
pub const CURRENT: &str = "multipart/mixed; incrementalSpec=v0.2, application/json;q=0.9";
pub const FORMER: &str =
    "multipart/mixed;deferSpec=20220824,application/graphql-response+json,application/json;q=0.9";

/// Something to read.
#[entity]
pub struct Post {
    pub id: ID,
    title: String,
    #[graphql(skip)]
    author_id: ID,
}

#[edges]
impl Post {
    fn author(&self) -> Ask<UserById> {
        UserById(self.author_id.clone()).ask()
    }

    /// The post means nothing without.
    fn the_author(&self) -> Ask<UserById, One> {
        UserById(self.author_id.clone()).ask()
    }

    fn comments(&self) -> Ask<CommentsOf> {
        CommentsOf(self.id.clone()).ask()
    }

    /// The post means nothing without.
    fn the_comments(&self) -> Ask<CommentsOf, Many> {
        CommentsOf(self.id.clone()).ask()
    }
}

/// Somebody.
#[entity]
pub struct User {
    pub id: ID,
    name: String,
    bio: Option<String>,
    home: Option<Home>,
    /// Only for those who are signed in.
    #[graphql(guard = signed_in)]
    email: Option<String>,
}

fn signed_in(request: &RequestContext) -> Result<(), Fault> {
    request.subject().map(|_| ())
}

#[edges]
impl User {
    fn posts(&self) -> Ask<PostsOf> {
        PostsOf(self.id.clone()).ask()
    }
}

/// Stands in the user's row.
#[entity]
pub struct Home {
    city: String,
    country: String,
}

/// What is said of a post.
#[entity]
pub struct Comment {
    pub id: ID,
    text: String,
    #[graphql(skip)]
    post_id: ID,
    #[graphql(skip)]
    user_id: ID,
}

#[edges]
impl Comment {
    fn author(&self) -> Ask<UserById> {
        UserById(self.user_id.clone()).ask()
    }
}

/// What a search finds.
#[entity]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Hit {
    Post(Post),
    User(User),
}

#[question(upstream = REST, get = "/posts", key = "ids", row = Post, by = id, public)]
pub struct PostById(pub ID);

#[question(upstream = REST, get = "/posts", row = Post, many, public)]
pub struct AllPosts {}

#[question(upstream = REST, get = "/posts", key = "author_ids", row = Post, by = author_id, many, public)]
pub struct PostsOf(pub ID);

#[question(upstream = REST, get = "/users", key = "ids", row = User, by = id, public)]
pub struct UserById(pub ID);

#[question(upstream = REST, get = "/comments", key = "post_ids", row = Comment, by = post_id, many, public)]
pub struct CommentsOf(pub ID);

#[question(upstream = REST, get = "/search", row = Hit, many, public, all_fields)]
pub struct Search {}

/// A screen that a resolver makes by hand.
#[entity(local)]
pub struct Screen {
    title: String,
    #[graphql(skip)]
    post: ID,
}

#[edges]
impl Screen {
    fn post(&self) -> Ask<PostById> {
        PostById(self.post.clone()).ask()
    }
}

#[derive(Default)]
pub struct Query;

#[Object]
impl Query {
    async fn post(&self, id: ID) -> Ask<PostById> {
        PostById(id).ask()
    }

    async fn posts(&self) -> Ask<AllPosts> {
        AllPosts {}.ask()
    }

    async fn the_post(&self, id: ID) -> Ask<PostById, One> {
        PostById(id).ask()
    }

    async fn user(&self, id: ID) -> Ask<UserById> {
        UserById(id).ask()
    }

    async fn search(&self) -> Ask<Search> {
        Search {}.ask()
    }

    async fn screen(&self, ctx: &Context<'_>, id: ID) -> async_graphql::Result<Option<Screen>> {
        let rows = ctx.load(PostById(id.clone())).await?;
        Ok(rows.first().map(|post| Screen { title: post.title.clone(), post: id }))
    }

    async fn have(&self) -> Have<Screen, Maybe> {
        Have::maybe(Some(Screen { title: String::from("had"), post: ID::from("p1") }))
    }

    async fn answer(&self) -> i32 {
        42
    }
}

pub struct Mutation;

#[Object]
impl Mutation {
    async fn retitle(
        &self,
        ctx: &Context<'_>,
        id: ID,
        title: String,
    ) -> async_graphql::Result<Option<Screen>> {
        let write = ctx.write(&REST)?.put(format!("/posts/{}", id.as_str()));
        write.json(&json!({"title": title})).send_and_forget().await?.done()?;
        Ok(Some(Screen { title, post: id }))
    }
}

pub fn bff() -> Bff {
    Bff::new("parts", "deadline_ms = 5000").upstreams(&[REST]).schema(
        Deferrable(Query),
        Mutation,
        EmptySubscription,
    )
}

pub struct World {
    pub rest: Fake,
    pub bff: Running,
}

impl World {
    pub async fn start() -> Self {
        Self::with(|server| server).await
    }

    pub async fn with(change: impl FnOnce(Server) -> Server) -> Self {
        let rest = Fake::start().await;
        rest.table("/posts", &[("ids", "id"), ("author_ids", "author_id")], posts());
        rest.table("/users", &[("ids", "id")], users());
        rest.table("/comments", &[("post_ids", "post_id")], comments());
        rest.get("/search", |_| json!({"items": hits()}));
        rest.put("/posts/{id}", |_| json!({}));
        let bff = change(Server::of(bff()).upstream("rest", &rest)).start().await;
        Self { rest, bff }
    }

    /// Comments are held back until the gate is opened.
    pub fn hold_comments(&self) -> Gate {
        let gate = Gate::closed();
        let held = gate.clone();
        self.rest.get("/comments", move |call| {
            let asked = call.list("post_ids");
            let rows: Vec<_> = comments().as_array().unwrap().clone();
            let of = |row: &Value| asked.iter().any(|id| row["post_id"] == *id);
            Reply::json(200, json!({"items": rows.into_iter().filter(of).collect::<Vec<_>>()})).after(&held)
        });
        gate
    }

    pub async fn ask(&self, document: &str) -> Parts {
        self.bff.query(document).in_parts(CURRENT).await
    }

    /// All parts, and that they make up what is answered where nothing is put off.
    pub async fn all(&self, accept: &str, document: &str, variables: Value) -> Vec<Value> {
        let whole = self.bff.query(document).variables(variables.clone()).await;
        let parts = self.bff.query(document).variables(variables).in_parts(accept).await;
        assert!(parts.media().starts_with("multipart/mixed"), "{}: {whole}", parts.media());
        let parts: Vec<Value> = parts.rest().await.into_iter().map(bare).collect();
        let together = put_together(&parts);
        assert_eq!(together["data"], whole.json["data"], "{document}\n{parts:#?}");
        parts
    }
}

/// Without what is told of the fan-out.
pub fn bare(mut part: Value) -> Value {
    if let Some(part) = part.as_object_mut() {
        part.remove("extensions");
    }
    part
}

pub fn posts() -> Value {
    json!([
        {"id": "p1", "title": "One", "author_id": "u1"},
        {"id": "p2", "title": "Two", "author_id": "u2"},
        {"id": "p3", "title": "Three", "author_id": "u1"},
    ])
}

fn users() -> Value {
    json!([
        {"id": "u1", "name": "Ada", "bio": "Counts", "email": "ada@x", "home": {"city": "London", "country": "UK"}},
        {"id": "u2", "name": "Bo", "bio": null, "email": null, "home": null},
    ])
}

fn comments() -> Value {
    json!([
        {"id": "c1", "text": "Good", "post_id": "p1", "user_id": "u2"},
        {"id": "c2", "text": "Bad", "post_id": "p1", "user_id": "u1"},
        {"id": "c3", "text": "Hm", "post_id": "p2", "user_id": "u2"},
    ])
}

fn hits() -> Value {
    json!([
        {"type": "post", "id": "p1", "title": "One", "author_id": "u1"},
        {"type": "user", "id": "u2", "name": "Bo", "bio": null, "email": null, "home": null},
    ])
}
