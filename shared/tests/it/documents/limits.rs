//! Every limit: what is just within it runs, what is beyond is refused with its own code, the value found and the way out.

use super::world::{refusal, start};
use bff::config::Settings;
use kit::json;

/// A limit set low, what is just within it, what is just beyond, and what is said then.
async fn limited(change: fn(&mut Settings), within: &[&str], beyond: &[&str], code: &str, message: &str) {
    let bff = start(change).await;
    for document in within {
        let answer = bff.query(document).await;
        assert!(answer.errors().is_empty(), "{document}\n{answer}");
    }
    for document in beyond {
        let said = refusal(&bff.query(document).await);
        assert_eq!((said.0.as_str(), said.1.as_str()), (code, message), "{document}");
    }
}

#[tokio::test]
async fn bytes() {
    limited(
        |settings| settings.limits.document_bytes = 20,
        &["{ echo } # 89 123456"],
        &["{ echo } # 89 1234567"],
        "DOCUMENT_LIMIT_EXCEEDED",
        "The document has 21 bytes; up to 20 are taken. Ask for less at once.",
    )
    .await;
}

#[tokio::test]
async fn tokens() {
    limited(
        |settings| settings.limits.tokens = 6,
        &["{ a: echo }", "{,echo,echo,echo,echo # } } }\n}"],
        &["{ echo echo echo echo echo }", "{ ...F } fragment F on"],
        "TOKEN_LIMIT_EXCEEDED",
        "The document has 7 tokens; up to 6 are taken. Ask for less at once.",
    )
    .await;
}

#[tokio::test]
async fn depth() {
    limited(
        |settings| settings.limits.depth = 3,
        &[
            "{ shelf { page { total } } }",
            "{ ...A } fragment A on Query { ... { shelf { ...B } } } fragment B on Shelf { page { total } }",
        ],
        &[
            "{ shelf { page { nodes { name } } } }",
            "{ ...A } fragment A on Query { shelf { ...B } } fragment B on Shelf { ... { page { ...C } } } \
             fragment C on Page { nodes { name } }",
        ],
        "DEPTH_LIMIT_EXCEEDED",
        "The operation has 4 levels of fields; up to 3 are taken. Ask for less below each other.",
    )
    .await;
}

#[tokio::test]
async fn aliases() {
    limited(
        |settings| settings.limits.aliases = 2,
        &["{ a: echo shelf { b: name } }"],
        &[
            "{ a: echo b: echo c: echo }",
            "{ shelf { ...F next { ...F ... on Pen { c: name } } } } fragment F on Thing { a: name }",
        ],
        "ALIAS_LIMIT_EXCEEDED",
        "The operation has 3 aliases; up to 2 are taken. Split it into several operations.",
    )
    .await;
}

#[tokio::test]
async fn directives() {
    limited(
        |settings| settings.limits.directives = 2,
        &["{ echo @skip(if: false) @include(if: true) }"],
        &[
            "{ echo @skip(if: false) ... @skip(if: false) { shelf { name @skip(if: false) } } }",
            "{ echo @nonsense @nonsense @nonsense }",
        ],
        "DIRECTIVE_LIMIT_EXCEEDED",
        "The operation has 3 directives; up to 2 are taken. Leave some out.",
    )
    .await;
}

#[tokio::test]
async fn directives_in_one_place() {
    let (eight, nine) = ("@nonsense ".repeat(8), "@nonsense ".repeat(9));
    let documents = |nine: &str| {
        [
            format!("{{ echo {nine} }}"),
            format!("query {nine} {{ echo }}"),
            format!("{{ ... {nine} {{ echo }} }}"),
            format!("{{ shelf {{ ...F {nine} }} }} fragment F on Shelf {{ name }}"),
            format!("{{ shelf {{ ...F }} }} fragment F on Shelf {nine} {{ name }}"),
            format!("{{ shelf {{ next {{ ... on Shelf {{ name {nine} }} }} }} }}"),
        ]
    };
    let bff = start(|_| {}).await;
    for document in documents(&nine) {
        let said = refusal(&bff.query(&document).await);
        let message = "The operation has 9 directives in one place; up to 8 are taken. Leave some out.";
        assert_eq!(said, ("DIRECTIVE_LIMIT_EXCEEDED".to_owned(), message.to_owned()), "{document}");
    }
    for document in documents(&eight) {
        assert_eq!(refusal(&bff.query(&document).await).0, "GRAPHQL_VALIDATION_FAILED", "{document}");
    }
}

