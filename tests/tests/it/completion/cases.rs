//! Documents over the schema, and what each of their fields comes to, as the judge wants it told.

use kit::{Value, json};

pub const OPERATIONS: [&str; 3] = ["query", "mutation", "subscription"];

const KINDS: [&str; 5] = ["FINE", "NULL", "ERROR", "PANIC", "OVERFLOW"];

/// Leaves, and lists of them, with their types.
const LEAVES: [(&str, &str); 19] = [
    ("t", "Int"),
    ("tM", "Int!"),
    ("listT", "[Int]"),
    ("listTM", "[Int!]"),
    ("listMT", "[Int]!"),
    ("listMTM", "[Int!]!"),
    ("listListT", "[[Int]]"),
    ("listListTM", "[[Int!]]"),
    ("listListMT", "[[Int]!]"),
    ("listListMTM", "[[Int!]!]"),
    ("listMListT", "[[Int]]!"),
    ("listMListTM", "[[Int!]]!"),
    ("listMListMT", "[[Int]!]!"),
    ("listMListMTM", "[[Int!]!]!"),
    ("mayBeOdd", "Odd"),
    ("odd", "Odd!"),
    ("oddsAndNulls", "[Odd]!"),
    ("odds", "[Odd!]!"),
    ("mayBeOdds", "[Odd!]"),
];

/// Rows, and lists of them.
const ROWS: [(&str, &str); 5] = [
    ("row", "Row"),
    ("rowM", "Row!"),
    ("rowsAndNulls", "[Row]!"),
    ("rows", "[Row!]!"),
    ("mayBeRows", "[Row!]"),
];

/// Leaves of a row.
const OF_ROW: [(&str, &str); 6] = [
    ("t", "Int"),
    ("tM", "Int!"),
    ("listT", "[Int]"),
    ("listTM", "[Int!]"),
    ("listMT", "[Int]!"),
    ("listMTM", "[Int!]!"),
];

pub struct Case {
    pub operation: &'static str,
    pub document: String,
    pub variables: Value,
    /// The root's row.
    pub root: Value,
}

/// A root field of a case: how it is called, and what it comes to.
struct Asked {
    text: String,
    name: String,
    value: Value,
}

fn asked((name, ty): (&str, &str), kind: &str, depth: usize) -> Asked {
    Asked {
        text: format!("{name}(kind: {kind}, depth: {depth})"),
        // The arguments as the judge writes them.
        name: format!("{name}({{\"depth\":{depth},\"kind\":\"{kind}\"}})"),
        value: value(ty, kind, depth),
    }
}

fn failed() -> Value {
    json!({"$error": "fails"})
}

/// What `made` makes of this type.
fn value(ty: &str, kind: &str, depth: usize) -> Value {
    if depth == 0 && (kind == "ERROR" || kind == "PANIC") {
        return failed();
    }
    // A scalar that panics takes all of its root along.
    if kind == "PANIC" && ty.contains("Odd") && lists(ty) == depth {
        return failed();
    }
    part(ty, kind, depth)
}

fn lists(ty: &str) -> usize {
    ty.matches('[').count()
}

fn part(ty: &str, kind: &str, depth: usize) -> Value {
    let (inner, nullable) = ty.strip_suffix('!').map_or((ty, true), |inner| (inner, false));
    if let Some(item) = inner.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
        if depth == 0 && kind == "NULL" && nullable {
            return Value::Null;
        }
        let fine = || part(item, "FINE", 0);
        return match depth {
            0 => json!([fine(), fine(), fine()]),
            _ => json!([fine(), part(item, kind, depth - 1), fine()]),
        };
    }
    match (inner, kind, depth) {
        ("Row", "NULL", 0) if nullable => Value::Null,
        ("Row", ..) => row(kind, depth),
        (_, "NULL", 0) if nullable => Value::Null,
        ("Odd", "NULL", 0) => Value::Null,
        ("Odd", ..) => json!(7),
        (_, "ERROR", 0) => failed(),
        (_, "OVERFLOW", 0) => json!(1_u64 << 40),
        _ => json!(1),
    }
}

/// A row's leaves have no errors of their own.
fn row(kind: &str, depth: usize) -> Value {
    let kind = if kind == "ERROR" || kind == "PANIC" { "FINE" } else { kind };
    let leaves = OF_ROW.iter().map(|(name, ty)| ((*name).to_owned(), part(ty, kind, depth)));
    let odd = (
        "odd".to_owned(),
        if kind == "NULL" && depth == 0 { json!(1_u64 << 40) } else { part("Int", kind, depth) },
    );
    Value::Object(leaves.chain([odd]).collect())
}

