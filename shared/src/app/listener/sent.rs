//! An answer on its way: the request is under way until it has gone, and what a peer leaves lying is counted.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};

use super::pace::{UnderWay, Unsent};

/// The piece in which a counted answer goes out: whoever takes no such piece in the time allowed is too slow.
const PIECE: usize = 32 * 1024;

/// Over HTTP/1 there is one answer at a time, and the wire sees whether it moves: only large ones are worth counting.
const LARGE: u64 = 64 * 1024;

pub(super) struct Sent {
    body: Body,
    under_way: UnderWay,
    counting: Counting,
    /// What is left of a frame that has been cut in pieces.
    rest: Bytes,
}

enum Counting {
    /// Nothing.
    Not,
    /// The whole answer from the start: it lies here until it has gone.
    Whole(Unsent),
    /// Each frame when it is there: nobody knows how many there will be.
    Frames,
}

/// Bytes that are counted until they are dropped, which is when they have gone.
struct Piece {
    bytes: Bytes,
    _unsent: Unsent,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Sent {
    pub(super) fn new(body: Body, under_way: UnderWay, http2: bool) -> Self {
        let counting = match body.size_hint().exact() {
            Some(0) => Counting::Not,
            Some(bytes) if http2 || bytes > LARGE => {
                Counting::Whole(under_way.unsent(usize::try_from(bytes).unwrap_or(usize::MAX)))
            }
            None if http2 => Counting::Frames,
            _ => Counting::Not,
        };
        Self { body, under_way, counting, rest: Bytes::new() }
    }

    fn next_piece(&mut self) -> Bytes {
        let bytes = self.rest.split_to(self.rest.len().min(PIECE));
        let unsent = match &mut self.counting {
            Counting::Not => return bytes,
            Counting::Whole(whole) => whole.split(bytes.len()),
            Counting::Frames => self.under_way.unsent(bytes.len()),
        };
        Bytes::from_owner(Piece { bytes, _unsent: unsent })
    }
}

impl HttpBody for Sent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.rest.is_empty() {
            let frame = match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) if !matches!(self.counting, Counting::Not) => frame,
                other => return Poll::Ready(other),
            };
            match frame.into_data() {
                Ok(data) if !data.is_empty() => self.rest = data,
                Ok(data) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                Err(other) => return Poll::Ready(Some(Ok(other))),
            }
        }
        Poll::Ready(Some(Ok(Frame::data(self.next_piece()))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (mut hint, rest) = (self.body.size_hint(), self.rest.len() as u64);
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper + rest);
        }
        hint.set_lower(hint.lower() + rest);
        hint
    }
}
