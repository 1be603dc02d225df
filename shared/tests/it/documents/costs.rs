//! One for each object, times the sizes of the lists that it stands in.

use super::world::{cost, refusal, start};
use kit::json;

async fn plain(document: &str) -> u64 {
    cost(document, json!({})).await
}

#[tokio::test]
async fn an_object_costs_one_for_each_time_it_may_be_there() {
    assert_eq!(plain("{ __typename echo }").await, 0);
    assert_eq!(plain("{ shelf { name } }").await, 1);
    assert_eq!(plain("{ shelf { name } other: shelf { name } }").await, 2);
    assert_eq!(plain("{ shelf { books(first: 3) { name } } }").await, 1 + 3);
    assert_eq!(plain("{ shelf { books(last: 4) { name words } } }").await, 1 + 4);
    assert_eq!(
        plain("{ shelf { books(first: 3) { shelf { books(first: 5) { name } } } } }").await,
        1 + 3 * (1 + 1 + 5)
    );
    assert_eq!(plain("{ shelf { books(first: 0) { name } } }").await, 1);
    assert_eq!(plain("{ shelf { books(first: -3) { name } } }").await, 1);
}

#[tokio::test]
async fn a_list_is_as_long_as_is_said_at_it_around_it_or_by_its_tag_and_else_ten() {
    assert_eq!(plain("{ shelf { all { name } } }").await, 1 + 10);
    assert_eq!(plain("{ shelf { books { name } } }").await, 1 + 10);
    assert_eq!(plain("{ shelf { twenty { name } } }").await, 1 + 20);
    assert_eq!(plain("{ shelf { wide { name } } }").await, 1 + 25);
    assert_eq!(plain("{ shelf { page(first: 6) { total nodes { name } } } }").await, 1 + 1 + 6);
    assert_eq!(plain("{ shelf { page { nodes { name } } } }").await, 1 + 1 + 10);
    assert_eq!(
        plain("{ shelf { page(first: 6) { nodes { shelf { all { name } } } } } }").await,
        2 + 6 * (1 + 1 + 10)
    );
}

#[tokio::test]
async fn a_tag_says_what_a_field_costs() {
    assert_eq!(plain("{ shelf { dear { name } } }").await, 1 + 7);
    assert_eq!(plain("{ heavy }").await, 50);
    assert_eq!(plain("{ heavy other: heavy }").await, 100);
}

#[tokio::test]
async fn fragments_cost_what_they_select_where_they_are_spread() {
    let document = "{ shelf { page(first: 6) { ...P } } shelf2: shelf { page(first: 2) { ...P } books(first: 2) { ...B } } } \
                    fragment P on Page { nodes { ...B } } fragment B on Book { shelf { name } }";
    assert_eq!(plain(document).await, (1 + 1 + 6 * 2) + (1 + 1 + 2 * 2 + 2 * 2));
    let halved = "{ shelf { ... on Thing { ... on Shelf { page(first: 6) { ... { nodes { name } } } } } } }";
    assert_eq!(plain(halved).await, 1 + 1 + 6);
}

#[tokio::test]
async fn where_a_variable_says_how_long_a_list_is_its_value_counts() {
    let document = "query Q($n: Int, $m: Int = 4) { shelf { books(first: $n) { shelf { ...S } } } } \
                    fragment S on Shelf { page(first: $m) { nodes { name } } }";
    let with = |variables| cost(document, variables);
    assert_eq!(with(json!({"n": 3})).await, 1 + 3 * (1 + 1 + 1 + 4));
    assert_eq!(with(json!({"n": 3, "m": 9})).await, 1 + 3 * (1 + 1 + 1 + 9));
    assert_eq!(with(json!({"n": 0})).await, 1);
    // Nothing is said: it may be as long as any.
    assert_eq!(with(json!({})).await, 1 + 100 * (1 + 1 + 1 + 4));
    assert_eq!(with(json!({"n": null, "m": null})).await, 1 + 100 * (1 + 1 + 1 + 100));
}

#[tokio::test]
async fn what_costs_too_much_is_refused_before_anything_runs_and_by_its_variables_too() {
    let bff = start(|settings| settings.limits.cost = 50).await;
    let document = "query Q($n: Int!) { shelf { books(first: $n) { shelf { name } } } }";
    let fine = bff.query(document).variables(json!({"n": 24})).await;
    assert_eq!(fine.data("shelf.books").as_array().map(Vec::len), Some(24), "{fine}");
    let (code, message) = refusal(&bff.query(document).variables(json!({"n": 25})).await);
    assert_eq!(code, "COST_LIMIT_EXCEEDED");
    assert_eq!(
        message,
        "The operation may ask for 51 objects; up to 50 are. Ask for fewer items, or for less of each."
    );
    // It is over whatever the variables are.
    let (code, _) = refusal(&bff.query("query Q($n: Int) { shelf { wide { name } twenty { name } all { name } books(first: $n) { name } } }").await);
    assert_eq!(code, "COST_LIMIT_EXCEEDED");
}

#[tokio::test]
async fn costs_beyond_all_numbers_are_just_too_much() {
    let bff = start(|settings| settings.limits.depth = 60).await;
    let mut document = "name".to_owned();
    for _ in 0..14 {
        document = format!("books(first: 100) {{ shelf {{ {document} }} }}");
    }
    let (code, _) = refusal(&bff.query(&format!("{{ shelf {{ {document} }} }}")).await);
    assert_eq!(code, "COST_LIMIT_EXCEEDED");
    let document = document.replace("100", "$n");
    let document = format!("query Q($n: Int!) {{ shelf {{ {document} }} }}");
    let (code, _) = refusal(&bff.query(&document).variables(json!({"n": 100})).await);
    assert_eq!(code, "COST_LIMIT_EXCEEDED");
}
