//! What apollo-parser lets pass: a name without a value, among arguments or in an input object. It leaves it out.

use crate::graphql::guard::Tokens;

/// A bracket that is open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Selections,
    List,
    /// Arguments, an input object, definitions of variables.
    Pairs(Next),
}

/// What comes next in a pair.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Name,
    Value,
}

/// The place of the first name that stands where a pair begins, and is no pair's.
pub fn first(document: &str) -> Option<usize> {
    let mut open = Vec::new();
    let mut tokens = Tokens::of(document).peekable();
    while let Some((at, token)) = tokens.next() {
        match token {
            b"(" => open.push(Open::Pairs(Next::Name)),
            b"[" => open.push(Open::List),
            b"{" => open.push(match open.last() {
                Some(Open::List | Open::Pairs(Next::Value)) => Open::Pairs(Next::Name),
                _ => Open::Selections,
            }),
            b")" | b"]" | b"}" => {
                open.pop();
                expect(&mut open, Next::Name);
            }
            b"=" => expect(&mut open, Next::Value),
            // A directive's name is no value.
            b"@" => drop(tokens.next_if(|(_, next)| is_name(next))),
            b"$" | b"!" | b"-" | b"." => {}
            name if is_name(name) && open.last() == Some(&Open::Pairs(Next::Name)) => {
                if tokens.next_if(|(_, next)| *next == b":").is_none() {
                    return Some(at);
                }
                expect(&mut open, Next::Value);
            }
            _ => expect(&mut open, Next::Name),
        }
    }
    None
}

fn expect(open: &mut [Open], next: Next) {
    if let Some(Open::Pairs(expected)) = open.last_mut() {
        *expected = next;
    }
}

fn is_name(token: &[u8]) -> bool {
    token.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_a_pair_has_a_value() {
        for fine in [
            "query Q($a: [Int!]! = [1, -2.5] @d(x: 1), $b: In = {c: {d: E}}) { a(b: $b, c: [{d: 1}, E], e: F) @g(h: \"i j\") { k } }",
            "{ a: b c { d e } ... @skip(if: true) { f } }",
            "{ a(b: true c: false d: null) g }",
            "fragment F on G @h { i }",
        ] {
            assert_eq!(first(fine), None, "{fine}");
        }
        for (wrong, at) in
            [("{ a(b) }", 4), ("{ a(b: 1 c) }", 9), ("{ a(b: {c: 1 d}) }", 13), ("{ a(b: [{c}]) }", 9)]
        {
            assert_eq!(first(wrong), Some(at), "{wrong}");
        }
    }
}
