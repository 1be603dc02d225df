//! The REST service that every server asks: posts, users and comments, rendered once, calls counted.
//!
//! `GET /posts`, `/posts?_limit=10`, `/posts?userId=1&userId=2`, `/users?id=1&id=2`, `/comments?postId=1&postId=2`
//! (a value may also be a comma-separated list). For the driver: `POST /__calls` forgets the calls counted and
//! `GET /__calls` tells them per path; `POST /__latency?ms=5` sets how long every answer waits.

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Method, Request, Response, StatusCode, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::json;
use std::{
    collections::BTreeMap,
    convert::Infallible,
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::net::TcpListener;

const USERS: usize = 10;
const POSTS: usize = 100;
const COMMENTS_PER_POST: usize = 5;

/// With `max_age`, every answer may be kept for so many seconds.
pub async fn serve(listener: TcpListener, max_age: Option<u32>) -> Result<(), Box<dyn Error + Send + Sync>> {
    let rest = Arc::new(Rest { max_age, ..Rest::new() });
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let rest = rest.clone();
        tokio::spawn(async move {
            let answer = service_fn(move |request: Request<Incoming>| {
                let rest = rest.clone();
                async move { Ok::<_, Infallible>(rest.answer(&request).await) }
            });
            // A client that goes away ends its connection; nobody else needs to know.
            let _ = hyper::server::conn::http1::Builder::new()
                .pipeline_flush(true)
                .serve_connection(TokioIo::new(stream), answer)
                .await;
        });
    }
}

/// A resource's rows as JSON texts, found by the number (1, 2, …) that a query asks for.
struct Rows {
    by: &'static str,
    texts: Vec<String>,
}

pub struct Rest {
    max_age: Option<u32>,
    all_posts: Bytes,
    posts: Rows,
    posts_of_user: Rows,
    users: Rows,
    comments_of_post: Rows,
    latency_ms: AtomicU64,
    posts_calls: AtomicU64,
    users_calls: AtomicU64,
    comments_calls: AtomicU64,
}

impl Rest {
    pub fn new() -> Self {
        let posts: Vec<String> = (1..=POSTS).map(post).collect();
        let of_user = |user| (1..=POSTS).filter(move |p| author(*p) == user).map(|p| posts[p - 1].clone());
        let posts_of_user = (1..=USERS).map(|u| of_user(u).collect::<Vec<_>>().join(",")).collect();
        let of_post = |p: usize| (1..=COMMENTS_PER_POST).map(move |n| comment(p, n)).collect::<Vec<_>>();
        Self {
            max_age: None,
            all_posts: format!("[{}]", posts.join(",")).into(),
            posts_of_user: Rows { by: "userId", texts: posts_of_user },
            users: Rows { by: "id", texts: (1..=USERS).map(user).collect() },
            comments_of_post: Rows {
                by: "postId",
                texts: (1..=POSTS).map(|p| of_post(p).join(",")).collect(),
            },
            posts: Rows { by: "id", texts: posts },
            latency_ms: AtomicU64::new(0),
            posts_calls: AtomicU64::new(0),
            users_calls: AtomicU64::new(0),
            comments_calls: AtomicU64::new(0),
        }
    }

