//! What is a caller's own is never another's, however it becomes so.

use super::world::{ALONE, IN_FLIGHT, KEPT, World, fresh, parts, things};
use kit::{Answer, Gate, Reply, Value, json};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

/// Each by another way to the caller.
const PRIVATE: [&str; 19] = [
    "{ note(thing: \"t1\") { by } }",
    "{ notes(things: [\"t1\", \"x\"]) { by } }",
    "{ things { note { by } } }",
    "{ things { noted } }",
    "{ things { noteAfterParts { by } } }",
    "{ things { notedBesideParts } }",
    "{ things { notes { by } } }",
    "{ things { secret } }",
    "{ things { hiddenParts { label } } }",
    "{ things { isMine } }",
    "{ things { partsIfMine { label } } }",
    "{ things { toldOfMe } }",
    "{ things { seenThrough } }",
    "{ things { seenInACopy } }",
    "{ guardedThings { name } }",
    "{ who }",
    "{ thingOfMine { name } }",
    "{ notedByHand(id: \"t1\") { by } }",
    // Beside something public, behind a condition.
    "query ($on: Boolean = true) { constant things { name } thing(id: \"t1\") { parts { label } note @include(if: $on) { by } } }",
];

#[tokio::test]
async fn everybody_is_answered_as_if_nothing_were_shared() {
    let shared = World::start(KEPT).await;
    let alone = World::start(ALONE).await;
    for document in PRIVATE {
        let mut told = Vec::new();
        for subject in ["us-1", "us-2", "", "us-1", "us-2", ""] {
            let (ours, theirs) =
                (asked(&shared, document, subject).await, asked(&alone, document, subject).await);
            assert_eq!(
                (ours.status, &ours.text),
                (theirs.status, &theirs.text),
                "{document} for {subject:?}"
            );
            told.push(ours.text);
        }
        assert!(told[0] != told[1] || told[1] != told[2], "{document} does not tell callers apart");
    }
    assert_eq!((shared.shared("joined").await, shared.shared("kept").await), (0, 0));
    assert_eq!(shared.shop.total(), alone.shop.total());
}

/// Without the request's own trace id: each is told its own, whoever ran the operation.
async fn asked(world: &World, document: &str, subject: &str) -> Answer {
    let query = world.bff.query(document);
    let mut answer = match subject {
        "" => query.await,
        _ => {
            let token = world.issuer.token(subject);
            query.bearer(&token).header("graphql-client-name", subject).await
        }
    };
    let trace = answer.header("x-trace-id").unwrap_or_default().to_owned();
    answer.text = answer.text.replace(&format!("\"traceId\":\"{trace}\","), "");
    assert!(!answer.text.contains("traceId"), "somebody else's trace: {answer}");
    answer.json = Value::Null;
    answer
}

/// Public ones, among which the others hide.
const PUBLIC: [&str; 2] =
    ["{ things { name parts { label } } }", "{ thing(id: \"t1\") { greeting parts { label } } }"];
const CALLERS: [&str; 5] = ["us-1", "us-2", "us-3", "us-4", ""];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_the_same_instant_with_failures_and_cancellations_between_them() {
    let (shared, alone) = (Arc::new(World::start(KEPT).await), World::start(ALONE).await);
    let documents: Vec<&str> = PRIVATE.into_iter().chain(PUBLIC).collect();
    let mut expected = HashMap::new();
    for document in &documents {
        for subject in CALLERS {
            expected.insert((*document, subject), asked(&alone, document, subject).await.text);
        }
    }
    // Who leaves while the provider's keys are fetched is another story.
    asked(&shared, "{ who }", "us-1").await;
    let seed = rand::random();
    let mut random = StdRng::seed_from_u64(seed);
    let failing = Arc::new(Mutex::new(StdRng::seed_from_u64(seed)));
    shared.shop.get("/parts", move |call| match failing.lock().unwrap().random_bool(0.1) {
        true => Reply::problem(500, "no"),
        false => fresh(parts(call)),
    });
    for _ in 0..12 {
        let mut asks = Vec::new();
        // Few documents a round, so that many ask the same at once.
        let few: Vec<_> = (0..4).filter_map(|_| documents.choose(&mut random).copied()).collect();
        for _ in 0..40 {
            let (Some(document), Some(subject)) = (few.choose(&mut random), CALLERS.choose(&mut random))
            else {
                continue;
            };
            let (document, subject, world) = (*document, *subject, shared.clone());
            let ask =
                tokio::spawn(async move { (document, subject, asked(&world, document, subject).await) });
            asks.push((ask, random.random_bool(0.2)));
        }
        // A write in between forgets what is kept: not everything comes from there.
        shared.bff.query("mutation { rename(id: \"t1\", name: \"New\") }").await.ok();
        asks.iter().filter(|(_, leaves)| *leaves).for_each(|(ask, _)| ask.abort());
        for (ask, leaves) in asks {
            let Ok((document, subject, answer)) = ask.await else {
                assert!(leaves, "seed {seed}");
                continue;
            };
            let what = format!("seed {seed}: {document} for {subject:?}: {answer}");
            if answer.text.contains("UPSTREAM_UNAVAILABLE") {
                let mut others = CALLERS.iter().filter(|other| **other != subject && !other.is_empty());
                assert!(others.all(|other| !answer.text.contains(other)), "{what}");
            } else {
                assert_eq!(answer.text, expected[&(document, subject)], "{what}");
            }
        }
    }
    assert!(
        shared.shared("joined").await + shared.shared("kept").await > 0,
        "something was shared meanwhile"
    );
}

