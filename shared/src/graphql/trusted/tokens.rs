//! What is the same document though it is spelled in another way.

use apollo_parser::{Lexer, TokenKind};
use sha2::{Digest, Sha256};

/// The same for texts that differ in white space, commas and comments only. None: it is no GraphQL.
pub fn fingerprint(text: &str) -> Option<[u8; 32]> {
    let mut hasher = Sha256::new();
    for token in Lexer::new(text) {
        let token = token.ok()?;
        if !matches!(
            token.kind(),
            TokenKind::Whitespace | TokenKind::Comment | TokenKind::Comma | TokenKind::Eof
        ) {
            hasher.update(token.data());
            // Ends a token: no token but a block string, which has its own end, contains it.
            hasher.update("\n");
        }
    }
    Some(hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::fingerprint;

    #[test]
    fn only_what_is_ignored_may_differ() {
        let of = |text| fingerprint(text).unwrap();
        let text = "query Q($a: Int = 1, $b: String) { x(a: $a, b: \"a  b,#\") { y } }";
        for same in [
            "query Q($a:Int=1$b:String){x(a:$a b:\"a  b,#\"){y}}",
            "\u{feff}# Why.\nquery Q (\n  $a: Int = 1\n  $b: String\n) {\r\n  x(a: $a, b: \"a  b,#\") { y }\n}\n",
        ] {
            assert_eq!(of(text), of(same), "{same}");
        }
        for other in [
            "query Q($a: Int = 1, $b: String) { x(a: $a, b: \"a b,#\") { y } }",
            "query Q($a: Int = 1, $b: String) { x(a: $b, b: \"a  b,#\") { y } }",
            "query Q($a: Int = 1, $b: String) { x(a: $a, b: \"a  b,#\") { y z } }",
            "query Q($a: Int = 1, $b: String) { x(a: $a, b: \"\"\"a  b,#\"\"\") { y } }",
        ] {
            assert_ne!(of(text), of(other), "{other}");
        }
        assert_ne!(of("{ ab }"), of("{ a b }"));
        assert_eq!(fingerprint("{ a(b: \"…) }"), None);
    }
}
