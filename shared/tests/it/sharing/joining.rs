//! Equal questions of several requests share a call; at the limit, the keys of all gather for the next.

use super::world::{ItemById, LONG, World, items, request, upstreams};
use bff::{Code, fanout::by_hand};
use kit::{Fake, Gate, Reply, json};
use std::{collections::HashMap, time::Duration};

/// Every call of `/items` waits at the gate of its first key.
fn held(store: &Fake, ids: &[&str]) -> HashMap<String, Gate> {
    let gates: HashMap<_, _> = ids.iter().map(|id| ((*id).to_owned(), Gate::closed())).collect();
    let held = gates.clone();
    store.get("/items", move |call| {
        let gate = &held[&call.list("ids")[0]];
        Reply::from(items(call)).after(gate)
    });
    gates
}

fn asked(store: &Fake) -> Vec<Vec<String>> {
    store.calls_of("/items").iter().map(|call| call.list("ids")).collect()
}

#[tokio::test]
async fn a_question_that_is_under_way_is_not_asked_again() {
    let world = World::start().await;
    let (gates, mark) = (held(&world.store, &["a", "b"]), Gate::closed());
    let root = "item(id: \"a\") { name }";
    let first = world.begin(1, root, &mark).await;
    world.store.until_under_way("/items", 1).await;
    let second = world.begin(2, root, &mark).await;
    let third = world.begin(3, "items(ids: [\"a\", \"b\"]) { name }", &mark).await;
    mark.open();
    gates.values().for_each(Gate::open);
    assert_eq!(first.answer().await.ok()["item"]["name"], "the a");
    assert_eq!(second.answer().await.ok()["item"]["name"], "the a");
    assert_eq!(third.answer().await.ok()["items"], json!([{"name": "the a"}, {"name": "the b"}]));
    // What the third has of its own it asks for, and nothing else.
    assert_eq!(asked(&world.store), [["a"], ["b"]]);
}

#[tokio::test]
async fn whole_urls_and_keys_of_upstreams_without_batches_share_as_well() {
    let world = World::start().await;
    let (gate, mark) = (Gate::closed(), Gate::closed());
    let held = gate.clone();
    world.store.get("/stock/{id}", move |call| {
        Reply::from(json!({"id": call.segment("id"), "copies": 3})).after(&held)
    });
    let first = world.begin(1, "stock(id: \"a\") { copies }", &mark).await;
    world.store.until_under_way("/stock/{id}", 1).await;
    let second = world.begin(2, "stock(id: \"a\") { copies } again: latest(first: 1) { id }", &mark).await;
    mark.open();
    gate.open();
    assert_eq!(first.answer().await.ok()["stock"]["copies"], 3);
    assert_eq!(second.answer().await.ok()["stock"]["copies"], 3);
    assert_eq!(world.store.count("/stock/{id}"), 1);
    assert_eq!(world.store.count("/latest"), 2, "one for each mark: the second's first mark was the first's");
}

#[tokio::test]
async fn at_the_limit_the_keys_of_all_requests_leave_together_when_one_returns() {
    let world = World::at_most(1).await;
    let (gates, mark) = (held(&world.store, &["a", "b"]), Gate::closed());
    let first = world.begin(1, "item(id: \"a\") { name }", &mark).await;
    world.store.until_under_way("/items", 1).await;
    let second = world.begin(2, "item(id: \"b\") { name }", &mark).await;
    let third = world.begin(3, "item(id: \"c\") { name } more: item(id: \"b\") { name }", &mark).await;
    assert_eq!(world.store.count("/items"), 1);
    gates["a"].open();
    mark.open();
    assert_eq!(first.answer().await.ok()["item"]["name"], "the a");
    gates["b"].open();
    assert_eq!(second.answer().await.ok()["item"]["name"], "the b");
    assert_eq!(third.answer().await.ok()["more"]["name"], "the b");
    assert_eq!(asked(&world.store), [vec!["a"], vec!["b", "c"]]);
}

