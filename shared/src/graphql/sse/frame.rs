//! How Server-Sent Events are written (WHATWG HTML §9.2.5).

use bytes::Bytes;
use http::HeaderValue;

/// Their media type.
pub const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream; charset=utf-8");

/// A comment: shows that the connection lives, and finds out whether it does.
pub const COMMENT: Bytes = Bytes::from_static(b":\n\n");

/// An event of this name. Data that has several lines (JSON may) is read as it was.
pub fn event(name: &str, data: &[u8]) -> Bytes {
    let mut frame = Vec::with_capacity(name.len() + data.len() + 24);
    frame.extend_from_slice(b"event: ");
    frame.extend_from_slice(name.as_bytes());
    // A carriage return alone ends a line, too; JSON has it only between its parts.
    for line in data.split(|byte| matches!(byte, b'\n' | b'\r')) {
        frame.extend_from_slice(b"\ndata: ");
        frame.extend_from_slice(line);
    }
    frame.extend_from_slice(b"\n\n");
    frame.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_its_name_and_its_data() {
        assert_eq!(event("next", b"{\"data\":1}"), "event: next\ndata: {\"data\":1}\n\n");
        assert_eq!(event("complete", b""), "event: complete\ndata: \n\n");
    }

    #[test]
    fn data_of_several_lines_stays_one_event() {
        assert_eq!(event("next", b"{\r\"a\":\n1}"), "event: next\ndata: {\ndata: \"a\":\ndata: 1}\n\n");
    }
}
