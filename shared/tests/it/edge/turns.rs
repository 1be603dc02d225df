//! What one client may have under way is bounded, also where it leaves its answers no room.

use super::world::{LARGE, LONG, Peer, asking, telling, with};
use crate::client::settings;
use bff::{app::Running, config::Limits};
use bytes::Bytes;
use h2::{
    Reason,
    client::{ResponseFuture, SendRequest},
};
use http::{Request, Response};
use std::net::SocketAddr;
use tokio::net::{TcpSocket, TcpStream};

/// A peer that never opens a window.
struct Shut {
    requests: SendRequest<Bytes>,
    connection: tokio::task::JoinHandle<()>,
    /// What it leaves lying.
    held: Vec<Response<h2::RecvStream>>,
}

impl Shut {
    async fn at(server: &Running) -> Self {
        let stream = TcpStream::connect(server.addr).await.unwrap();
        let mut client = h2::client::Builder::new();
        let (requests, connection) = client.initial_window_size(0).handshake(stream).await.unwrap();
        let connection = tokio::spawn(async { drop(connection.await) });
        Self { requests, connection, held: Vec::new() }
    }

    async fn send(&mut self, headers: &[(&str, &str)]) -> ResponseFuture {
        let mut request = Request::get("http://x/large");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut requests = self.requests.clone().ready().await.unwrap();
        requests.send_request(request.body(()).unwrap(), true).unwrap().0
    }

    /// The status, which needs no window.
    async fn ask(&mut self, headers: &[(&str, &str)]) -> Result<u16, Option<Reason>> {
        let answer = self.send(headers).await.await.map_err(|error| error.reason())?;
        let status = answer.status().as_u16();
        self.held.push(answer);
        Ok(status)
    }
}

async fn elsewhere(server: &Running) -> Peer {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from(([127, 0, 0, 2], 0))).unwrap();
    Peer(socket.connect(server.addr).await.unwrap())
}

fn patient(limits: &mut Limits) {
    limits.write_timeout_ms = LONG;
    limits.unsent_bytes = usize::MAX;
}

#[tokio::test]
async fn who_leaves_its_answers_lying_is_given_no_more() {
    for headers in [&[][..], &[("accept-encoding", "gzip")]] {
        let (server, mut gone) = telling(|limits| {
            patient(limits);
            limits.unsent_bytes_per_address = LARGE + 1;
        })
        .await;
        let mut shut = Shut::at(&server).await;
        // All at once: what is made of them counts when it is there, not when it is sent.
        let mut asked = Vec::new();
        for _ in 0..20 {
            asked.push(shut.send(headers).await);
        }
        let mut statuses = Vec::new();
        for answer in asked {
            let answer = answer.await.unwrap();
            assert_eq!(
                answer.headers().contains_key("content-encoding"),
                answer.status() == 200 && !headers.is_empty()
            );
            statuses.push(answer.status().as_u16());
            shut.held.push(answer);
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [[200; 2].as_slice(), &[429; 18]].concat());

        let told = Peer::of(&server).await.send(asking("/")).await.reply().await;
        assert_eq!(told.told(), (429, "RATE_LIMITED".into()), "over any of its connections");
        assert!(told.head.contains("retry-after: 1"), "{told:?}");
        assert_eq!(elsewhere(&server).await.send(asking("/")).await.reply().await.body, "fine");

        // What it left is given up with its connection, and then it is as any other.
        while gone.try_recv().is_ok() {}
        shut.connection.abort();
        for _ in 0..2 {
            gone.recv().await.unwrap();
        }
        loop {
            let reply = Peer::of(&server).await.send(asking("/")).await.reply().await;
            if reply.body == "fine" {
                break;
            }
        }
    }
}

#[tokio::test]
async fn where_all_together_leave_too_much_each_may_leave_less() {
    let mut settings = settings();
    settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    patient(&mut settings.limits);
    // Of its own part nobody comes to the end.
    settings.limits.unsent_bytes_per_address = 10 * LARGE;
    settings.limits.unsent_bytes = LARGE;
    let server = with(settings).await;
    let mut shut = Shut::at(&server).await;
    let [one, other] = [[("x-forwarded-for", "192.0.2.1")], [("x-forwarded-for", "192.0.2.2")]];
    assert_eq!(shut.ask(&one).await, Ok(200));
    assert_eq!(shut.ask(&other).await, Ok(200), "who leaves nothing is served");
    assert_eq!(shut.ask(&one).await, Ok(429));
    assert_eq!(shut.ask(&other).await, Ok(429));
}

#[tokio::test]
async fn an_address_has_so_many_requests_under_way_and_is_told_so() {
    let (server, _gone) = telling(|limits| {
        patient(limits);
        limits.requests_per_address = 3;
        limits.unsent_bytes_per_address = usize::MAX;
    })
    .await;
    let mut shut = Shut::at(&server).await;
    for nth in 1..=10 {
        let expected = match nth {
            ..=3 => Ok(200),
            4..=6 => Ok(429),
            // Not even the refusals are taken.
            7.. => Err(Some(Reason::REFUSED_STREAM)),
        };
        assert_eq!(shut.ask(&[]).await, expected, "{nth}");
    }
    let told = Peer::of(&server).await.send(asking("/")).await.reply().await;
    assert_eq!(told.told(), (429, "RATE_LIMITED".into()));
    assert!(told.body.contains("3 requests are under way"), "{told:?}");
    assert_eq!(elsewhere(&server).await.send(asking("/")).await.reply().await.body, "fine");
    // An answer is over when nobody wants it any more.
    shut.held.clear();
    while shut.ask(&[]).await != Ok(200) {}
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_is_counted_for_itself() {
    let mut settings = settings();
    settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    patient(&mut settings.limits);
    settings.limits.requests_per_address = 1;
    let server = with(settings).await;
    let mut shut = Shut::at(&server).await;
    let [one, other] = [[("x-forwarded-for", "192.0.2.1")], [("x-forwarded-for", "192.0.2.2")]];
    assert_eq!(shut.ask(&one).await, Ok(200));
    assert_eq!(shut.ask(&one).await, Ok(429));
    assert_eq!(shut.ask(&other).await, Ok(200));
    for _ in 0..3 {
        assert_eq!(shut.ask(&[]).await, Ok(200), "the proxy itself speaks for many");
    }
}
