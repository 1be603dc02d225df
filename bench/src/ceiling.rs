//! The ceiling: what a person writes by hand for these four operations and no others, with axum, reqwest and serde.
//!
//! It knows each answer's shape in advance, decodes no field that it does not send and borrows every string from
//! the upstream's bytes. It asks level by level, like the graph: the posts of a user wait for the user.

use crate::queries::{Q1, Q2, Q3, Q4};
use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
    serve::ListenerExt,
};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::HashMap, error::Error, fmt::Write, sync::Arc};
use tokio::net::TcpListener;

type Fault = Box<dyn Error + Send + Sync>;

pub async fn serve(listener: TcpListener, upstream: String) -> Result<(), Fault> {
    let app = Router::new().route("/graphql", post(graphql)).with_state(Rest::new(upstream)?);
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    Ok(axum::serve(listener, app).await?)
}

/// The answer to Q1, for a server that does nothing but send it.
pub async fn q1(upstream: String) -> Result<Vec<u8>, Fault> {
    posts_with_users(&Rest::new(upstream)?).await
}

#[derive(Deserialize)]
struct Operation {
    query: String,
}

async fn graphql(State(rest): State<Rest>, Json(operation): Json<Operation>) -> Response {
    let answer = match operation.query.as_str() {
        q if q == Q1.document => posts_with_users(&rest).await,
        q if q == Q2.document => flat_posts(&rest).await,
        q if q == Q3.document => json(&Greeting { greet: "Hello World!" }),
        q if q == Q4.document => three_levels(&rest).await,
        _ => return (StatusCode::BAD_REQUEST, "not one of the benchmark's operations").into_response(),
    };
    match answer {
        Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Err(fault) => (StatusCode::BAD_GATEWAY, fault.to_string()).into_response(),
    }
}

#[derive(Clone)]
struct Rest {
    http: reqwest::Client,
    base: Arc<str>,
}

impl Rest {
    fn new(upstream: String) -> Result<Self, Fault> {
        Ok(Self { http: reqwest::Client::builder().no_proxy().build()?, base: upstream.into() })
    }

    async fn get(&self, path: &str) -> Result<Bytes, reqwest::Error> {
        let url = format!("{}{path}", self.base);
        self.http.get(url).send().await?.error_for_status()?.bytes().await
    }

    /// One call for the distinct `keys`, in ascending order.
    async fn get_by(&self, path: &str, keys: impl Iterator<Item = u32>) -> Result<Bytes, Fault> {
        let mut keys: Vec<u32> = keys.collect();
        keys.sort_unstable();
        keys.dedup();
        let mut url = path.to_owned();
        let (_, name) = path.split_once('?').ok_or("a path without its parameter")?;
        for (n, key) in keys.iter().enumerate() {
            match n {
                0 => write!(url, "={key}")?,
                _ => write!(url, "&{name}={key}")?,
            }
        }
        Ok(self.get(&url).await?)
    }
}

#[derive(Serialize)]
struct Answer<'a, T> {
    data: &'a T,
}

fn json(data: &impl Serialize) -> Result<Vec<u8>, Fault> {
    let mut body = Vec::with_capacity(16 * 1024);
    serde_json::to_writer(&mut body, &Answer { data })?;
    Ok(body)
}

#[derive(Serialize)]
struct Posts<T> {
    posts: Vec<T>,
}

#[derive(Serialize)]
struct Greeting {
    greet: &'static str,
}

/// Users by their id.
fn by_id<'u, 'b>(users: &'u [User<'b>]) -> HashMap<u32, &'u User<'b>> {
    users.iter().map(|user| (user.id, user)).collect()
}

#[derive(Deserialize)]
struct User<'b> {
    id: u32,
    #[serde(borrow)]
    name: Cow<'b, str>,
    #[serde(borrow)]
    email: Cow<'b, str>,
}

// ---- Q1: 100 posts, each with its user

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Post<'b> {
    id: u32,
    user_id: u32,
    #[serde(borrow)]
    title: Cow<'b, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PostWithUser<'a> {
    id: u32,
    user_id: u32,
    title: &'a str,
    user: Option<UserOfPost<'a>>,
}

