//! An upstream with any illness: a socket that a test writes bytes to, and that counts what it was asked.

use kit::{PATIENCE, Place};
use std::{
    future::pending,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::AbortHandle,
};

/// Stands in everything that is answered wrongly: it must never reach a client.
pub const INTERNAL: &str = "hunter2";

/// What becomes of a request.
#[derive(Clone)]
pub enum Symptom {
    /// None: rows for the ids that are asked.
    Well,
    /// Well, once this is true.
    Held(watch::Receiver<bool>),
    /// No answer.
    Hangs,
    /// The connection is reset.
    Resets,
    /// A byte now and then, for ever.
    Drips,
    /// Announces more than it sends, then closes.
    Truncates,
    /// This status, with further header lines, and a body that is not to be seen.
    Answers(u16, String),
    /// Status 200, with this content type and body.
    Says(&'static str, Vec<u8>),
    /// Status 200 and a body in this coding.
    Encodes(&'static str, Vec<u8>),
    /// So many bytes of JSON that ends nowhere; announced or not.
    Floods { bytes: u64, announced: bool },
}

type Course = Box<dyn Fn(usize, &str) -> Symptom + Send + Sync>;

/// A running upstream; it ends with this.
pub struct Sick {
    addr: SocketAddr,
    shared: Arc<Shared>,
    serving: AbortHandle,
}

struct Shared {
    course: Mutex<Course>,
    /// The head of each request, in the order of arrival.
    asked: watch::Sender<Vec<String>>,
    written: AtomicU64,
}

impl Drop for Sick {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Place for Sick {
    fn url(&self) -> String {
        format!("http://{}", self.addr)
    }
}

impl Sick {
    /// On a free port, and well.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            course: Mutex::new(Box::new(|_, _| Symptom::Well)),
            asked: watch::Sender::new(Vec::new()),
            written: AtomicU64::new(0),
        });
        let serving = tokio::spawn(serve(listener, shared.clone())).abort_handle();
        Self { addr, shared, serving }
    }

    /// From now on.
    pub fn has(&self, symptom: Symptom) {
        self.has_by(move |_, _| symptom.clone());
    }

    /// By the number of the request, counted from 0 since this was said, and its head.
    pub fn has_by(&self, course: impl Fn(usize, &str) -> Symptom + Send + Sync + 'static) {
        let before = self.requests();
        *self.shared.course.lock().unwrap() = Box::new(move |at, head| course(at - before, head));
    }

    /// How many requests arrived.
    pub fn requests(&self) -> usize {
        self.shared.asked.borrow().len()
    }

    /// Their heads.
    pub fn heads(&self) -> Vec<String> {
        self.shared.asked.borrow().clone()
    }

    /// Waits until so many have arrived.
    pub async fn until_asked(&self, requests: usize) {
        let mut asked = self.shared.asked.subscribe();
        let come = asked.wait_for(|asked| asked.len() >= requests);
        let come = tokio::time::timeout(PATIENCE, come).await;
        assert!(come.is_ok(), "{} of {requests} requests came", self.requests());
    }

    /// How many bytes of floods somebody took.
    pub fn written(&self) -> u64 {
        self.shared.written.load(Relaxed)
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut open = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let shared = shared.clone();
        // Whoever leaves in the middle of an answer is what some tests are about.
        open.spawn(async move { converse(stream, shared).await.ok() });
    }
}

async fn converse(mut stream: TcpStream, shared: Arc<Shared>) -> std::io::Result<()> {
    while let Some(head) = head(&mut stream).await? {
        let at = shared.asked.borrow().len();
        shared.asked.send_modify(|asked| asked.push(head.clone()));
        let symptom = (shared.course.lock().unwrap())(at, &head);
        match symptom {
            Symptom::Well => well(&mut stream, &head).await?,
            Symptom::Held(mut gate) => {
                let _ = gate.wait_for(|open| *open).await;
                well(&mut stream, &head).await?;
            }
            Symptom::Hangs => pending().await,
            Symptom::Resets => {
                stream.set_zero_linger()?;
                return Ok(());
            }
            Symptom::Drips => {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n").await?;
                loop {
                    stream.write_all(b" ").await?;
                    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                }
            }
            Symptom::Truncates => {
                let body = format!("{{\"items\": [{{\"id\": \"{INTERNAL}\", ");
                let head =
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n";
                stream.write_all([head, &body].concat().as_bytes()).await?;
                return Ok(());
            }
            Symptom::Answers(status, lines) => {
                let body = format!("{{\"detail\": \"{INTERNAL}\"}}");
                answer(
                    &mut stream,
                    status,
                    &format!("content-type: application/problem+json\r\n{lines}"),
                    body.as_bytes(),
                )
                .await?;
            }
            Symptom::Says(kind, body) => {
                answer(&mut stream, 200, &format!("content-type: {kind}\r\n"), &body).await?;
            }
            Symptom::Encodes(coding, body) => {
                let lines = format!("content-type: application/json\r\ncontent-encoding: {coding}\r\n");
                answer(&mut stream, 200, &lines, &body).await?;
            }
            Symptom::Floods { bytes, announced } => {
                return flood(&mut stream, bytes, announced, &shared).await;
            }
        }
    }
    Ok(())
}

/// A request's head and, behind it, its body; none at the end of the connection.
async fn head(stream: &mut TcpStream) -> std::io::Result<Option<String>> {
    let mut read = Vec::new();
    loop {
        if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&read).into_owned();
            let length = header(&text, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            if read.len() >= end + 4 + length {
                return Ok(Some(text));
            }
        }
        if stream.read_buf(&mut read).await? == 0 {
            return Ok(None);
        }
    }
}

/// A header's value, in a head.
pub fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let line = |line: &'a str| line.split_once(':').filter(|(given, _)| given.eq_ignore_ascii_case(name));
    head.lines().find_map(line).map(|(_, value)| value.trim())
}

async fn well(stream: &mut TcpStream, head: &str) -> std::io::Result<()> {
    answer(stream, 200, "content-type: application/json\r\n", rows(head).as_bytes()).await
}

/// A row for each id in the URL.
pub fn rows(head: &str) -> String {
    let target = head.split(' ').nth(1).unwrap_or_default();
    let ids = target.split(['?', '&']).find_map(|pair| pair.strip_prefix("ids=")).unwrap_or_default();
    let row = |id: &str| format!("{{\"id\": \"{id}\", \"name\": \"name of {id}\"}}");
    let rows: Vec<_> = ids.split(',').filter(|id| !id.is_empty()).map(row).collect();
    format!("{{\"items\": [{}]}}", rows.join(", "))
}

async fn answer(stream: &mut TcpStream, status: u16, lines: &str, body: &[u8]) -> std::io::Result<()> {
    let head = format!("HTTP/1.1 {status} X\r\n{lines}content-length: {}\r\n\r\n", body.len());
    stream.write_all(&[head.as_bytes(), body].concat()).await
}

async fn flood(stream: &mut TcpStream, bytes: u64, announced: bool, shared: &Shared) -> std::io::Result<()> {
    let length =
        if announced { format!("content-length: {bytes}\r\n") } else { "connection: close\r\n".to_owned() };
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{length}\r\n[");
    stream.write_all(head.as_bytes()).await?;
    let chunk = vec![b' '; 64 * 1024];
    let mut left = bytes - 1;
    while left > 0 {
        let written = stream.write(&chunk).await?;
        shared.written.fetch_add(written as u64, Relaxed);
        left = left.saturating_sub(written as u64);
    }
    Ok(())
}
