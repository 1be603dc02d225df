//! What an answer tells has its limits, and nothing is asked for rows that it does not tell.

use super::world::World;
use kit::{Value, json};

#[tokio::test]
async fn of_very_many_errors_the_first_thousand_are_told() {
    let world = World::start().await;
    world.shop.get("/reviews", |_| {
        let review = json!({"stars": 3_000_000_000_i64, "book_id": "b1"});
        Value::Array(vec![review; 300])
    });
    let answer = world
        .bff
        .query(
            "{ book(id: \"b1\") { a: someReviews { stars } b: someReviews { stars } c: someReviews { stars }
                 d: someReviews { stars } } }",
        )
        .await;
    assert_eq!(answer.data("book.d").as_array().unwrap(), &vec![Value::Null; 300]);
    assert_eq!(answer.errors().len(), 1_000);
    assert_eq!(answer.paths()[999], "book.d.99.stars");
}

#[tokio::test]
async fn where_one_row_is_asked_for_nothing_is_asked_about_another() {
    let world = World::start().await;
    world.shop.get("/writers", |call| {
        let row = |id: &str, mentor: &str| json!({"id": id, "name": id, "phone": "", "mentor_id": mentor});
        match call.list("ids").as_slice() {
            [id] if id == "w1" => json!([row("w1", "w2"), row("w1", "w3")]),
            ids => Value::Array(ids.iter().map(|id| row(id, "")).collect()),
        }
    });
    let answer = world.bff.query("{ writer(id: \"w1\") { mentor { name } } }").await;
    assert_eq!(answer.ok(), &json!({"writer": {"mentor": {"name": "w2"}}}));
    let asked: Vec<_> = world.shop.calls_of("/writers").iter().map(|call| call.list("ids")).collect();
    assert_eq!(asked, [["w1"], ["w2"]]);
}
