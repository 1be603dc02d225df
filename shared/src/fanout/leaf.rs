//! Values without fields of their own, written as JSON.

use super::{Bubble, Code, Fault, Out, Path};
use async_graphql::{ID, OutputType};

/// A scalar, an enum, or a list of them: written straight into the answer.
///
/// A field whose value cannot be a GraphQL value (an `Int` beyond 32 bits, a number that is not finite; §3.5.1 and
/// §3.5.2) fails by itself.
pub trait Leaf: OutputType {
    /// It may be null.
    const NULLABLE: bool = false;

    /// Writes the value, or records the failure and says so.
    fn put(&self, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble>;
}

fn impossible(out: &mut Out, path: &Path<'_>, message: &'static str) -> Bubble {
    tracing::error!(graphql.error = message, "a leaf has no GraphQL value");
    out.fail(&Fault::new(Code::InternalServerError, message), path.pos(), path);
    Bubble
}

macro_rules! integers {
    ($($int:ty),*) => {$(impl Leaf for $int {
        #[inline]
        fn put(&self, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
            // GraphQL's Int is 32 bits wide; what does not fit is an error, not another number.
            if i32::try_from(*self).is_err() {
                return Err(impossible(out, path, "An Int does not fit 32 bits."));
            }
            out.buf.extend_from_slice(itoa::Buffer::new().format(*self).as_bytes());
            Ok(())
        }
    })*};
}
integers!(i8, i16, i32, i64, u8, u16, u32, u64, usize);

macro_rules! floats {
    ($($float:ty),*) => {$(impl Leaf for $float {
        fn put(&self, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
            if !self.is_finite() {
                return Err(impossible(out, path, "A Float is not finite."));
            }
            // serde_json writes the shortest text that reads back the same; a Vec takes all of it.
            let _ = serde_json::to_writer(&mut out.buf, self);
            Ok(())
        }
    })*};
}
floats!(f32, f64);

impl Leaf for bool {
    #[inline]
    fn put(&self, out: &mut Out, _: &Path<'_>) -> Result<(), Bubble> {
        out.buf.extend_from_slice(if *self { b"true" } else { b"false" });
        Ok(())
    }
}

impl Leaf for str {
    #[inline]
    fn put(&self, out: &mut Out, _: &Path<'_>) -> Result<(), Bubble> {
        put_str(self, &mut out.buf);
        Ok(())
    }
}

impl Leaf for String {
    #[inline]
    fn put(&self, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
        self.as_str().put(out, path)
    }
}

impl Leaf for ID {
    #[inline]
    fn put(&self, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
        self.as_str().put(out, path)
    }
}

impl<T: Leaf> Leaf for &T {
    const NULLABLE: bool = T::NULLABLE;

    #[inline]
    fn put(&self, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
        T::put(self, out, path)
    }
}

impl<T: Leaf> Leaf for Option<T> {
    const NULLABLE: bool = true;

    #[inline]
    fn put(&self, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
        let Some(value) = self else {
            out.null();
            return Ok(());
        };
        let start = out.buf.len();
        match value.put(out, path) {
            Ok(()) => Ok(()),
            Err(Bubble) => out.null_or_bubble(start, true),
        }
    }
}

impl<T: Leaf> Leaf for Vec<T> {
    fn put(&self, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
        let start = out.buf.len();
        out.buf.push(b'[');
        for (index, value) in self.iter().enumerate() {
            if index > 0 {
                out.buf.push(b',');
            }
            if value.put(out, &path.index(index)).is_err() {
                return out.null_or_bubble(start, false);
            }
        }
        out.buf.push(b']');
        Ok(())
    }
}

/// Writes a JSON string.
#[inline]
pub fn put_str(text: &str, buf: &mut Vec<u8>) {
    put_utf8(text.as_bytes(), buf);
}

/// Writes a JSON string of what is known to be UTF-8, without looking again whether it is.
///
/// Looks at eight bytes at a time; the rare text that needs escaping goes to serde_json.
#[inline]
pub(super) fn put_utf8(bytes: &[u8], buf: &mut Vec<u8>) {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    // Classic bit tricks: a byte below 0x20, a quotation mark or a backslash sets a high bit.
    fn needs_escape(word: u64) -> bool {
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let quote = word ^ (ONES * 0x22);
        let backslash = word ^ (ONES * 0x5c);
        (control | (quote.wrapping_sub(ONES) & !quote) | (backslash.wrapping_sub(ONES) & !backslash)) & HIGHS
            != 0
    }
    let (words, rest) = bytes.as_chunks::<8>();
    let escape = words.iter().any(|word| needs_escape(u64::from_le_bytes(*word)))
        || rest.iter().any(|byte| *byte < 0x20 || *byte == b'"' || *byte == b'\\');
    if escape {
        // Writing into a Vec cannot fail.
        let _ = serde_json::to_writer(buf, &String::from_utf8_lossy(bytes));
        return;
    }
    buf.reserve(bytes.len() + 2);
    buf.push(b'"');
    buf.extend_from_slice(bytes);
    buf.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_short_text_is_written_as_serde_json_writes_it() {
        for code in (0..0x250u32).chain([0x2028, 0x2029, 0xFFFD, 0x1F3B5]) {
            let Some(c) = char::from_u32(code) else { continue };
            for pad in 0..9 {
                let text = format!("{}{c}{}", "x".repeat(pad), "é".repeat(pad));
                let mut ours = Vec::new();
                put_str(&text, &mut ours);
                assert_eq!(ours, serde_json::to_vec(&text).unwrap(), "{text:?}");
            }
        }
    }
}
