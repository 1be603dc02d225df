//! What holds for a call that nobody shares: its request's time is its own, and nobody else's call ends it.

use crate::sharing::world::{LONG, request};
use async_graphql::ID;
use bff::{
    Code, Upstream,
    config::{ResilienceSettings, Settings},
    entity,
    fanout::{Fault, by_hand},
    question,
    upstream::Upstreams,
};
use futures::poll;
use kit::{Call, Fake, Gate, PATIENCE, Place, Reply, Value, json};
use std::{future::Future, pin::pin, sync::Arc, time::Duration};
use tokio::net::{TcpSocket, TcpStream};

const DESK: Upstream = Upstream::named("desk").max_body_bytes(200);

/// The caller's.
#[entity]
pub struct Thing {
    pub id: ID,
    name: String,
}

#[question(upstream = DESK, get = "/things", key = "ids", row = Thing, by = id, caller, page = 1)]
pub struct ThingById(pub ID);

fn things(call: &Call) -> Value {
    call.list("ids").iter().map(|id| json!({"id": id, "name": id})).collect()
}

/// The way to the desk. What it is given is no reason to give up in any of these tests, unless it is said.
fn desk(url: &str, limits: ResilienceSettings) -> Arc<Upstreams> {
    let mut settings = Settings::ephemeral("alone");
    settings.upstreams.insert("desk".to_owned(), url.parse().unwrap());
    let limits = ResilienceSettings { timeout_ms: Some(60_000), retries: Some(0), ..limits };
    settings.resilience.insert("desk".to_owned(), limits);
    Arc::new(Upstreams::new(&settings, &[DESK]).unwrap())
}

async fn ask(upstreams: &Arc<Upstreams>, patience: Duration, id: &str) -> Result<bool, Fault> {
    let rows = by_hand::load(&request(upstreams, patience), ThingById(id.into())).await;
    rows.map(|rows| rows.first().is_some())
}

/// It ends, however long the upstream may take.
async fn ended(asking: impl Future<Output = Result<bool, Fault>>) -> Code {
    tokio::time::timeout(PATIENCE, asking).await.unwrap().unwrap_err().code
}

const SHORT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn a_call_ends_with_the_time_of_its_request() {
    let upstream = Fake::start().await;
    upstream.get("/things", |_| Reply::hang());
    let desk = desk(&upstream.url(), ResilienceSettings::default());
    assert_eq!(ended(ask(&desk, SHORT, "a")).await, Code::DeadlineExceeded);
    upstream.until_abandoned("/things", 1).await;
}

/// A place that another has for longer is not waited for beyond that.
#[tokio::test]
async fn so_does_waiting_for_a_place() {
    let upstream = Fake::start().await;
    let gate = Gate::closed();
    let held = gate.clone();
    upstream.get("/things", move |call| Reply::from(things(call)).after(&held));
    let desk = desk(&upstream.url(), ResilienceSettings { concurrency: Some(1), ..Default::default() });
    let (first, second) = tokio::join!(ask(&desk, LONG, "a"), async {
        upstream.until_under_way("/things", 1).await;
        let ended = ended(ask(&desk, SHORT, "b")).await;
        gate.open();
        ended
    });
    assert!(first.unwrap());
    assert_eq!((second, upstream.total()), (Code::DeadlineExceeded, 1));
}

/// Whoever waits for a place and leaves makes room for another who waits.
#[tokio::test]
async fn who_leaves_the_queue_makes_room() {
    let upstream = Fake::start().await;
    let gate = Gate::closed();
    let held = gate.clone();
    upstream.get("/things", move |call| Reply::from(things(call)).after(&held));
    let limits = ResilienceSettings { concurrency: Some(1), queue: Some(1), ..Default::default() };
    let desk = desk(&upstream.url(), limits);
    let (first, last) = tokio::join!(ask(&desk, LONG, "first"), async {
        upstream.until_under_way("/things", 1).await;
        for _ in 0..3 {
            let mut waits = pin!(ask(&desk, LONG, "waits"));
            assert!(poll!(waits.as_mut()).is_pending());
            assert_eq!(ended(ask(&desk, LONG, "too many")).await, Code::UpstreamUnavailable);
        }
        let mut last = pin!(ask(&desk, LONG, "last"));
        assert!(poll!(last.as_mut()).is_pending());
        gate.open();
        last.await
    });
    assert!(first.unwrap() && last.unwrap());
    assert_eq!(upstream.total(), 2);
}

/// Also one that comes in one piece.
#[tokio::test]
async fn a_body_that_is_a_little_too_long_is_not_taken() {
    let upstream = Fake::start().await;
    upstream.get("/things", |call| json!([{"id": call.list("ids")[0], "name": "x".repeat(200)}]));
    let desk = desk(&upstream.url(), ResilienceSettings::default());
    assert_eq!(ended(ask(&desk, LONG, "a")).await, Code::UpstreamBadResponse);
}

/// A host that does not even take connections is told from one that is slow.
#[tokio::test]
async fn who_takes_no_connection_is_not_waited_for() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    let _listener = socket.listen(1).unwrap();
    // Nobody accepts: its queue is soon full, and who comes then gets no word.
    let mut queue = Vec::new();
    while let Ok(connected) = tokio::time::timeout(SHORT, TcpStream::connect(address)).await {
        queue.push(connected.unwrap());
    }
    let limits = ResilienceSettings { connect_timeout_ms: Some(100), ..Default::default() };
    let desk = desk(&format!("http://{address}"), limits);
    assert_eq!(ended(ask(&desk, Duration::from_secs(5), "a")).await, Code::UpstreamUnavailable);
}