#[derive(Serialize)]
struct UserOfPost<'a> {
    id: u32,
    name: &'a str,
    email: &'a str,
}

async fn posts_with_users(rest: &Rest) -> Result<Vec<u8>, Fault> {
    let body = rest.get("/posts").await?;
    let posts: Vec<Post<'_>> = serde_json::from_slice(&body)?;
    let body = rest.get_by("/users?id", posts.iter().map(|post| post.user_id)).await?;
    let users: Vec<User<'_>> = serde_json::from_slice(&body)?;
    let users = by_id(&users);
    let posts = posts.iter().map(|Post { id, user_id, title }| {
        let user = users.get(user_id).map(|u| UserOfPost { id: u.id, name: &u.name, email: &u.email });
        PostWithUser { id: *id, user_id: *user_id, title, user }
    });
    json(&Posts { posts: posts.collect() })
}

// ---- Q2: 100 posts, flat

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct FlatPost<'b> {
    id: u32,
    user_id: u32,
    #[serde(borrow)]
    title: Cow<'b, str>,
    #[serde(borrow)]
    body: Cow<'b, str>,
}

async fn flat_posts(rest: &Rest) -> Result<Vec<u8>, Fault> {
    let body = rest.get("/posts").await?;
    json(&Posts { posts: serde_json::from_slice::<Vec<FlatPost<'_>>>(&body)? })
}

// ---- Q4: ten posts, their users, those users' posts, those posts' comments

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Comment<'b> {
    id: u32,
    post_id: u32,
    #[serde(borrow)]
    name: Cow<'b, str>,
    #[serde(borrow)]
    email: Cow<'b, str>,
}

#[derive(Serialize)]
struct TopPost<'a> {
    id: u32,
    title: &'a str,
    user: Option<Author<'a>>,
}

#[derive(Serialize)]
struct Author<'a> {
    id: u32,
    name: &'a str,
    posts: Vec<PostWithComments<'a>>,
}

#[derive(Serialize)]
struct PostWithComments<'a> {
    id: u32,
    title: &'a str,
    comments: Vec<CommentOfPost<'a>>,
}

#[derive(Serialize)]
struct CommentOfPost<'a> {
    id: u32,
    name: &'a str,
    email: &'a str,
}

async fn three_levels(rest: &Rest) -> Result<Vec<u8>, Fault> {
    let body = rest.get("/posts?_limit=10").await?;
    let top: Vec<Post<'_>> = serde_json::from_slice(&body)?;
    let body = rest.get_by("/users?id", top.iter().map(|post| post.user_id)).await?;
    let users: Vec<User<'_>> = serde_json::from_slice(&body)?;
    let body = rest.get_by("/posts?userId", users.iter().map(|user| user.id)).await?;
    let posts: Vec<Post<'_>> = serde_json::from_slice(&body)?;
    let body = rest.get_by("/comments?postId", posts.iter().map(|post| post.id)).await?;
    let comments: Vec<Comment<'_>> = serde_json::from_slice(&body)?;

    let users = by_id(&users);
    let mut posts_of: HashMap<u32, Vec<&Post<'_>>> = HashMap::new();
    for post in &posts {
        posts_of.entry(post.user_id).or_default().push(post);
    }
    let mut comments_of: HashMap<u32, Vec<&Comment<'_>>> = HashMap::new();
    for comment in &comments {
        comments_of.entry(comment.post_id).or_default().push(comment);
    }
    let comments = |post: u32| {
        let comments = comments_of.get(&post).into_iter().flatten();
        comments.map(|c| CommentOfPost { id: c.id, name: &c.name, email: &c.email }).collect()
    };
    let posts = |user: u32| {
        let posts = posts_of.get(&user).into_iter().flatten();
        posts.map(|p| PostWithComments { id: p.id, title: &p.title, comments: comments(p.id) }).collect()
    };
    let author = |post: &Post<'_>| {
        users.get(&post.user_id).map(|u| Author { id: u.id, name: &u.name, posts: posts(u.id) })
    };
    let posts =
        top.iter().map(|post| TopPost { id: post.id, title: &post.title, user: author(post) }).collect();
    json(&Posts { posts })
}