#[tokio::test]
async fn what_is_the_callers_own_is_known_before_anybody_is_seen_to_look() {
    let mut joined = Vec::new();
    for document in [
        "{ things { note { by } } }",
        "{ things { noted } }",
        "{ things { noteAfterParts { by } } }",
        "{ things { notedBesideParts } }",
        "{ things { notes { by } } }",
        "{ things { secret } }",
        "{ things { hiddenParts { label } } }",
        "{ things { name parts { label } } nothing: inPlace(ids: []) { note { by } } }",
    ] {
        let world = World::start(IN_FLIGHT).await;
        // With nothing there, nobody is asked, and no guard.
        world.shop.get("/things", |_| fresh(json!([])));
        world.bff.query(document).await.ok();
        world.shop.clear();
        let gate = world.hold_things();
        let both = [world.ask(world.bff.query(document)), world.ask(world.bff.query(document))];
        while world.shop.under_way("/things") < 2 {
            if world.shared("joined").await > 0 {
                joined.push(document);
                break;
            }
        }
        gate.open();
        for one in both {
            one.await.unwrap();
        }
    }
    assert!(joined.is_empty(), "{joined:?}");
}

#[tokio::test]
async fn what_turns_out_to_be_the_callers_own_is_given_to_nobody_else() {
    for document in ["{ things { isMine } }", "{ things { seenInACopy seenThrough } }"] {
        let world = World::start(KEPT).await;
        // Nobody looks at anybody as long as there is nothing.
        world.shop.get("/things", |_| fresh(json!([])).header("age", "60"));
        world.bff.query(document).await.ok();
        world.shop.clear();
        let gate = Gate::closed();
        let held = gate.clone();
        world.shop.get("/things", move |call| fresh(things(call)).after(&held));
        let (one, two) = (world.issuer.token("us-1"), world.issuer.token("us-2"));
        let ask = |token: &str| {
            world.ask(world.bff.query(document).bearer(token).header("graphql-client-name", "phone"))
        };
        let (first, second) = (ask(&one), ask(&two));
        world.until_joined(1).await;
        assert_eq!(world.shop.count("/things"), 1);
        gate.open();
        let (first, second) = (first.await.unwrap(), second.await.unwrap());
        let expected = |mine: [bool; 2], subject: &str| match document.contains("isMine") {
            true => json!([{"isMine": mine[0]}, {"isMine": mine[1]}]),
            false => [(); 2].map(|()| json!({"seenInACopy": subject, "seenThrough": "phone"})).into(),
        };
        assert_eq!(first.data("things"), &expected([true, false], "us-1"));
        assert_eq!(second.data("things"), &expected([false, true], "us-2"));
        assert_eq!(world.shop.count("/things"), 3, "the shared run, and each one's own");
        // From now on nobody even tries.
        let nobody = world.bff.query(document).await;
        assert_eq!(
            nobody.data("things"),
            &match document.contains("isMine") {
                true => json!([{"isMine": false}, {"isMine": false}]),
                false => [(); 2].map(|()| json!({"seenInACopy": "nobody", "seenThrough": null})).into(),
            }
        );
        assert_eq!((world.shop.count("/things"), world.shared("joined").await), (4, 1));
    }
}

#[tokio::test]
async fn what_is_by_hand_or_a_constant_is_not_shared() {
    for document in [
        "{ nameOf(id: \"t1\") }",
        "{ partsByHand(id: \"t1\") { label } }",
        "{ constant things { name } }",
        "{ __schema { queryType { name } } things { name } }",
    ] {
        let world = World::start(KEPT).await;
        for _ in 0..3 {
            world.bff.query(document).await.ok();
        }
        assert_eq!((world.shop.count("/things"), world.shared("kept").await), (3, 0), "{document}");
    }
}

#[tokio::test]
async fn what_is_public_is_known_to_be() {
    for document in [
        "{ things { name parts { label } greeting } }",
        "{ __typename thing(id: \"t1\") { name } again: things { id } }",
        "{ inPlace(ids: [\"t1\", \"t2\"]) { name } }",
        "{ things @skip(if: false) { name } note(thing: \"t1\") @include(if: false) { by } }",
        "query ($no: Boolean = false) { things { name } note(thing: \"t1\") @include(if: $no) { by } }",
        "query ($no: Boolean = false) { things { name } who @include(if: $no) }",
    ] {
        let world = World::start(KEPT).await;
        let token = world.issuer.token("us-1");
        for _ in 0..3 {
            world.bff.query(document).bearer(&token).await.ok();
        }
        assert_eq!(world.shared("kept").await, 1, "{document}");
    }
}
