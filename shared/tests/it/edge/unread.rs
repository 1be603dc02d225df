//! What can be refused by its head is refused by it: nobody waits for the rest.

use super::world::{LONG, Peer, server};
use tokio::net::TcpStream;

#[tokio::test]
async fn a_body_that_is_announced_too_long_is_not_waited_for() {
    let server = server(|limits| limits.body_timeout_ms = LONG).await;
    let mut peer = Peer::of(&server).await;
    peer.send("POST /length HTTP/1.1\r\nhost: x\r\ncontent-length: 10000000\r\n\r\n").await;
    assert_eq!(peer.reply().await.told(), (413, "PAYLOAD_TOO_LARGE".into()));
}

/// HTTP/2 knows of a limit in bytes only.
#[tokio::test]
async fn too_many_headers_are_refused_over_http2_too() {
    let server = server(|limits| limits.headers = 20).await;
    let stream = TcpStream::connect(server.addr).await.unwrap();
    let (requests, connection) = h2::client::handshake(stream).await.unwrap();
    let turning = tokio::spawn(connection);
    let mut requests = requests.ready().await.unwrap();
    for (headers, status) in [(15, 200), (25, 431)] {
        let mut request = http::Request::get("http://x/");
        for n in 0..headers {
            request = request.header(format!("x-{n}"), "x");
        }
        requests = requests.ready().await.unwrap();
        let (answer, _) = requests.send_request(request.body(()).unwrap(), true).unwrap();
        assert_eq!(answer.await.unwrap().status(), status, "{headers}");
    }
    turning.abort();
}
