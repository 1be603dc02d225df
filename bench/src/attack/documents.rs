//! Attackers whose documents are as hard as they can be made.

use super::Target;
use crate::load;
use ::bytes::Bytes;
use http_body_util::BodyExt;
use serde_json::json;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What has an answer of megabytes: every user's posts under every post.
pub fn large() -> Bytes {
    let document =
        "{ posts { id title body user { name posts { title body comments { name email body } } } } }";
    json!({"query": document}).to_string().into()
}

/// Sends what `body` makes, again and again.
async fn send(target: Target, mut body: impl FnMut() -> Bytes) {
    loop {
        let Ok(mut connection) = load::connect(target.addr).await else {
            tokio::task::yield_now().await;
            continue;
        };
        loop {
            let Ok(request) = load::request(target.addr, "POST", "/graphql", body()) else { return };
            let Ok(response) = connection.send_request(request).await else { break };
            target.hit();
            if response.into_body().collect().await.is_err() {
                break;
            }
        }
    }
}

/// The same document in other words: a number makes each a text that nobody has seen.
async fn documents(target: Target, document: impl Fn(u64) -> String) {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    send(target, || {
        let document = document(NUMBER.fetch_add(1, Relaxed));
        json!({"query": document}).to_string().into()
    })
    .await;
}

pub async fn batches(target: Target) {
    let batch = vec![json!({"query": "{ posts { id } }"}); 5_000];
    let batch = Bytes::from(json!(batch).to_string());
    send(target, move || batch.clone()).await;
}

pub async fn deep(target: Target) {
    documents(target, |n| {
        // Too long for a look at its depth, and short enough for one.
        let levels = if n % 2 == 0 { 10_000 } else { 40 };
        format!(
            "query Q{n} {{ user(id: 1) {{ {}id{} }} }}",
            "posts{user{".repeat(levels),
            "}}".repeat(levels)
        )
    })
    .await;
}

pub async fn aliases(target: Target) {
    documents(target, |n| {
        let aliases: String = (0..if n % 2 == 0 { 4_000 } else { 100 })
            .map(|alias| format!("a{alias}: user(id: 1) {{ id }} "))
            .collect();
        format!("query Q{n} {{ {aliases} }}")
    })
    .await;
}

/// A kilobyte that stands for two to the twentieth fields.
pub async fn fragments(target: Target) {
    documents(target, |n| {
        let fragments: String = (0..20)
            .map(|level| format!("fragment F{level} on User {{ ...F{} ...F{} }} ", level + 1, level + 1))
            .collect();
        format!("query Q{n} {{ user(id: 1) {{ ...F0 }} }} {fragments} fragment F20 on User {{ id }}")
    })
    .await;
}

pub async fn directives(target: Target) {
    documents(target, |n| {
        let fields = match n % 2 {
            0 => format!("id {}", "@a ".repeat(50_000)),
            _ => format!("id {} ", "@include(if: true) ".repeat(8)).repeat(10),
        };
        format!("query Q{n} {{ user(id: 1) {{ {fields} }} }}")
    })
    .await;
}

pub async fn distinct(target: Target) {
    documents(target, |n| {
        format!("query Q{n} {{ posts(limit: 3) {{ id title user {{ name a{n}: email }} }} }}")
    })
    .await;
}
