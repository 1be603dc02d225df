//! Introspection: within limits of its own where it is on, refused by name where it is off.

use super::world::{refusal, start};
use bff::config::Profile;

/// As graphql-js has it (`getIntrospectionQuery()`, with everything it can ask for).
const STANDARD: &str = "query IntrospectionQuery { __schema { description queryType { name kind } mutationType { name kind } \
    subscriptionType { name kind } types { ...FullType } directives { name description isRepeatable locations \
    args(includeDeprecated: true) { ...InputValue } } } } \
    fragment FullType on __Type { kind name description specifiedByURL isOneOf fields(includeDeprecated: true) { name description \
    args(includeDeprecated: true) { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason } \
    inputFields(includeDeprecated: true) { ...InputValue } interfaces { ...TypeRef } \
    enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } } \
    fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason } \
    fragment TypeRef on __Type { kind name OFTYPES }";

fn standard(levels: usize) -> String {
    let of_types = format!("{}{}", "ofType { kind name ".repeat(levels), "}".repeat(levels));
    // Newer than what is served here.
    STANDARD.replace("OFTYPES", &of_types).replace(" isOneOf", "")
}

#[tokio::test]
async fn the_standard_query_is_answered_though_it_is_deeper_than_any_other_may_be() {
    let bff = start(|settings| {
        settings.limits.depth = 1;
        settings.limits.cost = 1;
        settings.limits.root_fields = 1;
    })
    .await;
    for levels in [7, 9, 12] {
        let answer = bff.query(&standard(levels)).await;
        assert!(answer.errors().is_empty(), "{answer}");
        assert!(answer.data("__schema.types").as_array().is_some_and(|types| types.len() > 5));
    }
    let (code, message) = refusal(&bff.query(&standard(17)).await);
    assert_eq!(code, "DEPTH_LIMIT_EXCEEDED");
    assert_eq!(
        message,
        "Introspection goes 23 fields deep; up to 20 are answered. Follow `ofType` less far."
    );
}

#[tokio::test]
async fn lists_of_lists_of_the_schema_are_refused() {
    let bff = start(|_| {}).await;
    for document in [
        "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
        "{ __schema { types { ...T } } } fragment T on __Type { interfaces { possibleTypes { fields { name } } } }",
        "{ a: __type(name: \"Shelf\") { fields { type { inputFields { type { possibleTypes { name } } } } } } }",
    ] {
        let (code, message) = refusal(&bff.query(document).await);
        assert_eq!(code, "DEPTH_LIMIT_EXCEEDED", "{document}");
        assert!(message.contains("lists in each other"), "{message}");
    }
    let many = (0..15).map(|n| {
        format!("s{n}: __schema {{ types {{ fields {{ type {{ fields {{ args {{ name type {{ name enumValues {{ name }} }} }} }} }} }} }} }}")
    });
    let document = format!("{{ {} }}", many.collect::<String>());
    let (code, message) = refusal(&bff.query(&document).await);
    assert_eq!(code, "COST_LIMIT_EXCEEDED", "{message}");
    let fine = bff.query("{ __schema { types { fields { type { fields { name } } } } } }").await;
    assert!(fine.errors().is_empty(), "{fine}");
}

#[tokio::test]
async fn where_it_is_off_it_is_refused_wherever_it_hides() {
    let bff = start(|settings| settings.profile = Profile::Production).await;
    for document in [
        standard(7).as_str(),
        "{ __schema { queryType { name } } }",
        "{ echo ... { innocent: __type(name: \"Shelf\") { name } } }",
        "{ echo ...F } fragment F on Query { ...G } fragment G on Query { __schema { queryType { name } } }",
        "query A { echo } query B { __schema { queryType { name } } }",
        "{ echo @skip(if: true) ... @include(if: false) { __schema { queryType { name } } } }",
    ] {
        let answer = bff.query(document).operation(if document.contains("query A") { "A" } else { "" }).await;
        assert_eq!(answer.codes(), ["INTROSPECTION_DISABLED"], "{document}\n{answer}");
        assert!(!answer.errors()[0]["locations"].is_null(), "{answer}");
    }
    assert!(bff.query("{ __typename shelf { __typename } }").await.errors().is_empty());
}

#[tokio::test]
async fn nobody_is_told_the_names_that_they_almost_guessed() {
    let bff = start(|settings| settings.profile = Profile::Production).await;
    for document in [
        "{ shel { name } }",
        "{ shelf { nam bookz { name } } }",
        "{ shelf { books(frst: 1) { name } } }",
        "{ shelf { name { x } } }",
        "{ shelf }",
        "{ ... on Quer { echo } }",
        "query Q($v: Strin) { echo(text: $v) }",
        "{ echo @skp(if: true) }",
    ] {
        let answer = bff.query(document).await;
        assert_eq!(answer.codes()[0], "GRAPHQL_VALIDATION_FAILED", "{document}");
        let said = answer.messages().join("\n").to_lowercase();
        assert!(!said.contains("did you mean") && !said.contains("suggest"), "{document}: {said}");
        for name in ["shelf", "books", "first", "query", "skip"] {
            let told = said.contains(&format!("\"{name}\"")) || said.contains(&format!("`{name}`"));
            assert!(!told || document.to_lowercase().contains(name) || name == "query", "{document}: {said}");
        }
    }
}
