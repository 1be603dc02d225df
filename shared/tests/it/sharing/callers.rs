//! A caller's own questions meet nobody else's, however hard chance tries.

use super::world::World;
use kit::{Call, Gate, Reply, Value, json};
use parking_lot::Mutex;
use rand::{Rng, SeedableRng, rngs::StdRng};
use std::{future::IntoFuture, sync::Arc};

/// Everything that is selected is the caller's own, but for the item's name.
const DOCUMENT: &str = "{ mine { text } notes(on: \"a\") { text } again: notes(on: \"b\") { text }
                          item(id: \"a\") { name notes { text } } }";

/// Opens held answers in any order.
async fn opening(held: &Mutex<Vec<Gate>>, rng: &mut StdRng) {
    loop {
        tokio::task::yield_now().await;
        let mut held = held.lock();
        if !held.is_empty() && rng.random_bool(0.2) {
            let any = rng.random_range(0..held.len());
            held.swap_remove(any).open();
        }
    }
}

/// Signs every row with the caller who asked for it, and claims that everybody may keep it.
fn signed(call: &Call) -> Reply {
    let text = call.caller().unwrap_or_else(|| "nobody".to_owned());
    let ids = if call.path == "/mine" { vec!["a".to_owned()] } else { call.list("item_ids") };
    let rows = ids.iter().map(|id| json!({"text": text, "item_id": id}));
    let reply = Reply::from(Value::Array(rows.collect())).header("etag", "\"v1\"");
    reply.header("cache-control", "public, max-age=600, stale-if-error=600, stale-while-revalidate=600")
}

fn texts<'a>(value: &'a Value, into: &mut Vec<&'a str>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| texts(item, into)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| match (name.as_str(), value) {
            ("text", Value::String(text)) => into.push(text),
            (_, value) => texts(value, into),
        }),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_caller_is_answered_with_their_own_whatever_happens_to_the_others() {
    let world = World::at_most(1).await;
    let callers: Vec<_> = (0..8).map(|n| format!("us-{n}")).collect();
    let callers: Vec<_> = callers.into_iter().map(|user| (world.issuer.token(&user), user)).collect();
    let mut answered = 0;
    for seed in 0..12 {
        let mut rng = StdRng::seed_from_u64(seed);
        let (held, fate) = (Arc::new(Mutex::new(Vec::new())), Mutex::new(StdRng::seed_from_u64(seed + 100)));
        let fate = Arc::new(fate);
        for path in ["/mine", "/notes", "/items"] {
            let (held, fate) = (held.clone(), fate.clone());
            world.store.get(path, move |call| {
                let mut fate = fate.lock();
                let reply = match fate.random_range(0..10) {
                    0 => Reply::problem(500, "down"),
                    1 => Reply::reset(),
                    _ if call.path == "/items" => super::world::items(call).into(),
                    _ => signed(call),
                };
                let gate = Gate::closed();
                held.lock().push(gate.clone());
                reply.after(&gate)
            });
        }
        let requests: Vec<_> = (0..24)
            .map(|n| {
                let (token, user) = callers[n % callers.len()].clone();
                let query = world.bff.query(DOCUMENT).bearer(&token);
                #[expect(clippy::disallowed_methods, reason = "a client of its own")]
                (user, rng.random_bool(0.2), tokio::spawn(query.into_future()))
            })
            .collect();
        let asking = async {
            for (user, leaves, request) in requests {
                if leaves {
                    tokio::task::yield_now().await;
                    request.abort();
                    continue;
                }
                let answer = request.await.unwrap();
                let mut found = Vec::new();
                texts(answer.data(""), &mut found);
                assert!(found.iter().all(|text| *text == user), "seed {seed}: {user} got {answer}");
                answered += found.len();
            }
        };
        let mut luck = StdRng::seed_from_u64(seed + 200);
        tokio::select! {
            () = asking => {}
            () = opening(&held, &mut luck) => {}
        }
    }
    assert!(answered > 500, "hardly anybody was answered: {answered}");
    for path in ["/mine", "/notes"] {
        assert!(world.store.calls_of(path).iter().all(|call| call.caller().is_some()), "{path}");
        assert!(world.store.calls_of(path).iter().all(|call| call.header("if-none-match").is_none()));
    }
    assert!(world.store.calls_of("/items").iter().all(|call| call.service().is_some()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callers_rows_are_never_kept() {
    let world = World::start().await;
    world.store.get("/notes", signed);
    let token = world.issuer.token("us-1");
    for _ in 0..3 {
        let answer = world.bff.query("{ notes(on: \"a\") { text } }").bearer(&token).await;
        assert_eq!(answer.ok()["notes"][0]["text"], "us-1");
    }
    assert_eq!(world.store.count("/notes"), 3, "not even for the same caller");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_callers_two_requests_have_two_flights() {
    let world = World::start().await;
    let gate = Gate::closed();
    let held = gate.clone();
    world.store.get("/notes", move |call| signed(call).after(&held));
    let token = world.issuer.token("us-1");
    let ask = || world.bff.query("{ notes(on: \"a\") { text } }").bearer(&token).into_future();
    let both = async {
        world.store.until_under_way("/notes", 2).await;
        gate.open();
    };
    let (first, second, ()) = tokio::join!(ask(), ask(), both);
    assert_eq!(first.ok(), second.ok());
}