fn case(operation: &'static str, fields: impl IntoIterator<Item = (String, Asked)>) -> Case {
    let (mut lines, mut root) = (String::new(), serde_json::Map::new());
    for (text, asked) in fields {
        lines.push_str(&format!("\n  {text}"));
        root.insert(asked.name, asked.value);
    }
    Case {
        operation,
        document: format!("{operation} Case {{{lines}\n}}"),
        variables: json!({}),
        root: root.into(),
    }
}

/// Every type, kind and depth by itself.
pub fn alone(operation: &'static str) -> Vec<Case> {
    let mut cases = Vec::new();
    for leaf in LEAVES {
        for kind in KINDS {
            for depth in 0..=lists(leaf.1) {
                let asked = asked(leaf, kind, depth);
                cases.push(case(operation, [(asked.text.clone(), asked)]));
            }
        }
    }
    cases
}

/// A failing one between others, and each before a fine one.
pub fn together(operation: &'static str) -> Vec<Case> {
    let mut cases = Vec::new();
    for leaf in LEAVES {
        for (kind, depth) in [("ERROR", 0), ("PANIC", 0), ("NULL", 0), ("OVERFLOW", lists(leaf.1))] {
            let all = [
                ("last", asked(("t", "Int"), "ERROR", 0)),
                ("b", asked(leaf, kind, depth)),
                ("a", asked(("listT", "[Int]"), "ERROR", 1)),
                ("__typename: t", asked(("t", "Int"), "FINE", 0)),
                ("c", asked(("mayBeOdd", "Odd"), "PANIC", 0)),
            ];
            let all = all.into_iter().filter(|(alias, _)| !alias.starts_with("__"));
            cases
                .push(case(operation, all.map(|(alias, asked)| (format!("{alias}: {}", asked.text), asked))));
        }
    }
    // Everything that may be null, at once.
    let nullable =
        LEAVES.into_iter().filter(|(_, ty)| !ty.ends_with('!')).map(|leaf| asked(leaf, "ERROR", 0));
    cases.push(case(operation, nullable.map(|asked| (asked.text.clone(), asked))));
    cases
}

/// What does not even run: guards, arguments; with conditions and fragments around.
pub fn refused(operation: &'static str) -> Vec<Case> {
    let refusals = [
        ("guarded", "guarded({})".to_owned()),
        ("guardedM", "guardedM({})".to_owned()),
        ("picky(value: 8)", "picky({\"value\":8})".to_owned()),
        ("pickyM(value: \"x\")", "pickyM({\"value\":\"x\"})".to_owned()),
    ];
    let mut cases = Vec::new();
    for (text, name) in refusals {
        let field = || Asked { text: text.to_owned(), name: name.clone(), value: failed() };
        cases.push(case(operation, [(format!("x: {text}"), field())]));
        if operation == "subscription" {
            continue;
        }
        let fine = || asked(("t", "Int"), "FINE", 0);
        let among = [
            (format!("fine: {}", fine().text), fine()),
            (format!("... @include(if: $yes) {{ x: {text} }}"), field()),
            (format!("x: {text} @skip(if: $yes)"), field()),
            (format!("...{{ other: {} }}", fine().text), fine()),
        ];
        let mut among = case(operation, among);
        among.document = among.document.replace("Case {", "Case($yes: Boolean! = true) {");
        cases.push(among);
    }
    cases
}

/// Each leaf of a row, of each root that has rows.
pub fn below(operation: &'static str) -> Vec<Case> {
    let mut cases = Vec::new();
    for rows in ROWS {
        for leaf in OF_ROW {
            for kind in ["FINE", "NULL", "OVERFLOW"] {
                for depth in 0..=lists(rows.1) + lists(leaf.1) {
                    let asked = asked(rows, kind, depth);
                    cases.push(case(
                        operation,
                        [(format!("{} {{ x: {} __typename t }}", asked.text, leaf.0), asked)],
                    ));
                }
            }
        }
        for kind in ["ERROR", "PANIC", "NULL"] {
            let asked = asked(rows, kind, 0);
            cases.push(case(operation, [(format!("{} {{ odd }}", asked.text), asked)]));
        }
    }
    cases
}
