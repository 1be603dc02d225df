//! What is answered without a request: to a connection that has no place, to a head that is too long, too slow or none
//! at all. Bytes on the wire, for there is no service yet that could answer.
//!
//! This is HTTP/1. Over HTTP/2 the library resets the stream or ends the connection with an error code of the protocol;
//! a head that is too long is `431` without a body there.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{Code, Fault, app::ErrorBody};

/// How long a peer that is done with may take to go.
pub(super) const FAREWELL: Duration = Duration::from_secs(1);

/// How much it may still send meanwhile.
pub(super) const FAREWELL_BYTES: usize = 256 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    TooManyConnections,
    HeadTooLarge,
    HeadTooSlow,
    UrlTooLong,
    NoHttp,
}

impl Refusal {
    /// What hyper means by an answer of its own.
    pub(super) fn of_status(status: &[u8]) -> Option<Self> {
        match status {
            b"400" => Some(Self::NoHttp),
            b"414" => Some(Self::UrlTooLong),
            b"431" => Some(Self::HeadTooLarge),
            _ => None,
        }
    }

    /// The whole answer.
    pub(super) fn text(self, errors: ErrorBody) -> Bytes {
        let fault = match self {
            Self::TooManyConnections => Fault::new(
                Code::TooManyConnections,
                "There are too many connections from this address: send requests over those that are open",
            )
            .after(Duration::from_secs(1)),
            Self::HeadTooLarge => Fault::new(
                Code::HeadersTooLarge,
                "The request's headers are too long or too many: send less of them",
            ),
            Self::HeadTooSlow => {
                Fault::new(Code::RequestTimeout, "The request's head did not come in time: send it in one go")
            }
            Self::UrlTooLong => {
                Fault::new(Code::UrlTooLong, "The request's URL is too long: send a long query with POST")
            }
            Self::NoHttp => Fault::new(Code::BadRequest, "This is not an HTTP request"),
        };
        let (content_type, body) = errors.text(&fault, None);
        let status = fault.code.status().unwrap_or(StatusCode::BAD_REQUEST);
        let reason = status.canonical_reason().unwrap_or_default();
        let again =
            fault.retry_after.map(|seconds| format!("retry-after: {seconds}\r\n")).unwrap_or_default();
        Bytes::from(format!(
            "HTTP/1.1 {} {reason}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n{again}connection: close\r\n\r\n{body}",
            status.as_u16(),
            body.len(),
        ))
    }
}

/// Writes these words to a connection that is not to be served, and ends it. What is left unread at the end would make
/// the operating system throw the words away on their way.
pub(super) async fn tell(mut stream: TcpStream, words: Bytes) {
    let farewell = async {
        if stream.write_all(&words).await.is_err() || stream.shutdown().await.is_err() {
            return;
        }
        let (mut scrap, mut read) = ([0; 4096], 0);
        while read < FAREWELL_BYTES {
            match stream.read(&mut scrap).await {
                Ok(bytes) if bytes > 0 => read += bytes,
                _ => return,
            }
        }
    };
    // Whoever does not go in time is left.
    let _ = tokio::time::timeout(FAREWELL, farewell).await;
}
