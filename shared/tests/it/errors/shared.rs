//! Requests that share an execution share its errors, but each is told its own trace id.

use super::world::told;
use crate::operations::world::{IN_FLIGHT, World};
use kit::{Gate, Reply, Value};

const DOCUMENT: &str = "{ things { name parts { label } } }";

#[tokio::test]
async fn each_reads_its_own_trace_id_in_an_answer_that_was_made_once() {
    let world = World::knowing(IN_FLIGHT, DOCUMENT, Value::Null).await;
    // Rows quote the trace of the call that brought them: what is no error's is left alone.
    let gate = Gate::closed();
    let held = gate.clone();
    world.shop.get("/things", move |call| {
        let trace = call.header("traceparent").unwrap_or_default().split('-').nth(1).unwrap_or_default();
        let name = format!("traceId {trace}");
        Reply::from(kit::json!([{"id": "t1", "name": name}, {"id": "t2", "name": name}])).after(&held)
    });
    world.shop.get("/parts", |_| Reply::problem(500, "down"));
    let asked: Vec<_> = (0..3).map(|_| world.ask(world.bff.query(DOCUMENT))).collect();
    world.shop.until_under_way("/things", 1).await;
    world.until_joined(2).await;
    gate.open();
    let (mut traces, mut names) = (Vec::new(), Vec::new());
    for asked in asked {
        let answer = asked.await.unwrap();
        assert_eq!(told(&answer), ["UPSTREAM_UNAVAILABLE"; 2], "{answer}");
        assert_eq!(answer.data("things.0.parts"), &Value::Null);
        traces.push(answer.header("x-trace-id").unwrap().to_owned());
        names.push(answer.data("things.0.name").clone());
    }
    traces.sort();
    traces.dedup();
    assert_eq!(traces.len(), 3, "three requests, three traces");
    assert!(names.iter().all(|name| *name == names[0]), "one execution: {names:?}");
    assert_eq!(world.shop.count("/things"), 1);
}