#[tokio::test]
async fn below_the_limit_nobody_waits() {
    let world = World::at_most(2).await;
    let (gates, mark) = (held(&world.store, &["a", "b", "c"]), Gate::closed());
    let first = world.begin(1, "item(id: \"a\") { name }", &mark).await;
    world.store.until_under_way("/items", 1).await;
    let second = world.begin(2, "item(id: \"b\") { name }", &mark).await;
    world.store.until_under_way("/items", 2).await;
    // The third waits, for either of them.
    let third = world.begin(3, "item(id: \"c\") { name }", &mark).await;
    gates["b"].open();
    world.store.until_under_way("/items", 2).await;
    gates.values().for_each(Gate::open);
    mark.open();
    for (request, name) in [(first, "the a"), (second, "the b"), (third, "the c")] {
        assert_eq!(request.answer().await.ok()["item"]["name"], name);
    }
}

#[tokio::test]
async fn a_full_page_does_not_wait_for_keys_that_could_not_board() {
    let world = World::at_most(1).await;
    let (gate, mark) = (Gate::closed(), Gate::closed());
    let waits = gate.clone();
    world.store.get("/items", move |call| Reply::from(items(call)).after(&waits));
    let first = world.begin(1, "item(id: \"a\") { name }", &mark).await;
    world.store.until_under_way("/items", 1).await;
    let ids: Vec<_> = (0..120).map(|n| format!("\"{n}\"")).collect();
    let second = world.begin(2, &format!("items(ids: [{}]) {{ name }}", ids.join(",")), &mark).await;
    world.store.until_under_way("/items", 3).await;
    gate.open();
    mark.open();
    first.answer().await.ok();
    assert_eq!(second.answer().await.ok()["items"].as_array().unwrap().len(), 120);
    let sizes: Vec<_> = asked(&world.store).iter().map(Vec::len).collect();
    assert_eq!(sizes, [1, 50, 50, 20]);
}

#[tokio::test]
async fn what_cannot_share_a_call_does_not_wait_for_it() {
    let world = World::at_most(1).await;
    let (gate, mark) = (Gate::closed(), Gate::closed());
    let waits = gate.clone();
    world.store.get("/parts", move |_| Reply::from(json!([])).after(&waits));
    let requests = [
        world.begin(1, "parts(of: \"a\", first: 1) { id }", &mark).await,
        world.begin(2, "parts(of: \"a\", first: 2) { id }", &mark).await,
        world.begin(3, "parts(of: \"a\", first: 3) { id }", &mark).await,
    ];
    world.store.until_under_way("/parts", 3).await;
    gate.open();
    mark.open();
    for request in requests {
        request.answer().await.ok();
    }
}

#[tokio::test]
async fn under_load_there_are_fewer_calls_than_requests() {
    for (batches, calls) in [(1, 2), (0, 21)] {
        let world = World::at_most(batches).await;
        let (gates, mark) = (Gate::closed(), Gate::closed());
        let waits = gates.clone();
        world.store.get("/items", move |call| Reply::from(items(call)).after(&waits));
        let mut requests = vec![world.begin(50, "item(id: \"0\") { name }", &mark).await];
        world.store.until_under_way("/items", 1).await;
        for n in 1..=20 {
            requests.push(world.begin(50 + n, &format!("item(id: \"{n}\") {{ name }}"), &mark).await);
        }
        gates.open();
        mark.open();
        for (n, request) in requests.into_iter().enumerate() {
            assert_eq!(request.answer().await.ok()["item"]["name"], format!("the {n}"));
        }
        assert_eq!(world.store.count("/items"), calls, "with {batches} batches in flight");
    }
}

#[tokio::test]
async fn with_sharing_off_every_request_asks_for_itself() {
    let world = World::at_most(0).await;
    world.store.get("/latest", |_| Reply::from(json!([])).header("cache-control", "max-age=600"));
    for _ in 0..2 {
        world.bff.query("{ latest(first: 1) { id } }").await.ok();
    }
    assert_eq!(world.store.count("/latest"), 2, "rows are not kept either");
    let (gates, mark) = (held(&world.store, &["a"]), Gate::closed());
    let root = "item(id: \"a\") { name }";
    let requests = [world.begin(1, root, &mark).await, world.begin(2, root, &mark).await];
    world.store.until_under_way("/items", 2).await;
    mark.open();
    gates["a"].open();
    for request in requests {
        request.answer().await.ok();
    }
}

