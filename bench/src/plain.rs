//! What a team gets from async-graphql, async-graphql-axum and their DataLoader, used as their documentation says.

use async_graphql::{
    ComplexObject, Context, EmptyMutation, EmptySubscription, Object, Result, Schema, SimpleObject,
    dataloader::{DataLoader, Loader},
};
use async_graphql_axum::{GraphQLRequest, GraphQLResponse};
use axum::{Router, extract::State, routing::post, serve::ListenerExt};
use serde::{Deserialize, de::DeserializeOwned};
use std::{collections::HashMap, error::Error, fmt::Display, sync::Arc};
use tokio::net::TcpListener;

pub async fn serve(listener: TcpListener, upstream: String) -> Result<(), Box<dyn Error + Send + Sync>> {
    let rest = Rest { http: reqwest::Client::builder().no_proxy().build()?, base: upstream.into() };
    let schema = Schema::build(Query, EmptyMutation, EmptySubscription).data(rest.clone()).finish();
    let app = Router::new().route("/graphql", post(graphql)).with_state((schema, rest));
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    Ok(axum::serve(listener, app).await?)
}

type PlainSchema = Schema<Query, EmptyMutation, EmptySubscription>;

/// The loaders are made per request, as the DataLoader's documentation shows: one for all would mix callers.
async fn graphql(
    State((schema, rest)): State<(PlainSchema, Rest)>,
    request: GraphQLRequest,
) -> GraphQLResponse {
    let request = request
        .into_inner()
        .data(DataLoader::new(UserById(rest.clone()), tokio::spawn))
        .data(DataLoader::new(PostsOf(rest.clone()), tokio::spawn))
        .data(DataLoader::new(CommentsOf(rest), tokio::spawn));
    schema.execute(request).await.into()
}

#[derive(Clone)]
struct Rest {
    http: reqwest::Client,
    base: Arc<str>,
}

impl Rest {
    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Arc<reqwest::Error>> {
        let url = format!("{}{path}", self.base);
        let answer = async { self.http.get(url).send().await?.error_for_status()?.json().await };
        answer.await.map_err(Arc::new)
    }
}

#[derive(SimpleObject, Deserialize, Clone)]
#[graphql(complex)]
#[serde(rename_all = "camelCase")]
struct Post {
    id: u32,
    user_id: u32,
    title: String,
    body: String,
}

#[ComplexObject]
impl Post {
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        Ok(ctx.data::<DataLoader<UserById>>()?.load_one(self.user_id).await?)
    }

    async fn comments(&self, ctx: &Context<'_>) -> Result<Vec<Comment>> {
        Ok(ctx.data::<DataLoader<CommentsOf>>()?.load_one(self.id).await?.unwrap_or_default())
    }
}

#[derive(SimpleObject, Deserialize, Clone)]
#[graphql(complex)]
struct User {
    id: u32,
    name: String,
    username: String,
    email: String,
    phone: Option<String>,
    website: Option<String>,
}

#[ComplexObject]
impl User {
    async fn posts(&self, ctx: &Context<'_>) -> Result<Vec<Post>> {
        Ok(ctx.data::<DataLoader<PostsOf>>()?.load_one(self.id).await?.unwrap_or_default())
    }
}

#[derive(SimpleObject, Deserialize, Clone)]
#[serde(rename_all = "camelCase")]
struct Comment {
    id: u32,
    post_id: u32,
    name: String,
    email: String,
    body: String,
}

struct Query;

#[Object]
impl Query {
    async fn posts(&self, ctx: &Context<'_>, limit: Option<u32>) -> Result<Vec<Post>> {
        let rest = ctx.data::<Rest>()?;
        Ok(match limit {
            Some(limit) => rest.get(&format!("/posts?_limit={limit}")).await?,
            None => rest.get("/posts").await?,
        })
    }

    async fn user(&self, ctx: &Context<'_>, id: u32) -> Result<Option<User>> {
        Ok(ctx.data::<DataLoader<UserById>>()?.load_one(id).await?)
    }

    async fn greet(&self) -> &str {
        "Hello World!"
    }
}

struct UserById(Rest);
struct PostsOf(Rest);
struct CommentsOf(Rest);

impl Loader<u32> for UserById {
    type Value = User;
    type Error = Arc<reqwest::Error>;

    async fn load(&self, keys: &[u32]) -> Result<HashMap<u32, User>, Self::Error> {
        let users: Vec<User> = self.0.get(&format!("/users?{}", each("id", keys))).await?;
        Ok(users.into_iter().map(|user| (user.id, user)).collect())
    }
}

impl Loader<u32> for PostsOf {
    type Value = Vec<Post>;
    type Error = Arc<reqwest::Error>;

    async fn load(&self, keys: &[u32]) -> Result<HashMap<u32, Vec<Post>>, Self::Error> {
        let posts: Vec<Post> = self.0.get(&format!("/posts?{}", each("userId", keys))).await?;
        Ok(group(posts, |post| post.user_id))
    }
}

impl Loader<u32> for CommentsOf {
    type Value = Vec<Comment>;
    type Error = Arc<reqwest::Error>;

    async fn load(&self, keys: &[u32]) -> Result<HashMap<u32, Vec<Comment>>, Self::Error> {
        let comments: Vec<Comment> = self.0.get(&format!("/comments?{}", each("postId", keys))).await?;
        Ok(group(comments, |comment| comment.post_id))
    }
}

fn each(name: &str, keys: &[impl Display]) -> String {
    keys.iter().map(|key| format!("{name}={key}")).collect::<Vec<_>>().join("&")
}

fn group<T>(rows: Vec<T>, key: impl Fn(&T) -> u32) -> HashMap<u32, Vec<T>> {
    let mut groups: HashMap<u32, Vec<T>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}