#[tokio::test]
async fn root_fields() {
    limited(
        |settings| settings.limits.root_fields = 2,
        &["{ echo __typename }", "{ ...F } fragment F on Query { echo shelf { name next { name } } }"],
        &["{ echo __typename shelf { name } }", "{ echo ...F } fragment F on Query { echo ... { echo } }"],
        "ROOT_FIELD_LIMIT_EXCEEDED",
        "The operation has 3 root fields; up to 2 are taken. Split it into several operations.",
    )
    .await;
}

#[tokio::test]
async fn selections() {
    limited(
        |settings| settings.limits.selections = 9,
        &["{ shelf { a: name b: name c: name d: name e: name f: name g: name } echo }"],
        &[
            // On an interface it is planned for each of the three types.
            "{ thing { a: name b: name c: name } }",
            "{ shelf { ...F ...F } echo echo echo } fragment F on Shelf { a: name b: name }",
        ],
        "SELECTION_LIMIT_EXCEEDED",
        "The document selects 10 fields once its fragments are spread out; up to 9 are taken. Ask for less at once.",
    )
    .await;
}

#[tokio::test]
async fn pages() {
    limited(
        |settings| settings.limits.first = 5,
        &[
            "{ shelf { books(first: 5) { name } twenty(limit: 1) { name } } }",
            "{ shelf { twenty { name } } }",
        ],
        &[
            "{ shelf { books(first: 6) { name } } }",
            "{ ...F } fragment F on Query { shelf { books(first: 6) { name } } }",
        ],
        "PAGE_LIMIT_EXCEEDED",
        "`first` of \"books\" asks for 6 items; up to 5 are given at once. Ask for fewer, and page.",
    )
    .await;
    let bff = start(|settings| settings.limits.first = 5).await;
    for (document, name) in [("books(last: 6) { name }", "last"), ("twenty(limit: 6) { name }", "limit")] {
        let (code, message) = refusal(&bff.query(&format!("{{ shelf {{ {document} }} }}")).await);
        assert_eq!(code, "PAGE_LIMIT_EXCEEDED");
        assert!(message.starts_with(&format!("`{name}` of")), "{message}");
    }
    let document =
        "query Q($n: Int) { shelf { books(first: $n) { name } words: twenty(limit: 2) { words } } }";
    let said = refusal(&bff.query(document).variables(json!({"n": 6})).await);
    assert_eq!(said.0, "PAGE_LIMIT_EXCEEDED");
    assert_eq!(
        said.1,
        "The variable \"$n\" asks for 6 items; up to 5 are given at once. Ask for fewer, and page."
    );
    assert!(bff.query(document).variables(json!({"n": 5})).await.errors().is_empty());
    // The same number elsewhere is nobody's page.
    let elsewhere = "query Q($n: Int) { echo(any: {n: $n}) }";
    assert!(bff.query(elsewhere).variables(json!({"n": 6})).await.errors().is_empty());
}

#[tokio::test]
async fn several_operations_are_each_within_their_limits_but_the_document_is_one() {
    let bff = start(|settings| {
        settings.limits.root_fields = 2;
        settings.limits.selections = 4;
    })
    .await;
    let two = "query A { a: echo b: echo } query B { a: echo b: echo }";
    assert!(bff.query(two).operation("B").await.errors().is_empty());
    let three = format!("{two} query C {{ echo }}");
    assert_eq!(refusal(&bff.query(&three).operation("C").await).0, "SELECTION_LIMIT_EXCEEDED");
}

#[tokio::test]
async fn an_error_points_at_what_is_too_much() {
    let bff = start(|_| {}).await;
    let answer = bff.query("{\n  shelf {\n    books(first: 101) { name }\n  }\n}").await;
    assert_eq!(answer.errors()[0]["locations"], json!([{"line": 3, "column": 11}]));
}