#[tokio::test]
async fn whoever_opened_a_flight_and_leaves_hands_it_over() {
    let world = World::start().await;
    let (gates, mark) = (held(&world.store, &["a"]), Gate::closed());
    let root = "item(id: \"a\") { name }";
    let first = world.begin(1, root, &mark).await;
    world.store.until_under_way("/items", 1).await;
    let second = world.begin(2, root, &mark).await;
    first.leave();
    // Its own call has ended: it is gone.
    world.store.until_abandoned("/latest", 1).await;
    mark.open();
    gates["a"].open();
    assert_eq!(second.answer().await.ok()["item"]["name"], "the a");
    assert_eq!(world.store.count("/items"), 1);
}

#[tokio::test]
async fn a_page_whose_opener_leaves_before_it_does_leaves_all_the_same() {
    let world = World::at_most(1).await;
    let (gates, mark) = (held(&world.store, &["a", "b"]), Gate::closed());
    let first = world.begin(1, "item(id: \"a\") { name }", &mark).await;
    world.store.until_under_way("/items", 1).await;
    let opener = world.begin(2, "item(id: \"b\") { name }", &mark).await;
    let other = world.begin(3, "item(id: \"c\") { name }", &mark).await;
    opener.leave();
    world.store.until_abandoned("/latest", 1).await;
    mark.open();
    gates.values().for_each(Gate::open);
    first.answer().await.ok();
    assert_eq!(other.answer().await.ok()["item"]["name"], "the c");
}

#[tokio::test]
async fn what_has_landed_is_not_under_way_though_its_request_goes_on() {
    let world = World::start().await;
    let gate = Gate::closed();
    let held = gate.clone();
    world.store.get("/parts", move |_| Reply::from(json!([])).after(&held));
    let mark = Gate::closed();
    let first = world.begin(1, "item(id: \"a\") { name parts { id } }", &mark).await;
    // Its parts are asked for: it has the item.
    world.store.until_under_way("/parts", 1).await;
    world.bff.query("{ item(id: \"a\") { name } }").await.ok();
    assert_eq!(asked(&world.store), [["a"], ["a"]], "what may not be kept is asked again");
    mark.open();
    gate.open();
    first.answer().await.ok();
}

#[tokio::test]
async fn a_flight_that_nobody_wants_any_more_ends_and_leaves_no_trace() {
    let world = World::at_most(1).await;
    let mark = Gate::closed();
    world.store.get("/items", |_| Reply::hang());
    let root = "item(id: \"a\") { name }";
    let first = world.begin(1, root, &mark).await;
    world.store.until_under_way("/items", 1).await;
    let waiting = world.begin(2, "item(id: \"b\") { name }", &mark).await;
    waiting.leave();
    first.leave();
    world.store.until_abandoned("/items", 1).await;
    // Neither its question nor its place among the batches in flight is taken.
    world.store.get("/items", items);
    mark.open();
    assert_eq!(world.bff.query(&format!("{{ {root} }}")).await.ok()["item"]["name"], "the a");
    assert_eq!(asked(&world.store), [["a"], ["a"]]);
}

#[tokio::test]
async fn a_failure_is_everybodys_and_nobodys_afterwards() {
    let world = World::start().await;
    let (gate, mark) = (Gate::closed(), Gate::closed());
    let held = gate.clone();
    world.store.get("/items", move |_| Reply::problem(500, "down").after(&held));
    let root = "item(id: \"a\") { name }";
    let first = world.begin(1, root, &mark).await;
    world.store.until_under_way("/items", 1).await;
    let second = world.begin(2, root, &mark).await;
    mark.open();
    gate.open();
    for request in [first, second] {
        let answer = request.answer().await;
        assert_eq!((answer.codes(), answer.paths()), (vec!["UPSTREAM_UNAVAILABLE"], vec!["item".to_owned()]));
    }
    let failed = world.store.count("/items");
    world.store.get("/items", items);
    world.bff.query(&format!("{{ {root} }}")).await.ok();
    assert_eq!(world.store.count("/items"), failed + 1);
}

