//! Where a browser may be sent back to: a path of our own, and nothing that could be read as anybody else's.

use url::Url;

/// Longer ones are nobody's place to come back to.
const LONGEST: usize = 2_048;

/// Whether this is a path of this server's (with its query), to every reader: `//host` and `/\host` name another host to
/// browsers, and what is encoded so may be decoded by whoever is in between.
pub fn is_own_path(path: &str) -> bool {
    let encoded_slash = |at: &str| {
        let start = at.get(..3).unwrap_or_default();
        start.eq_ignore_ascii_case("%2f") || start.eq_ignore_ascii_case("%5c")
    };
    let Some(rest) = path.strip_prefix('/') else { return false };
    // No blank, no control character, nothing that a header cannot carry; browsers take `\` for `/`.
    let plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if !plain || path.len() > LONGEST || rest.starts_with('/') || encoded_slash(rest) {
        return false;
    }
    // And once more, as browsers read it: `/.//host` is a path of ours, but must not become `//host`.
    let Ok(ours) = Url::parse("https://ours.invalid/") else { return false };
    ours.join(path).is_ok_and(|url| url.origin() == ours.origin() && !url.path().starts_with("//"))
}

#[cfg(test)]
mod tests {
    use super::is_own_path;

    #[test]
    fn paths_of_our_own_are_taken() {
        for path in ["/", "/graphiql", "/a/b?c=d#e", "/search?q=https://else.example//x", "/a%2Fb", "/%C3%A4"]
        {
            assert!(is_own_path(path), "{path}");
        }
    }

    #[test]
    fn whatever_leads_elsewhere_is_not() {
        let long = format!("/{}", "a".repeat(super::LONGEST));
        for path in [
            "",
            "evil",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https:evil.example",
            "https://evil.example",
            "https:/evil.example",
            "javascript:alert(1)",
            "/%2fevil.example",
            "/%5Cevil.example",
            "/.//evil.example",
            "/a/..//evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            " /a",
            "/a b",
            "/a\r\nSet-Cookie: x=y",
            "/\u{0}",
            "/ä",
            "@evil.example",
            long.as_str(),
        ] {
            assert!(!is_own_path(path), "{path:?}");
        }
    }
}
