//! Documents that would occupy a server for good, or overflow its stack, if anybody walked them as they ask for.
//!
//! Nothing is timed: a check that walked what these spread out to would not end.

use super::world::{refusal, start};
use kit::Running;
use std::fmt::Write;

/// Limits as high as the hostile could wish for, but for those that hold by themselves.
async fn generous() -> Running {
    start(|settings| {
        let limits = &mut settings.limits;
        limits.document_bytes = limits.body_bytes;
        limits.tokens = 100_000;
        limits.aliases = 100_000;
        limits.directives = 100_000;
        limits.root_fields = 100_000;
        limits.depth = 1_000;
        limits.cost = u64::MAX;
    })
    .await
}

fn multiplying(levels: usize, each: &str) -> String {
    let mut text = format!("{{ shelf {{ ...F0 }} }} fragment F{levels} on Shelf {{ name }}");
    for n in 0..levels {
        let each = each.replace("NEXT", &format!("...F{}", n + 1));
        let _ = write!(text, " fragment F{n} on Shelf {{ {each} }}");
    }
    text
}

#[tokio::test]
async fn fragments_that_multiply_are_counted_without_being_walked() {
    let bff = generous().await;
    for (levels, each) in [
        (30, "NEXT NEXT"),
        (60, "NEXT NEXT"),
        (25, "a: page { nodes { shelf { NEXT } } } b: page { nodes { shelf { NEXT } } }"),
        (20, "... { NEXT } ... { NEXT } ... on Thing { ... on Shelf { NEXT } }"),
        (60, "NEXT next { ... on Shelf { NEXT } }"),
    ] {
        let (code, message) = refusal(&bff.query(&multiplying(levels, each)).await);
        assert_eq!(code, "SELECTION_LIMIT_EXCEEDED", "{each}: {message}");
    }
    // One that nobody spreads is walked by validation all the same.
    let unused = multiplying(40, "NEXT NEXT").replace("{ shelf { ...F0 } }", "{ echo }");
    assert_eq!(refusal(&bff.query(&unused).await).0, "SELECTION_LIMIT_EXCEEDED");
}

#[tokio::test]
async fn fragments_that_spread_themselves_are_named() {
    let bff = generous().await;
    for document in [
        "{ shelf { ...A } } fragment A on Shelf { ...A }",
        "{ shelf { ...A } } fragment A on Shelf { next { ...B } } fragment B on Thing { ... on Shelf { ...A } }",
        "{ echo } fragment A on Shelf { ...B } fragment B on Shelf { name ...C } fragment C on Shelf { ...B }",
    ] {
        let (code, message) = refusal(&bff.query(document).await);
        assert_eq!(code, "GRAPHQL_VALIDATION_FAILED");
        assert!(message.starts_with("Cannot spread fragment \""), "{message}");
    }
    // Cycles whose merged fields would be as many as subsets of the fragments.
    let mut document = "{ thing { ...F0 } }".to_owned();
    for n in 0..40 {
        let (next, other) = ((n + 1) % 40, (n * 7 + 3) % 40);
        let _ = write!(
            document,
            " fragment F{n} on Thing {{ a: next {{ ...F{next} }} b: next {{ ...F{next} ...F{other} }} }}"
        );
    }
    assert_eq!(refusal(&bff.query(&document).await).0, "GRAPHQL_VALIDATION_FAILED");
}

#[tokio::test]
async fn what_meets_on_interfaces_is_bounded_though_the_document_is_short() {
    let bff = generous().await;
    // For each of the three types there is another plan below, and another below that.
    let deep =
        |levels: usize| format!("{{ thing {{ {} name {} }} }}", "next { ".repeat(levels), "}".repeat(levels));
    assert!(bff.query(&deep(6)).await.errors().is_empty());
    assert_eq!(refusal(&bff.query(&deep(40)).await).0, "SELECTION_LIMIT_EXCEEDED");
    // Types that cannot be there, so that each has its own group of fields: invalid, and still to be bounded.
    let chain = "next { ".repeat(14);
    let closing = "}".repeat(14);
    let mut below = "name".to_owned();
    for _ in 0..14 {
        below = format!(
            "next {{ name ... on Shelf {{ next {{ {chain} name {closing} }} }} ... on Pen {{ next {{ {chain} name {closing} }} }} {below} }}"
        );
    }
    let document = format!("{{ shelf {{ ... on Pen {{ {below} }} }} }}");
    assert_eq!(refusal(&bff.query(&document).await).0, "SELECTION_LIMIT_EXCEEDED");
}

#[tokio::test]
async fn what_nests_too_deep_is_refused_before_it_is_parsed_or_walked() {
    let bff = generous().await;
    let nested = |open: &str, close: &str| format!("{}{}", open.repeat(5_000), close.repeat(5_000));
    for document in [
        format!("{{ shelf {{ {} name {} }} }}", "... { ".repeat(5_000), "} ".repeat(5_000)),
        format!("{{ echo(any: {}) }}", nested("[", "]")),
        format!("{{ echo(any: {}) }}", nested("{a:", "}")),
        format!("query Q($v: {}) {{ echo(any: $v) }}", nested("[", "]").replace("[]", "[Int]")),
        "{".repeat(50_000),
        "[".repeat(50_000),
        format!("{{ echo @a({}", "a: [".repeat(30_000)),
    ] {
        let (code, message) = refusal(&bff.query(&document).await);
        assert_eq!(code, "DEPTH_LIMIT_EXCEEDED", "{}: {message}", &document[..20]);
    }
    // A chain of fragments nests as their sets would.
    let chain = multiplying(70, "NEXT");
    assert_eq!(refusal(&bff.query(&chain).await).0, "DEPTH_LIMIT_EXCEEDED");
    assert!(bff.query(&multiplying(50, "NEXT")).await.errors().is_empty());
}

