//! API keys: what they look like, and how one that is presented is checked.

mod text;

pub use text::{ApiKey, generate, is_of_the_demo};

/// Bytes as hexadecimal digits, in small letters: how digests are written.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a text does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
