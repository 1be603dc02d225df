//! The part of a question that tells it from its neighbours in one batch.

use async_graphql::ID;
use std::fmt::Write;

/// A key as it stands in a URL and in a row. Borrowed: finding a row's question copies nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Key<'a> {
    /// The only question of its call.
    Whole,
    /// A number.
    Int(i64),
    /// Text; percent-encoded when it is put into a URL.
    Text(&'a str),
}

impl Key<'_> {
    /// The bytes this key takes in a URL, at most.
    pub fn url_len(&self) -> usize {
        match self {
            Key::Whole => 0,
            Key::Int(_) => 20,
            Key::Text(text) => text.bytes().map(|b| if is_plain(b) { 1 } else { 3 }).sum(),
        }
    }

    /// Appends the key to a URL, percent-encoded (RFC 3986 §2.1).
    pub fn push_to(&self, url: &mut String) {
        match self {
            Key::Whole => {}
            Key::Int(number) => url.push_str(itoa::Buffer::new().format(*number)),
            Key::Text(text) => push_encoded(url, text),
        }
    }
}

/// Unreserved characters of RFC 3986 §2.3: all others are encoded.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~')
}

/// Appends `text` percent-encoded: nothing a caller sends can leave its place in a path or a query.
pub fn push_encoded(url: &mut String, text: &str) {
    for byte in text.bytes() {
        if is_plain(byte) {
            url.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(url, "%{byte:02X}");
        }
    }
}

/// What may serve as a key, in a question and in the row that answers it.
pub trait AsKey {
    /// This value as a key.
    fn as_key(&self) -> Key<'_>;
}

impl AsKey for str {
    fn as_key(&self) -> Key<'_> {
        Key::Text(self)
    }
}
impl AsKey for String {
    fn as_key(&self) -> Key<'_> {
        Key::Text(self)
    }
}
impl AsKey for ID {
    fn as_key(&self) -> Key<'_> {
        Key::Text(self.as_str())
    }
}
macro_rules! integers {
    ($($int:ty),*) => {$(impl AsKey for $int {
        fn as_key(&self) -> Key<'_> {
            Key::Int(i64::from(*self))
        }
    })*};
}
integers!(i16, i32, i64, u16, u32);

impl<T: AsKey> AsKey for Option<T> {
    /// A row without the key answers nobody: no question has an empty key.
    fn as_key(&self) -> Key<'_> {
        self.as_ref().map_or(Key::Text(""), AsKey::as_key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_cannot_leave_its_place_in_the_url() {
        let mut url = String::from("/things?ids=");
        Key::Text("a/../b?c&d=1#é,").push_to(&mut url);
        assert_eq!(url, "/things?ids=a%2F..%2Fb%3Fc%26d%3D1%23%C3%A9%2C");
        assert_eq!(Key::Text("a é").url_len(), "a%20%C3%A9".len());
    }
}
