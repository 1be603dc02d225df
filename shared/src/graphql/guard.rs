//! What a document may cost before anybody looks at it closely: every check here is linear in the document.

use crate::fanout::{Code, Fault};
use async_graphql::{
    Name,
    parser::types::{ExecutableDocument, Selection, SelectionSet},
};
use std::collections::HashMap;

/// The longest document.
const MAX_BYTES: usize = 100_000;
/// The most tokens, comments and commas not counted.
const MAX_TOKENS: usize = 5_000;
/// The deepest nesting of braces, brackets and parentheses.
const MAX_NESTING: usize = 64;
/// The most selections once all fragments are spread out.
const MAX_SELECTIONS: u64 = 5_000;

fn too_complex(message: String) -> Fault {
    Fault::new(Code::DocumentTooComplex, message)
}

/// Before any parser: size, tokens and nesting, in one pass over the bytes.
pub fn text(document: &str) -> Result<(), Fault> {
    if document.len() > MAX_BYTES {
        return Err(too_complex(format!(
            "The document is {} bytes long; up to {MAX_BYTES} are taken. Ask for less at once.",
            document.len()
        )));
    }
    let bytes = document.as_bytes();
    let (mut tokens, mut nesting, mut at) = (0usize, 0usize, 0usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => at += 1,
            b'#' => at += bytes[at..].iter().take_while(|b| !matches!(b, b'\n' | b'\r')).count(),
            b'"' => {
                tokens += 1;
                at += string_len(&bytes[at..]);
            }
            b'{' | b'[' | b'(' => {
                tokens += 1;
                nesting += 1;
                if nesting > MAX_NESTING {
                    return Err(too_complex(format!(
                        "The document nests more than {MAX_NESTING} levels deep."
                    )));
                }
                at += 1;
            }
            b'}' | b']' | b')' => {
                tokens += 1;
                nesting = nesting.saturating_sub(1);
                at += 1;
            }
            b'_' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => {
                tokens += 1;
                at += bytes[at..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
            }
            _ => {
                tokens += 1;
                at += 1;
            }
        }
        if tokens > MAX_TOKENS {
            return Err(too_complex(format!(
                "The document has more than {MAX_TOKENS} tokens. Ask for less at once."
            )));
        }
    }
    Ok(())
}

/// The length of the string that begins here, plain or block (§2.9.4). One that does not end goes to the end.
fn string_len(bytes: &[u8]) -> usize {
    if bytes.starts_with(b"\"\"\"") {
        let mut at = 3;
        while at < bytes.len() {
            if bytes[at..].starts_with(b"\\\"\"\"") {
                at += 4;
            } else if bytes[at..].starts_with(b"\"\"\"") {
                return at + 3;
            } else {
                at += 1;
            }
        }
        return bytes.len();
    }
    let mut at = 1;
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

/// Before anybody walks the fragments: how many selections they spread out to. Each fragment is counted once.
pub fn expansion(document: &ExecutableDocument) -> Result<(), Fault> {
    let mut counter = Counter { document, known: HashMap::new() };
    let mut total = 0u64;
    for (_, operation) in document.operations.iter() {
        total = total.saturating_add(counter.count(&operation.node.selection_set.node));
    }
    if total > MAX_SELECTIONS {
        return Err(too_complex(format!(
            "The document selects more than {MAX_SELECTIONS} fields once its fragments are spread out."
        )));
    }
    Ok(())
}

struct Counter<'d> {
    document: &'d ExecutableDocument,
    /// None while the fragment is being counted: a cycle, which validation will name, adds nothing here.
    known: HashMap<&'d Name, Option<u64>>,
}

impl<'d> Counter<'d> {
    fn count(&mut self, set: &'d SelectionSet) -> u64 {
        let mut total = 0u64;
        for selection in &set.items {
            total = total.saturating_add(match &selection.node {
                Selection::Field(field) => 1 + self.count(&field.node.selection_set.node),
                Selection::InlineFragment(fragment) => self.count(&fragment.node.selection_set.node),
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node),
            });
        }
        total
    }

    fn fragment(&mut self, name: &'d Name) -> u64 {
        if let Some(known) = self.known.get(name) {
            return known.unwrap_or(0);
        }
        let Some(fragment) = self.document.fragments.get(name) else { return 0 };
        self.known.insert(name, None);
        let count = self.count(&fragment.node.selection_set.node);
        self.known.insert(name, Some(count));
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_too_much_and_nothing_else() {
        assert!(text("{ a(s: \"}}}{{{\", b: \"\"\" { \\\"\"\" ( \"\"\") { b } } # { { {").is_ok());
        assert!(text(&"a ".repeat(MAX_TOKENS)).is_ok());
        assert!(text(&"a ".repeat(MAX_TOKENS + 1)).is_err());
        assert!(text(&"{".repeat(MAX_NESTING + 1)).is_err());
        assert!(text(&" ".repeat(MAX_BYTES + 1)).is_err());
        for open in ["\"", "\"\"\"", "\"\\", "{ a(s: \"\\"] {
            assert!(text(open).is_ok(), "an open string is the parser's to refuse");
        }
    }

    #[test]
    fn fragments_that_multiply_are_counted_without_being_walked() {
        let mut text = String::from("{ ...F0 } fragment F30 on Q { a }");
        for n in 0..30 {
            text.push_str(&format!(" fragment F{n} on Q {{ ...F{} ...F{} }}", n + 1, n + 1));
        }
        let document = async_graphql::parser::parse_query(&text).unwrap();
        assert_eq!(expansion(&document).unwrap_err().code, Code::DocumentTooComplex);
        let cycle = async_graphql::parser::parse_query(
            "{ ...A } fragment A on Q { ...B } fragment B on Q { a ...A }",
        )
        .unwrap();
        assert!(expansion(&cycle).is_ok());
    }
}