    pub async fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let query = request.uri().query().unwrap_or_default();
        let (calls, body) = match (request.method(), request.uri().path()) {
            (&Method::GET, "/posts") => (&self.posts_calls, self.posts(query)),
            (&Method::GET, "/users") => (&self.users_calls, self.users.asked(query)),
            (&Method::GET, "/comments") => (&self.comments_calls, self.comments_of_post.asked(query)),
            (_, path) if path.starts_with("/__") => return self.control(request.method(), path, query),
            _ => return status(StatusCode::NOT_FOUND),
        };
        calls.fetch_add(1, Relaxed);
        match self.latency_ms.load(Relaxed) {
            0 => {}
            ms => tokio::time::sleep(Duration::from_millis(ms)).await,
        }
        let mut answer = json_of(body);
        if let Some(max_age) = self.max_age {
            let fresh = hyper::header::HeaderValue::from_str(&format!("public, max-age={max_age}"));
            answer.headers_mut().extend(fresh.ok().map(|fresh| (hyper::header::CACHE_CONTROL, fresh)));
        }
        answer
    }

    fn posts(&self, query: &str) -> Bytes {
        if asks(query, self.posts_of_user.by) {
            return self.posts_of_user.asked(query);
        }
        if asks(query, self.posts.by) {
            return self.posts.asked(query);
        }
        match values(query, "_limit").next() {
            Some(limit) => list(self.posts.texts.iter().take(limit)),
            None => self.all_posts.clone(),
        }
    }

    fn control(&self, method: &Method, path: &str, query: &str) -> Response<Full<Bytes>> {
        let counters = [
            ("/posts", &self.posts_calls),
            ("/users", &self.users_calls),
            ("/comments", &self.comments_calls),
        ];
        match (method, path) {
            (&Method::GET, "/__calls") => {
                let calls: BTreeMap<_, _> = counters.map(|(path, n)| (path, n.load(Relaxed))).into();
                json_of(json!(calls).to_string().into())
            }
            (&Method::POST, "/__calls") => {
                counters.iter().for_each(|(_, n)| n.store(0, Relaxed));
                status(StatusCode::NO_CONTENT)
            }
            (&Method::POST, "/__latency") => match values(query, "ms").next() {
                Some(ms) => {
                    self.latency_ms.store(ms as u64, Relaxed);
                    status(StatusCode::NO_CONTENT)
                }
                None => status(StatusCode::BAD_REQUEST),
            },
            _ => status(StatusCode::NOT_FOUND),
        }
    }
}

impl Rows {
    /// The rows of the numbers asked for, in the order asked; unknown ones are absent.
    fn asked(&self, query: &str) -> Bytes {
        list(values(query, self.by).filter_map(|n| self.texts.get(n.wrapping_sub(1))))
    }
}

/// The numbers that `?name=1&name=2` or `?name=1,2` asks for.
fn values<'q>(query: &'q str, name: &'q str) -> impl Iterator<Item = usize> + 'q {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .filter(move |(key, _)| *key == name)
        .flat_map(|(_, value)| value.split(','))
        .filter_map(|number| number.parse().ok())
}

fn asks(query: &str, name: &str) -> bool {
    query.split('&').any(|pair| pair.split_once('=').is_some_and(|(key, _)| key == name))
}

fn list<'t>(texts: impl Iterator<Item = &'t String>) -> Bytes {
    let mut body = String::with_capacity(16 * 1024);
    body.push('[');
    for text in texts {
        if body.len() > 1 {
            body.push(',');
        }
        body.push_str(text);
    }
    body.push(']');
    body.into()
}

fn json_of(body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    let json = hyper::header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, json);
    response
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

/// Authors take turns, so that the first ten posts (Q4) have ten different ones.
fn author(post: usize) -> usize {
    (post - 1) % USERS + 1
}

fn post(id: usize) -> String {
    json!({ "userId": author(id), "id": id, "title": words(id, 6), "body": words(id * 7, 24) }).to_string()
}

fn user(id: usize) -> String {
    let name = words(id * 31, 2);
    let username = words(id * 37, 1);
    json!({
        "id": id, "name": name, "username": username, "email": format!("{username}{id}@example.org"),
        "phone": format!("+44 20 7946 {:04}", id * 97), "website": format!("{username}.example.org"),
        "address": { "street": words(id * 41, 2), "city": words(id * 43, 1), "zipcode": format!("{:05}", id * 1013) },
        "company": { "name": words(id * 47, 2), "catchPhrase": words(id * 53, 4) },
    })
    .to_string()
}

fn comment(post: usize, nth: usize) -> String {
    let id = (post - 1) * COMMENTS_PER_POST + nth;
    let email = format!("{}{id}@example.org", words(id * 3, 1));
    json!({ "postId": post, "id": id, "name": words(id * 5, 5), "email": email, "body": words(id * 11, 24) })
        .to_string()
}

/// `count` words that depend on `seed` alone.
fn words(seed: usize, count: usize) -> String {
    const WORDS: [&str; 16] = [
        "sunt",
        "aut",
        "facere",
        "repellat",
        "provident",
        "occaecati",
        "excepturi",
        "optio",
        "reprehenderit",
        "quia",
        "et",
        "suscipit",
        "recusandae",
        "consequuntur",
        "expedita",
        "cum",
    ];
    (0..count).map(|n| WORDS[(seed * 5 + n * 7 + n * n) % WORDS.len()]).collect::<Vec<_>>().join(" ")
}
