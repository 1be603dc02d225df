//! Runs what is large under a span, without moving it.

use std::{future::poll_fn, pin::Pin};

use tracing::Span;

/// Polls a future under a span, in the place where it is: what `instrument` wraps is moved once more, with all it holds.
pub(crate) async fn under<T>(span: Span, mut future: Pin<&mut impl Future<Output = T>>) -> T {
    poll_fn(|cx| span.in_scope(|| future.as_mut().poll(cx))).await
}
