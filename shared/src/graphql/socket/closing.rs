//! Why a socket is closed: the close codes of graphql-transport-ws, and WebSocket's own (RFC 6455 §7.4).

use crate::Fault;
use axum::extract::ws::{CloseFrame, Utf8Bytes};
use std::borrow::Cow;

/// A control frame has 125 bytes, and two are the code.
const REASON_BYTES: usize = 123;

/// An end, with what the client may read of it.
#[derive(Debug)]
pub struct Closing {
    pub code: u16,
    reason: Cow<'static, str>,
}

impl Closing {
    fn new(code: u16, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { code, reason: reason.into() }
    }

    /// The client left, or its connection did.
    pub fn gone() -> Self {
        Self::new(1000, "")
    }

    /// Nobody is left to tell it to.
    pub fn is_peers(&self) -> bool {
        self.code == 1000
    }

    /// What was sent is no WebSocket.
    pub fn malformed() -> Self {
        Self::new(1002, "What was sent is not of the WebSocket protocol")
    }

    /// It has not been heard of for too long.
    pub fn idle() -> Self {
        Self::new(1001, "Nothing was heard of you for too long")
    }

    /// A message is longer than it may be.
    pub fn too_long(most: usize) -> Self {
        Self::new(1009, format!("A message may have {most} bytes"))
    }

    /// The server stops. Clients may come back at once: another one answers.
    pub fn restart() -> Self {
        Self::new(1012, "The server stops: connect again")
    }

    /// Not now, for a reason that passes.
    pub fn later(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(1013, reason)
    }

    /// What was sent is not a message of the protocol.
    pub fn invalid(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(4400, reason)
    }

    /// Nothing runs before the connection is acknowledged.
    pub fn unauthorized() -> Self {
        Self::new(4401, "Unauthorized")
    }

    /// Who connects is refused, or is not known any more: 4403, on which clients renew their token, and the code of the
    /// fault. 1013, if it may pass.
    pub fn refused(fault: &Fault) -> Self {
        let code = fault.code.as_str();
        if fault.code.retryable() {
            return Self::later(format!("{code}: {}", fault.message));
        }
        Self::new(4403, format!("Forbidden: {code}"))
    }

    /// The client's version is not served any more. The code is one after which clients do not come again by themselves.
    pub fn ended(fault: &Fault) -> Self {
        Self::new(4400, format!("{}: {}", fault.code.as_str(), fault.message))
    }

    /// The client speaks another protocol.
    pub fn subprotocol() -> Self {
        Self::new(4406, "Subprotocol not acceptable: speak graphql-transport-ws")
    }

    /// No `connection_init` came.
    pub fn init_timeout() -> Self {
        Self::new(4408, "Connection initialisation timeout")
    }

    /// The id is in use.
    pub fn taken(id: &str) -> Self {
        Self::new(4409, format!("Subscriber for {id} already exists"))
    }

    /// A second `connection_init`.
    pub fn too_many_inits() -> Self {
        Self::new(4429, "Too many initialisation requests")
    }

    /// One caller has too many sockets.
    pub fn too_many_sockets(reason: &str) -> Self {
        Self::new(4429, reason.to_owned())
    }

    /// Our own fault.
    pub fn internal() -> Self {
        Self::new(4500, "Internal server error")
    }

    pub fn frame(&self) -> CloseFrame {
        let mut end = self.reason.len().min(REASON_BYTES);
        while !self.reason.is_char_boundary(end) {
            end -= 1;
        }
        CloseFrame { code: self.code, reason: Utf8Bytes::from(&self.reason[..end]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_fits_its_frame() {
        let reason = |id: &str| Closing::taken(id).frame().reason.to_string();
        assert_eq!(reason("1"), "Subscriber for 1 already exists");
        let long = reason(&"ä".repeat(100));
        assert_eq!(long.len(), 123);
        assert!(long.ends_with('ä'));
    }
}
