//! HTTP/2: streams, windows and resets are bounded too.

use super::world::{LONG, Peer, asking, server, telling};
use bff::app::Running;
use bytes::Bytes;
use h2::client::SendRequest;
use http::Request;
use tokio::net::TcpStream;

/// A connection and the task that turns it, which ends with why the connection did.
async fn connected(server: &Running) -> (SendRequest<Bytes>, tokio::task::JoinHandle<Option<h2::Error>>) {
    let stream = TcpStream::connect(server.addr).await.unwrap();
    let (requests, connection) = h2::client::handshake(stream).await.unwrap();
    (requests, tokio::spawn(async move { connection.await.err() }))
}

fn get(path: &str) -> http::request::Builder {
    Request::get(format!("http://x{path}"))
}

async fn body(mut response: http::Response<h2::RecvStream>) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(chunk) = response.body_mut().data().await {
        let chunk = chunk.unwrap();
        response.body_mut().flow_control().release_capacity(chunk.len()).unwrap();
        all.extend_from_slice(&chunk);
    }
    all
}

#[tokio::test]
async fn a_connection_carries_many_requests_and_says_how_many_at_a_time() {
    let server = server(|limits| limits.streams = 7).await;
    let (requests, _connection) = connected(&server).await;
    let mut requests = requests.ready().await.unwrap();
    for _ in 0..20 {
        requests = requests.ready().await.unwrap();
        let (answer, _) = requests.send_request(get("/").body(()).unwrap(), true).unwrap();
        assert_eq!(body(answer.await.unwrap()).await, b"fine");
    }
    assert_eq!(requests.current_max_send_streams(), 7);
}

#[tokio::test]
async fn headers_that_are_too_long_are_refused() {
    let server = server(|_| {}).await;
    let (requests, _connection) = connected(&server).await;
    for (bytes, status) in [(15 * 1024, 200), (17 * 1024, 431)] {
        let mut requests = requests.clone().ready().await.unwrap();
        let request = get("/").header("x", "x".repeat(bytes)).body(()).unwrap();
        let (answer, _) = requests.send_request(request, true).unwrap();
        assert_eq!(answer.await.unwrap().status(), status, "{bytes}");
    }
}

#[tokio::test]
async fn who_resets_streams_as_fast_as_it_opens_them_is_cut_off() {
    let server = server(|_| {}).await;
    let (requests, connection) = connected(&server).await;
    for _ in 0..100_000 {
        let Ok(mut requests) = requests.clone().ready().await else { break };
        let Ok((_, mut stream)) = requests.send_request(get("/").body(()).unwrap(), false) else { break };
        stream.send_reset(h2::Reason::CANCEL);
    }
    let reason = connection.await.unwrap().unwrap();
    assert_eq!(reason.reason(), Some(h2::Reason::ENHANCE_YOUR_CALM), "{reason}");
    let mut polite = Peer::of(&server).await;
    assert_eq!(polite.send(asking("/")).await.reply().await.body, "fine");
}

#[tokio::test]
async fn who_gives_an_answer_no_room_is_cut_off_though_it_answers_pings() {
    let (server, mut gone) = telling(|limits| limits.write_timeout_ms = 200).await;
    let (requests, _connection) = connected(&server).await;
    let mut requests = requests.ready().await.unwrap();
    let (answer, _) = requests.send_request(get("/large").body(()).unwrap(), true).unwrap();
    // Held, and its window never opened again.
    let _answer = answer.await.unwrap();
    gone.recv().await.unwrap();
}

/// A frame: its type, flags, stream and payload (RFC 9113 §4.1).
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat()
}

const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// `GET http://x/` of HPACK's static table (RFC 7541, A and B).
const GET: &[u8] = &[0x82, 0x86, 0x84, 0x41, 1, b'x'];

#[tokio::test]
async fn who_drips_headers_is_gone_also_where_it_has_asked_before() {
    let server = server(|limits| {
        limits.head_timeout_ms = 200;
        limits.idle_timeout_ms = LONG;
    })
    .await;
    let mut kept = Peer::of(&server).await;
    let mut beginning = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    beginning.extend(frame(4, 0, 0, &[]));
    beginning.extend(frame(HEADERS, END_STREAM | END_HEADERS, 1, GET));
    kept.send(&beginning).await;
    kept.until(b"fine").await;
    for (begun, more) in [
        // Headers that never end, in whole frames,
        (frame(HEADERS, END_STREAM, 1, GET), frame(CONTINUATION, 0, 1, &[])),
        // and a frame that never ends.
        (frame(HEADERS, END_STREAM | END_HEADERS, 1, &[0; 200])[..20].to_vec(), vec![0]),
    ] {
        let mut dripping = Peer::of(&server).await;
        dripping.send(&beginning).await;
        dripping.until(b"fine").await;
        let mut begun = begun;
        // The next stream's.
        begun[8] = 3;
        let more = if more.len() > 1 { frame(CONTINUATION, 0, 3, &[]) } else { more };
        dripping.send(&begun).await;
        dripping.until_gone(&more).await;
    }
    kept.send(&frame(HEADERS, END_STREAM | END_HEADERS, 3, GET)).await;
    kept.until(b"fine").await;
}