#[tokio::test]
async fn a_flight_goes_by_its_openers_trace_and_by_nobodys_name() {
    let world = World::start().await;
    let mark = Gate::closed();
    mark.open();
    let (one, two) = (world.issuer.token("us-1"), world.issuer.token("us-2"));
    let trace = |n: u8| format!("00-{}-{}-01", format!("{n:02x}").repeat(16), "01".repeat(8));
    let gates = held(&world.store, &["a"]);
    let ask = |token: &str, n: u8| {
        let query = world.bff.query("{ item(id: \"a\") { name } }");
        std::future::IntoFuture::into_future(query.bearer(token).header("traceparent", &trace(n)))
    };
    let first = async {
        let answer = ask(&one, 1);
        answer.await
    };
    let second = async {
        world.store.until_under_way("/items", 1).await;
        let second = ask(&two, 2);
        gates["a"].open();
        second.await
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!((first.ok(), second.ok()), (first.ok(), first.ok()));
    let call = &world.store.calls_of("/items")[0];
    assert!(call.service().is_some());
    assert_eq!(call.header("traceparent").unwrap()[3..35], "01".repeat(16));
}

#[tokio::test]
async fn nobody_waits_longer_than_their_own_deadline() {
    let store = Fake::start().await;
    let gates = held(&store, &["a"]);
    let upstreams = upstreams(&store, 4);
    let (patient, hasty) = (request(&upstreams, LONG), request(&upstreams, Duration::from_millis(300)));
    let first =
        async { by_hand::load(&patient, ItemById("a".into())).await.map(|rows| rows.first().is_some()) };
    let second = async {
        store.until_under_way("/items", 1).await;
        let answer = by_hand::load(&hasty, ItemById("a".into())).await.map(|_| ());
        gates["a"].open();
        answer
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!(second.unwrap_err().code, Code::DeadlineExceeded);
    assert!(first.unwrap());
    assert_eq!(store.total(), 1);
    assert_eq!((patient.stats().calls(), hasty.stats().calls()), (1, 0), "counted once, with its opener");
    assert_eq!((patient.stats().shared(), hasty.stats().shared()), (0, 1));
    assert_eq!((patient.stats().asked(), hasty.stats().asked()), (1, 1));
}

#[tokio::test]
async fn nobody_joins_a_call_that_is_given_up_before_their_own_would_be() {
    let store = Fake::start().await;
    let gates = held(&store, &["a"]);
    let upstreams = upstreams(&store, 4);
    let (hasty, patient) = (request(&upstreams, Duration::from_millis(500)), request(&upstreams, LONG));
    let first = async { by_hand::load(&hasty, ItemById("a".into())).await.map(|_| ()) };
    let second = async {
        store.until_under_way("/items", 1).await;
        by_hand::load(&patient, ItemById("a".into())).await.map(|rows| rows.first().is_some())
    };
    let open = async {
        store.until_under_way("/items", 2).await;
        store.until_abandoned("/items", 1).await;
        gates["a"].open();
    };
    let (first, second, ()) = tokio::join!(first, second, open);
    assert_eq!(first.unwrap_err().code, Code::DeadlineExceeded);
    assert!(second.unwrap());
}

#[tokio::test]
async fn a_page_that_waits_for_its_turn_waits_no_longer_than_its_passengers() {
    let store = Fake::start().await;
    let gates = held(&store, &["a"]);
    let upstreams = upstreams(&store, 1);
    let (patient, hasty) = (request(&upstreams, LONG), request(&upstreams, Duration::from_millis(200)));
    let first = async { by_hand::load(&patient, ItemById("a".into())).await.map(|_| ()) };
    let second = async {
        store.until_under_way("/items", 1).await;
        let answer = by_hand::load(&hasty, ItemById("b".into())).await.map(|_| ());
        gates["a"].open();
        answer
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!(second.unwrap_err().code, Code::DeadlineExceeded);
    first.unwrap();
    assert_eq!(store.total(), 1, "what nobody waits for is not asked");
}
