//! What async-graphql itself executes is completed to the letter: every combination of nullability and failure, at roots
//! of queries, mutations and events of subscriptions, judged by graphql-js: data, order, errors with paths and places.

mod cases;
mod made;
mod ours;

use crate::judge::Judge;
use cases::{Case, OPERATIONS};
use kit::{Answer, Running, Server, Value, json};

struct Court {
    bff: Running,
    judge: Judge,
    sdl: String,
}

impl Court {
    async fn start() -> Self {
        let bff = ours::bff();
        let sdl = bff.sdl().expect("a schema").to_owned();
        let bff = Server::of(bff.public_schema()).production().start().await;
        Self { bff, judge: Judge::start().await, sdl }
    }

    async fn answer(&self, case: &Case) -> Answer {
        match case.operation {
            "subscription" => {
                self.bff.subscribe(&case.document, case.variables.clone(), None).await.event().await
            }
            _ => self.bff.query(&case.document).variables(case.variables.clone()).await,
        }
    }

    /// How many errors there are; panics where the judge objects.
    async fn hold(&mut self, case: &Case) -> usize {
        let answer = self.answer(case).await;
        let mut objections = Value::Null;
        for text in Self::comparable(case, &answer) {
            objections = self.objections(case, &text).await;
            if objections == json!([]) {
                break;
            }
        }
        assert!(
            objections == json!([]),
            "the judge objects to {}\nanswer: {answer}\nroot: {}\nobjections: {objections:#}",
            case.document,
            case.root
        );
        for error in answer.errors() {
            let extensions = &error["extensions"];
            assert!(extensions["code"].is_string() && extensions["retryable"].is_boolean(), "{answer}");
            assert!(extensions["traceId"].is_string(), "{answer}");
            let message = error["message"].as_str().unwrap_or_default();
            assert!(!message.contains(made::HIDDEN), "{answer}");
        }
        answer.errors().len()
    }

    /// The answer as it came. Of a subscription that has no stream there are only errors (§6.2.3.1), but the judge runs each
    /// case as an event: to it that is a root without a value, or no data, as the root's type has it.
    fn comparable(case: &Case, answer: &Answer) -> Vec<String> {
        if case.operation != "subscription" || answer.json.get("data").is_some() {
            return vec![answer.text.clone()];
        }
        let key = answer.errors().first().and_then(|error| error["path"][0].as_str()).unwrap_or_default();
        let as_event = |data: Value| json!({ "data": data, "errors": answer.errors() }).to_string();
        vec![as_event(json!({ key: null })), as_event(Value::Null)]
    }

    /// What the judge has to object to an answer's text.
    async fn objections(&mut self, case: &Case, answer: &str) -> Value {
        let request = json!({
            "id": 0, "schema": "completion", "sdl": self.sdl, "document": case.document, "variables": case.variables,
            "root": case.root,
        });
        // As text: the order of keys counts.
        let request = request.to_string();
        let request = format!("{},\"answers\":{{\"ours\":{answer}}}}}", &request[..request.len() - 1]);
        self.judge.ask(&request).await["objections"]["ours"].clone()
    }
}

#[tokio::test]
async fn each_type_fails_in_each_way_at_each_kind_of_root() {
    let mut court = Court::start().await;
    let (mut whole, mut failed) = (0, 0);
    for operation in OPERATIONS {
        for case in cases::alone(operation) {
            match court.hold(&case).await {
                0 => whole += 1,
                _ => failed += 1,
            }
        }
    }
    // Guards the generator: cases that never fail would prove nothing.
    assert!(whole > 300 && failed > 180, "{whole} whole, {failed} failed");
}

#[tokio::test]
async fn several_roots_fail_each_for_itself_and_in_the_documents_order() {
    let mut court = Court::start().await;
    for operation in ["query", "mutation"] {
        for case in cases::together(operation) {
            court.hold(&case).await;
        }
    }
}

#[tokio::test]
async fn guards_arguments_and_conditions_of_roots_are_judged_too() {
    let mut court = Court::start().await;
    for operation in OPERATIONS {
        for case in cases::refused(operation) {
            assert!(court.hold(&case).await > 0, "{}", case.document);
        }
    }
}

#[tokio::test]
async fn rows_that_a_root_returns_as_they_are_fail_below_it() {
    let mut court = Court::start().await;
    let (mut whole, mut failed) = (0, 0);
    for operation in OPERATIONS {
        for case in cases::below(operation) {
            match court.hold(&case).await {
                0 => whole += 1,
                _ => failed += 1,
            }
        }
    }
    assert!(whole > 50 && failed > 50, "{whole} whole, {failed} failed");
}

#[tokio::test]
async fn mutations_run_one_after_the_other_until_data_is_null() {
    let bff = Server::of(ours::bff()).start().await;
    let run = async |document: &str| {
        ours::LOG.lock().clear();
        let answer = bff.query(document).await;
        (answer, ours::LOG.lock().join(" "))
    };
    // What may be null stops nobody, whatever becomes of it.
    let (answer, ran) =
        run("mutation { a: log(name: \"a\") b: log(name: \"b\", fails: true) c: log(name: \"c\") }").await;
    assert_eq!((answer.data(""), ran.as_str()), (&json!({"a": 1, "b": null, "c": 1}), "a a. b b. c c."));
    // What may not be null and is, is the end: by an error, by a panic, by a value that is none, below it.
    for fails in [
        "logM(name: \"b\", fails: true)",
        "logM(name: \"b\", panics: true)",
        "odd(kind: NULL, depth: 0)",
        "tM(kind: OVERFLOW, depth: 0)",
        "listMTM(kind: OVERFLOW, depth: 1)",
        "rowM(kind: NULL, depth: 0) { odd }",
    ] {
        let (answer, ran) =
            run(&format!("mutation {{ a: log(name: \"a\") b: {fails} c: log(name: \"c\") }}")).await;
        assert_eq!(answer.json["data"], Value::Null, "{answer}");
        assert!(ran.starts_with("a a.") && !ran.contains('c'), "{fails}: {ran}");
        assert_eq!(answer.errors().len(), 1, "{answer}");
        assert!(answer.paths()[0].starts_with('b'), "{answer}");
    }
}
