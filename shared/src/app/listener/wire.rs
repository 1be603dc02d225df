//! A connection's bytes, in and out: notes whether they move, and gives a body to the answers that hyper makes itself.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use std::sync::Arc;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::{
    frames::{self, Frames},
    pace::Pace,
    refusal::{FAREWELL, FAREWELL_BYTES, Refusal},
    seats::Seat,
};
use crate::app::ErrorBody;

pub(super) struct Wire {
    stream: TcpStream,
    pace: Arc<Pace>,
    errors: ErrorBody,
    spoken: Spoken,
    /// What goes out in place of what hyper wanted to say; hyper's bytes are done with when it has gone.
    instead: Bytes,
    farewell: Option<Farewell>,
    /// Also a socket's, whose task is another.
    _seat: Seat,
}

/// Which protocol it is, as its first bytes say.
enum Spoken {
    /// So many are those of HTTP/2.
    Unknown(usize),
    Http1,
    Http2(Box<Frames>),
}

impl Spoken {
    fn read(&mut self, come: &[u8], pace: &Pace) {
        if let Self::Unknown(before) = *self {
            let mut expected = frames::PREFACE.iter().skip(before);
            let known = before + come.iter().take_while(|byte| expected.next() == Some(byte)).count();
            if known >= frames::DECISIVE {
                pace.speaks_http2();
                *self = Self::Http2(Box::new(Frames::behind(before)));
            } else if known < before + come.len() {
                *self = Self::Http1;
            } else {
                *self = Self::Unknown(known);
            }
        }
        match self {
            Self::Unknown(_) | Self::Http1 => pace.read(),
            Self::Http2(frames) => pace.read_frames(frames.read(come)),
        }
    }
}

/// After our last word: what is left unread at the end would make the operating system throw it away on its way.
struct Farewell {
    until: Pin<Box<tokio::time::Sleep>>,
    read: usize,
}

impl Wire {
    pub(super) fn new(stream: TcpStream, pace: Arc<Pace>, seat: Seat, errors: ErrorBody) -> Self {
        Self {
            stream,
            pace,
            errors,
            spoken: Spoken::Unknown(0),
            instead: Bytes::new(),
            farewell: None,
            _seat: seat,
        }
    }

    /// What is said in place of an answer that hyper makes without any service: it has a status and no body.
    fn instead_of(&self, answer: &[u8]) -> Option<Bytes> {
        if !self.pace.in_head() {
            return None;
        }
        let status = answer.strip_prefix(b"HTTP/1.1 ")?.get(..3)?;
        answer
            .ends_with(b"\r\n\r\n")
            .then(|| Refusal::of_status(status).map(|refusal| refusal.text(self.errors)))?
    }

    fn poll_instead(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.instead.is_empty() {
            let sent = ready!(Pin::new(&mut self.stream).poll_write(context, &self.instead))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.instead.advance(sent);
        }
        Poll::Ready(Ok(()))
    }

    fn noted<T>(&self, written: Poll<T>) -> Poll<T> {
        self.pace.written(written.is_pending());
        written
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(context, into);
        let come = &into.filled()[before..];
        if !come.is_empty() {
            let Self { spoken, pace, .. } = &mut *self;
            spoken.read(come, pace);
        }
        outcome
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.instead.is_empty() {
            match self.instead_of(bytes) {
                None => {
                    let written = Pin::new(&mut self.stream).poll_write(context, bytes);
                    return self.noted(written);
                }
                Some(instead) => self.instead = instead,
            }
        }
        let told = self.poll_instead(context).map_ok(|()| bytes.len());
        self.noted(told)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.pace.in_head() {
            // An answer without a service is one slice.
            let first = bytes.iter().find(|slice| !slice.is_empty()).map_or(&[][..], |slice| slice);
            return self.poll_write(context, first);
        }
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.noted(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, farewell, .. } = &mut *self;
        let farewell = match farewell {
            Some(farewell) => farewell,
            None => {
                ready!(Pin::new(&mut *stream).poll_shutdown(context))?;
                farewell.insert(Farewell { until: Box::pin(tokio::time::sleep(FAREWELL)), read: 0 })
            }
        };
        let mut scrap = [0; 4096];
        loop {
            let mut scrap = ReadBuf::new(&mut scrap);
            match Pin::new(&mut *stream).poll_read(context, &mut scrap) {
                Poll::Ready(Ok(())) if !scrap.filled().is_empty() && farewell.read < FAREWELL_BYTES => {
                    farewell.read += scrap.filled().len();
                }
                Poll::Pending if farewell.until.as_mut().poll(context).is_pending() => return Poll::Pending,
                // Gone, or left.
                _ => return Poll::Ready(Ok(())),
            }
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // Cut for its slowness in the middle of a head, and nothing has been said yet.
        if self.pace.was_cut() && self.pace.in_head() && self.farewell.is_none() {
            let _ = self.stream.try_write(&Refusal::HeadTooSlow.text(self.errors));
        }
    }
}
