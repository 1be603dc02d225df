//! What is executed and what is refused: ours and graphql-js say the same, of the specification's examples (§5, §6.1.2) and
//! of documents and variables that chance makes of them.
//!
//! To see more cases of chance: `FUZZ_CASES=20000 cargo nextest run -p kit fuzz`; one again: `FUZZ_SEED=<seed>`.

mod bounds;
mod examples;
mod fuzz;
mod values;
mod world;

use crate::judge::Judge;
use kit::{Answer, Running, Server, Value, json};
use std::fmt;

/// What becomes of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Verdict {
    /// The document is not GraphQL, or does not fit the schema.
    Invalid,
    /// Variables or the operation's name are wrong.
    Refused,
    /// It ran, whatever became of its fields.
    Executed,
    /// Ours: it is over a limit, which graphql-js does not have.
    Limited,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// Ours and the judge, with the same schema.
struct Court {
    bff: Running,
    judge: Judge,
    sdl: Option<String>,
}

impl Court {
    async fn start() -> Self {
        Self::with(|server| server).await
    }

    async fn with(change: impl FnOnce(Server) -> Server) -> Self {
        let bff = world::bff();
        let sdl = bff.sdl().expect("a schema").to_owned();
        Self { bff: change(Server::of(bff)).start().await, judge: Judge::start().await, sdl: Some(sdl) }
    }

    async fn ours(&self, document: &str, variables: &Value) -> (Verdict, Answer) {
        let answer = self.bff.query(document).variables(variables.clone()).await;
        let codes = answer.codes();
        let verdict = if answer.json.get("data").is_some() {
            Verdict::Executed
        } else if codes
            .iter()
            .all(|code| matches!(*code, "GRAPHQL_PARSE_FAILED" | "GRAPHQL_VALIDATION_FAILED"))
        {
            Verdict::Invalid
        } else if document.is_empty() && codes == ["BAD_REQUEST"] {
            // No document is no request: the transport says so.
            Verdict::Invalid
        } else if codes == ["BAD_USER_INPUT"] {
            Verdict::Refused
        } else if codes.iter().all(|code| code.ends_with("_LIMIT_EXCEEDED")) {
            Verdict::Limited
        } else {
            panic!("{document}\n{variables}\nis answered by {answer}")
        };
        assert!(verdict == Verdict::Executed || !codes.is_empty(), "{document}\n{answer}");
        (verdict, answer)
    }

    async fn theirs(&mut self, document: &str, variables: &Value) -> (Verdict, Value) {
        let mut request = json!({"schema": "examples", "document": document, "variables": variables});
        if let Some(sdl) = self.sdl.take() {
            request["sdl"] = sdl.into();
        }
        let said = self.judge.ask(&request.to_string()).await;
        if let Some(fault) = said["fault"].as_str() {
            // It is thrown at by its own rule of subscriptions' roots, which collects fields without variables.
            assert!(fault.starts_with("GraphQLError: Argument \"if\""), "{document}\n{variables}\n{fault}");
            return (Verdict::Invalid, said);
        }
        // An operation of a kind that there is none of (§5.2.1.1): it finds out when it runs it.
        let first = said["errors"][0]["message"].as_str().unwrap_or_default();
        let verdict = match (said.get("invalid"), said.get("refused")) {
            (Some(_), _) => Verdict::Invalid,
            _ if first.starts_with("Schema is not configured to execute") => Verdict::Invalid,
            (_, Some(_)) => Verdict::Refused,
            _ => Verdict::Executed,
        };
        (verdict, said)
    }

    /// None: they agree, or ours has a limit. Otherwise what both say.
    async fn disagreement(&mut self, document: &str, variables: &Value) -> Option<String> {
        let (ours, answer) = self.ours(document, variables).await;
        let (theirs, said) = self.theirs(document, variables).await;
        // It would run, by another transport; its variables were not looked at.
        if answer.messages().iter().any(|message| message.starts_with("A subscription needs")) {
            return (theirs == Verdict::Invalid).then(|| format!("{document}\n{variables}\n{said}"));
        }
        // Where the specification is ahead of graphql-js.
        let ahead = |message: &&str| {
            message.contains("can not specify @skip or @inc")
                || message.contains("non-nullable to be used for OneOf")
        };
        if ours == Verdict::Invalid && answer.messages().iter().any(ahead) {
            return None;
        }
        (ours != theirs && ours != Verdict::Limited).then(|| {
            format!("{document}\n{variables}\n  ours: {ours} {answer}\n  graphql-js: {theirs} {said}")
        })
    }
}

fn none(disagreements: &[String]) {
    assert!(disagreements.is_empty(), "{} of them:\n\n{}", disagreements.len(), disagreements.join("\n\n"));
}

#[tokio::test]
async fn every_example_is_judged_as_by_graphql_js() {
    let mut court = Court::start().await;
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    for (rule, good, bad) in examples::ALL {
        let told = good.iter().map(|document| (Verdict::Executed, document));
        for (expected, document) in told.chain(bad.iter().map(|document| (Verdict::Invalid, document))) {
            let both = court.theirs(document, &json!({})).await;
            // An example of ours that is not what it says would prove nothing.
            if !(both.0 == expected || both.0 == Verdict::Refused && expected == Verdict::Executed) {
                wrong.push(format!("{rule}: {document}\n{}", both.1));
            }
            found
                .extend(court.disagreement(document, &json!({})).await.map(|told| format!("{rule}: {told}")));
        }
    }
    none(&wrong);
    none(&found);
}

#[tokio::test]
async fn where_graphql_js_is_behind_the_specification_ours_is_not() {
    let court = Court::start().await;
    for (document, expected) in examples::AHEAD {
        assert_eq!(court.ours(document, &json!({})).await.0, *expected, "{document}");
    }
}

#[tokio::test]
async fn every_variable_is_coerced_as_by_graphql_js() {
    let mut court = Court::start().await;
    let mut found = Vec::new();
    let mut count = [0, 0];
    for (ty, field) in values::TYPES {
        let document = format!("query Q($v: {ty}) {{ {field} }}");
        for value in values::all() {
            let variables = json!({ "v": value });
            count[usize::from(court.ours(&document, &variables).await.0 == Verdict::Refused)] += 1;
            found.extend(court.disagreement(&document, &variables).await);
        }
        found.extend(court.disagreement(&document, &json!({})).await);
        found.extend(court.disagreement(&document, &json!({"other": 1})).await);
    }
    none(&found);
    assert!(count.iter().all(|count| *count > 100), "accepted, refused: {count:?}");
}

#[tokio::test]
async fn what_is_executed_has_the_coerced_value() {
    let mut court = Court::start().await;
    for (document, variables, expected) in values::echoed() {
        let (_, answer) = court.ours(document, &variables).await;
        assert_eq!(answer.json["data"], json!({"arguments": expected}), "{document} {variables}: {answer}");
        assert_eq!(court.theirs(document, &variables).await.0, Verdict::Executed, "{document} {variables}");
    }
}

#[tokio::test]
async fn a_wrong_variable_is_told_with_its_name_and_the_place_in_it() {
    let court = Court::start().await;
    let document = "query Q($c: ComplexInput!) { arguments { complexArgField(complexArg: $c) } }";
    for (value, message) in values::told() {
        let (_, answer) = court.ours(document, &json!({ "c": value })).await;
        assert_eq!(answer.messages(), [message]);
        assert_eq!(answer.codes(), ["BAD_USER_INPUT"]);
    }
}
