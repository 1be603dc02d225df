//! Values that are not what they should be, and those that are not there.

use async_graphql::{EmptyMutation, EmptySubscription, InputObject, Object};
use bff::{Bff, Have, edges, entity};
use kit::{Answer, Running, Server, Value, json};

/// How many are wanted.
#[derive(InputObject, Clone)]
struct Wish {
    #[graphql(default = 7)]
    count: i32,
    word: Option<String>,
}

/// What was made of it.
#[entity(local)]
pub struct Sums {
    #[graphql(skip)]
    of: f64,
}

#[edges]
impl Sums {
    fn log(&self) -> f64 {
        self.of.ln()
    }

    fn log_if_any(&self) -> Option<f64> {
        Some(self.of.ln())
    }

    fn granted(&self, wish: Wish) -> String {
        format!("{} {}", wish.count, wish.word.unwrap_or_default())
    }
}

struct Query;

#[Object]
impl Query {
    async fn sums(&self, of: f64) -> Have<Sums> {
        Have::one(Sums { of })
    }

    async fn maybe_sums(&self, of: f64) -> Option<Sums> {
        Some(Sums { of })
    }

    async fn granted(&self, wish: Wish) -> String {
        format!("{} {}", wish.count, wish.word.unwrap_or_default())
    }
}

async fn start() -> Running {
    let schema = Bff::new("values", "").schema(Query, EmptyMutation, EmptySubscription);
    Server::of(schema).start().await
}

fn failed(answer: &Answer) -> (&Value, Vec<String>, Vec<&str>) {
    (answer.data(""), answer.paths(), answer.codes())
}

/// JSON has no word for it, and null may not stand there.
#[tokio::test]
async fn a_float_that_is_no_number_is_an_error_in_its_place() {
    let bff = start().await;
    let answer = bff.query("{ maybeSums(of: 0) { logIfAny } }").await;
    let at = |path: &str| (vec![path.to_owned()], vec!["INTERNAL_SERVER_ERROR"]);
    let (paths, codes) = at("maybeSums.logIfAny");
    assert_eq!(failed(&answer), (&json!({"maybeSums": {"logIfAny": null}}), paths, codes));
    let answer = bff.query("{ maybeSums(of: 0) { log } }").await;
    let (paths, codes) = at("maybeSums.log");
    assert_eq!(failed(&answer), (&json!({"maybeSums": null}), paths, codes));
    let answer = bff.query("{ sums(of: 1) { log logIfAny } }").await;
    assert_eq!(answer.ok(), &json!({"sums": {"log": 0.0, "logIfAny": 0.0}}));
}

/// A variable without a value is a member that is not there: its default counts.
#[tokio::test]
async fn a_member_whose_variable_has_no_value_is_absent() {
    let bff = start().await;
    let document = "query ($count: Int, $word: String) {
        granted(wish: {count: $count, word: $word})
        sums(of: 1) { granted(wish: {count: $count, word: $word}) }
    }";
    for (variables, granted) in [(json!({}), "7 "), (json!({"count": 2, "word": "x"}), "2 x")] {
        let answer = bff.query(document).variables(variables).await;
        assert_eq!(answer.ok(), &json!({"granted": granted, "sums": {"granted": granted}}));
    }
}