/// A document as long as a body may be, and what is said of it.
async fn answered(bff: &Running, document: &str, codes: &[&str]) {
    let answer = bff.query(document).await;
    let code = answer.codes().first().map_or("", |code| *code);
    assert!(
        codes.contains(&code),
        "{}…: {} {:?}",
        document.chars().take(40).collect::<String>(),
        code,
        answer.messages().first()
    );
}

#[tokio::test]
async fn long_texts_of_one_kind_are_answered() {
    let bff = generous().await;
    let long = 240_000;
    answered(&bff, &format!("{{ echo(text: \"{}\") }}", "x".repeat(long)), &[""]).await;
    answered(&bff, &format!("{{ echo(text: \"\"\"{}\"\"\") }}", "x\n  ".repeat(long / 5)), &[""]).await;
    answered(&bff, &format!("{{ echo(text: \"{}\") }}", "\\\\".repeat(long / 4)), &[""]).await;
    answered(&bff, &format!("{{ echo }} #{}", "x".repeat(long)), &[""]).await;
    answered(&bff, &format!("{{ {} echo }}", "#\n".repeat(long / 4)), &[""]).await;
    answered(&bff, &format!("{{ {} echo }}", ",".repeat(long)), &[""]).await;
    answered(&bff, &format!("{{ echo(text: \"{}", "x".repeat(long)), &["GRAPHQL_PARSE_FAILED"]).await;
    answered(&bff, &"\"".repeat(long / 3), &["GRAPHQL_PARSE_FAILED", "TOKEN_LIMIT_EXCEEDED"]).await;
    answered(&bff, &"\u{0}".repeat(long / 10), &["GRAPHQL_PARSE_FAILED", "TOKEN_LIMIT_EXCEEDED"]).await;
    answered(&bff, &"x".repeat(long), &["GRAPHQL_PARSE_FAILED"]).await;
    answered(&bff, &format!("{{ {} }}", "x".repeat(long)), &["GRAPHQL_VALIDATION_FAILED"]).await;
}

/// As many tokens as a BFF takes: nothing may be worse than its square, and no recursion that deep.
#[tokio::test]
async fn many_of_one_kind_are_answered_within_the_usual_tokens() {
    let bff = start(|settings| {
        settings.limits.aliases = 100_000;
        settings.limits.directives = 100_000;
        settings.limits.root_fields = 100_000;
    })
    .await;
    let join = |count: usize, part: &dyn Fn(usize) -> String| (0..count).map(part).collect::<String>();
    let invalid = ["GRAPHQL_VALIDATION_FAILED"];
    answered(&bff, &format!("{{ {} }}", "echo ".repeat(1_990)), &[""]).await;
    answered(&bff, &format!("{{ {} }}", join(660, &|n| format!("a{n}: echo "))), &[""]).await;
    answered(&bff, &format!("{{ {} }}", "a: echo ".repeat(660)), &[""]).await;
    let directives = ["DIRECTIVE_LIMIT_EXCEEDED"];
    answered(&bff, &format!("{{ echo {} }}", "@a".repeat(990)), &directives).await;
    answered(&bff, &format!("{{ echo {} }}", "@skip(if: true)".repeat(240)), &directives).await;
    answered(&bff, &format!("query {} {{ echo }}", "@a".repeat(990)), &directives).await;
    answered(&bff, &format!("{{ {} }}", "echo @a @b @c ".repeat(280)), &invalid).await;
    answered(&bff, &format!("{{ echo({}) }}", join(660, &|n| format!("a{n}: 1 "))), &invalid).await;
    answered(&bff, &format!("{{ echo({}) }}", "any: 1 ".repeat(660)), &invalid).await;
    answered(&bff, &format!("{{ echo(any: [{}]) }}", "1 ".repeat(1_980)), &[""]).await;
    answered(&bff, &format!("{{ echo(any: {{{}}}) }}", join(650, &|n| format!("a{n}: 1 "))), &[""]).await;
    answered(&bff, &format!("{{ echo(any: {{{}}}) }}", "a: 1 ".repeat(650)), &invalid).await;
    answered(&bff, &format!("query Q({}) {{ echo }}", join(490, &|n| format!("$v{n}: Int "))), &invalid)
        .await;
    answered(&bff, &join(300, &|n| format!("query Q{n} {{ echo }} ")), &["BAD_USER_INPUT"]).await;
    answered(&bff, &"query Q { echo } ".repeat(390), &invalid).await;
    answered(
        &bff,
        &format!("{{ echo }} {}", join(240, &|n| format!("fragment F{n} on Query {{ echo }} "))),
        &invalid,
    )
    .await;
    answered(&bff, &format!("{{ {} }}", join(660, &|n| format!("...F{n} "))), &invalid).await;
    let uses = join(300, &|n| format!("a{n}: echo(any: $v) "));
    answered(
        &bff,
        &format!("query Q($v: JSON) {{ {} }}", &uses[..uses.len() / 2].rsplit_once(" a").unwrap().0),
        &[""],
    )
    .await;
    let ops = join(90, &|n| format!("query Q{n}($v: JSON) {{ ...F }} "));
    answered(
        &bff,
        &format!("{ops} fragment F on Query {{ {} }}", join(60, &|n| format!("a{n}: echo(any: $v) "))),
        &["SELECTION_LIMIT_EXCEEDED", "BAD_USER_INPUT"],
    )
    .await;
}
