//! Before any parser: size, tokens and nesting, in one pass over the bytes.

use super::{MAX_NESTING, exceeded, steps};
use crate::{
    config::Limits,
    fanout::{Code, Fault},
};

pub fn check(document: &str, limits: &Limits) -> Result<(), Fault> {
    if document.len() > limits.document_bytes {
        let message =
            format!("The document has {} bytes; up to {} are taken.", document.len(), limits.document_bytes);
        return Err(exceeded(Code::DocumentLimitExceeded, message, "Ask for less at once"));
    }
    let Counted { tokens, nesting } = Counted::of(document);
    if tokens > limits.tokens {
        let message = format!("The document has {tokens} tokens; up to {} are taken.", limits.tokens);
        return Err(exceeded(Code::TokenLimitExceeded, message, "Ask for less at once"));
    }
    if nesting > MAX_NESTING {
        let message = format!("The document nests {nesting} levels deep; up to {MAX_NESTING} are taken.");
        return Err(exceeded(Code::DepthLimitExceeded, message, "Split it into several"));
    }
    Ok(())
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Counted {
    /// Comments and commas are none.
    tokens: u64,
    /// Of braces, brackets and parentheses.
    nesting: u64,
}

impl Counted {
    fn of(document: &str) -> Self {
        let (mut counted, mut nesting) = (Self::default(), 0u64);
        for (_, token) in Tokens::of(document) {
            counted.tokens += 1;
            match token {
                b"{" | b"[" | b"(" => nesting += 1,
                b"}" | b"]" | b")" => nesting = nesting.saturating_sub(1),
                _ => {}
            }
            counted.nesting = counted.nesting.max(nesting);
        }
        counted
    }
}

/// The tokens of a document (§2.1), each with its place; numbers and what is no token at all are roughly taken apart.
pub struct Tokens<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Tokens<'t> {
    pub fn of(document: &'t str) -> Self {
        Self { text: document.as_bytes(), at: 0 }
    }
}

impl<'t> Iterator for Tokens<'t> {
    type Item = (usize, &'t [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = self.text.get(self.at..)?;
            let length = match rest.first()? {
                b' ' | b'\t' | b'\n' | b'\r' | b',' => {
                    self.at += 1;
                    continue;
                }
                // A byte order mark is as good as a blank, wherever it stands.
                0xEF if rest.starts_with("\u{feff}".as_bytes()) => {
                    self.at += 3;
                    continue;
                }
                b'#' => {
                    self.at += rest.iter().take_while(|byte| !matches!(byte, b'\n' | b'\r')).count();
                    continue;
                }
                b'"' => string_len(rest),
                b'_' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => {
                    rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count()
                }
                b'.' if rest.starts_with(b"...") => 3,
                _ => 1,
            };
            let at = self.at;
            self.at = (at + length).min(self.text.len());
            steps::take(length);
            return Some((at, self.text.get(at..self.at)?));
        }
    }
}

/// The length of the string that begins here, plain or block (§2.9.4). One that does not end goes to the end.
fn string_len(bytes: &[u8]) -> usize {
    let mut at = 1;
    if bytes.starts_with(b"\"\"\"") {
        at = 3;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            if rest.starts_with(b"\\\"\"\"") {
                at += 4;
            } else if rest.starts_with(b"\"\"\"") {
                return at + 3;
            } else {
                at += 1;
            }
        }
        return bytes.len();
    }
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            // A plain string ends with its line, right or wrong: the parser will say so.
            b'\n' | b'\r' => return at,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_the_parser_will_see() {
        fn counted(document: &str) -> (u64, u64) {
            let Counted { tokens, nesting } = Counted::of(document);
            (tokens, nesting)
        }
        assert_eq!(counted("{ a(s: \"}}}{{{\", b: \"\"\" { \\\"\"\" ( \"\"\") { ...b } } # { { {"), (15, 2));
        assert_eq!(counted("a, b,, c # d e f\n g"), (4, 0));
        assert_eq!(counted(&"[".repeat(70)), (70, 70));
        assert_eq!(counted("}}}{{"), (5, 2));
        assert_eq!(counted(""), (0, 0));
        assert_eq!(counted("\u{feff}a\u{feff}{"), (2, 1));
        for open in ["\"", "\"\"\"", "\"\\", "\"\"\"\\", "{ a(s: \"\\"] {
            let (tokens, _) = counted(open);
            assert!(tokens <= 6, "{open}: an open string is the parser's to refuse");
        }
    }
}
