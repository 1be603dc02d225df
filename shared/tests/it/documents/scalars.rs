//! Scalars of a team's own: what is none of their values is refused before anything runs.

use async_graphql::{
    EmptySubscription, InputObject, InputValueError, InputValueResult, Object, Scalar, ScalarType,
};
use bff::Bff;
use kit::{Running, Server, Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

/// A number that is even.
struct Even(i64);

#[Scalar]
impl ScalarType for Even {
    fn parse(value: async_graphql::Value) -> InputValueResult<Self> {
        let async_graphql::Value::Number(number) = &value else {
            return Err(InputValueError::expected_type(value));
        };
        let even = number.as_i64().filter(|number| number % 2 == 0);
        even.map(Self).ok_or_else(|| InputValueError::custom("an even number"))
    }

    fn is_valid(value: &async_graphql::Value) -> bool {
        assert_ne!(*value, async_graphql::Value::from(13), "the password is hunter2");
        Self::parse(value.clone()).is_ok()
    }

    fn to_value(&self) -> async_graphql::Value {
        self.0.into()
    }
}

#[derive(InputObject)]
struct Several {
    all: Vec<Even>,
}

struct Query;

#[Object]
impl Query {
    async fn fine(&self) -> i32 {
        1
    }
}

struct Mutation(Arc<AtomicUsize>);

#[Object]
impl Mutation {
    async fn press(&self) -> usize {
        self.0.fetch_add(1, Relaxed) + 1
    }

    async fn take(&self, one: Option<Even>, several: Option<Several>) -> i64 {
        one.map_or(0, |one| one.0) + several.map_or(0, |several| several.all.iter().map(|even| even.0).sum())
    }
}

async fn start() -> (Arc<AtomicUsize>, Running) {
    let pressed = Arc::new(AtomicUsize::new(0));
    let bff = Bff::new("scalars", "").schema(Query, Mutation(pressed.clone()), EmptySubscription);
    (pressed, Server::of(bff).start().await)
}

const DOCUMENT: &str = "mutation($one: Even, $several: Several) { press take(one: $one, several: $several) }";

#[tokio::test]
async fn a_variable_that_is_none_of_its_values_is_refused_before_anything_runs() {
    let (pressed, bff) = start().await;
    let refused: [(Value, &str); 5] = [
        (json!({"one": 3}), "$one\" got invalid value 3"),
        (json!({"one": "4"}), "$one\" got invalid value \"4\""),
        (json!({"several": {"all": [2, 5]}}), "at \"several.all[1]\""),
        (json!({"several": {"all": 7}}), "at \"several.all\""),
        // What it asks panics.
        (json!({"one": 13}), "$one\" got invalid value 13"),
    ];
    for (variables, said) in refused {
        let answer = bff.query(DOCUMENT).variables(variables.clone()).await;
        assert_eq!(answer.codes(), ["BAD_USER_INPUT"], "{variables}: {answer}");
        assert!(answer.json.get("data").is_none(), "{variables}: {answer}");
        let message = answer.messages()[0].to_owned();
        assert!(message.contains(said) && message.contains("Even cannot represent value"), "{message}");
        assert!(!answer.text.contains("hunter2"));
    }
    assert_eq!(pressed.load(Relaxed), 0);
    let fine = bff.query(DOCUMENT).variables(json!({"one": 2, "several": {"all": [4, 6]}})).await;
    assert_eq!(fine.ok(), &json!({"press": 1, "take": 12}));
}
