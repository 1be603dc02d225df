//! The servers answer alike and the mock counts what they ask: over real sockets, nothing timed.

use crate::{ceiling, fixed, mock, ours, plain, queries};
use serde_json::{Value, json};
use std::net::SocketAddr;
use tokio::net::TcpListener;

async fn seated<F>(server: impl FnOnce(TcpListener) -> F) -> SocketAddr
where
    F: Future<Output = Result<(), Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(server(listener));
    addr
}

async fn read(client: &reqwest::Client, url: String) -> Value {
    client.get(url).send().await.unwrap().json().await.unwrap()
}

async fn asked(addr: SocketAddr, query: &queries::Query) -> String {
    let request = client().post(format!("http://{addr}/graphql")).header("content-type", "application/json");
    request.body(query.body()).send().await.unwrap().text().await.unwrap()
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

#[tokio::test]
async fn every_server_gives_the_same_bytes_and_a_batching_one_asks_no_more_than_needed() {
    let rest = format!("http://{}", seated(|l| mock::serve(l, None)).await);
    let (plain_rest, ceiling_rest) = (rest.clone(), rest.clone());
    let running = ours::start(([127, 0, 0, 1], 0).into(), &rest, &[]).await.unwrap();
    let servers = [
        ("ours", running.addr),
        ("plain", seated(|l| plain::serve(l, plain_rest)).await),
        ("ceiling", seated(|l| ceiling::serve(l, ceiling_rest)).await),
    ];
    let client = client();
    for query in queries::ALL {
        let mut first: Option<String> = None;
        for (name, addr) in servers {
            client.post(format!("{rest}/__calls")).send().await.unwrap();
            let answer = asked(addr, &query).await;
            let calls = read(&client, format!("{rest}/__calls")).await;
            let calls: u64 = calls.as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
            match name {
                // Its loader cuts a list of keys into batches by time.
                "plain" => assert!(calls >= query.calls, "{name} {} made {calls} calls", query.name),
                _ => assert_eq!(calls, query.calls, "{name} {}", query.name),
            }
            let first = first.get_or_insert_with(|| answer.clone());
            assert_eq!(first, &answer, "{name} {}", query.name);
        }
        let answer: Value = serde_json::from_str(&first.unwrap()).unwrap();
        assert_eq!(answer.get("errors"), None, "{}", query.name);
        let rows = answer["data"]["posts"].as_array().map(Vec::len);
        assert_eq!(
            rows,
            [Some(100), Some(100), None, Some(10)]
                [queries::ALL.iter().position(|q| q.name == query.name).unwrap()]
        );
    }
}

#[tokio::test]
async fn the_mock_answers_batches_in_the_order_asked_and_leaves_out_what_is_unknown() {
    let rest = format!("http://{}", seated(|l| mock::serve(l, None)).await);
    let client = client();
    let numbers = async |path: &str, field: &str| -> Vec<u64> {
        let rows = read(&client, format!("{rest}{path}")).await;
        rows.as_array().unwrap().iter().map(|row| row[field].as_u64().unwrap()).collect()
    };
    assert_eq!(numbers("/users?id=3&id=1&id=99&id=0", "id").await, [3, 1]);
    assert_eq!(numbers("/users?id=3,1,99", "id").await, [3, 1]);
    assert_eq!(numbers("/posts?_limit=3", "id").await, [1, 2, 3]);
    assert_eq!(numbers("/posts?_limit=10", "userId").await, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    assert_eq!(numbers("/posts", "id").await.len(), 100);
    assert_eq!(numbers("/posts?userId=2&userId=1", "userId").await, [[2; 10], [1; 10]].concat());
    assert_eq!(numbers("/comments?postId=7", "postId").await, [7; 5]);
    assert_eq!(
        read(&client, format!("{rest}/__calls")).await,
        json!({ "/posts": 4, "/users": 2, "/comments": 1 })
    );
}

#[tokio::test]
async fn the_limit_sends_the_bytes_of_q1s_answer() {
    let rest = format!("http://{}", seated(|l| mock::serve(l, None)).await);
    let upstream = rest.clone();
    let ceiling = seated(|l| ceiling::serve(l, rest)).await;
    let fixed = seated(|l| fixed::serve(l, upstream)).await;
    assert_eq!(asked(ceiling, &queries::Q1).await, asked(fixed, &queries::Q1).await);
}

#[tokio::test]
async fn levels_that_ask_nothing_new_make_no_call() {
    let rest = format!("http://{}", seated(|l| mock::serve(l, None)).await);
    let ours = ours::start(([127, 0, 0, 1], 0).into(), &rest, &[]).await.unwrap();
    for (query, levels) in [(queries::ONE_LEVEL, 1), (queries::MORE_LEVELS, 21)] {
        let answer = asked(ours.addr, &query).await;
        assert_eq!(answer.matches("same").count(), levels);
        assert!(answer.contains(r#"{"id":1}"#), "{answer}");
    }
    assert_eq!(queries::LEVELS_MORE, 20.0);
    assert_eq!(
        read(&client(), format!("{rest}/__calls")).await,
        json!({ "/posts": 0, "/users": 2, "/comments": 0 })
    );
}

#[tokio::test]
async fn only_a_mock_that_is_told_to_lets_answers_be_kept() {
    for (max_age, told) in [(None, None), (Some(60), Some("public, max-age=60"))] {
        let rest = format!("http://{}", seated(|l| mock::serve(l, max_age)).await);
        let answer = client().get(format!("{rest}/posts")).send().await.unwrap();
        let control = answer.headers().get("cache-control").map(|value| value.to_str().unwrap());
        assert_eq!(control, told);
    }
}
