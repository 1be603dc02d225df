//! Whoever listens to whatever, whatever is given and taken away meanwhile: nobody ever reads another's row.

use super::world::{World, notes};
use futures::{StreamExt, stream::FuturesUnordered};
use kit::json;
use parking_lot::Mutex;
use rand::{Rng, SeedableRng, rngs::StdRng};
use std::{collections::BTreeMap, sync::Arc};

const USERS: usize = 6;
const NOTES: usize = 3;
const DOCUMENT: &str =
    "subscription($id: ID!) { noteChanged(id: $id) { version note { reader text } count { times } } }";

#[tokio::test]
async fn nobody_reads_what_is_anothers() {
    let seed = rand::rng().random::<u64>();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let world =
        World::with(|server| server.settings(|settings| settings.subscriptions.places_per_caller = 100))
            .await;
    let events = world.desk.events("/changes");
    // Who may read which, from which version on not any more.
    let until: Arc<Mutex<BTreeMap<(String, String), bool>>> = Arc::default();
    let now = until.clone();
    world.desk.get("/notes", move |call| {
        notes(call, |subject, note| now.lock().get(&(subject.to_owned(), note.to_owned())) == Some(&true))
    });
    let name = |n: usize| format!("us-{n}");
    let note = |n: usize| format!("n{n}");
    for user in 0..USERS {
        for id in 0..NOTES {
            until.lock().insert((name(user), note(id)), random.random_bool(0.7));
        }
    }

    let mut open = Vec::new();
    let mut expected = 0;
    for _ in 0..60 {
        let (user, id) = (name(random.random_range(0..USERS)), note(random.random_range(0..NOTES)));
        let may = until.lock()[&(user.clone(), id.clone())];
        let token = world.issuer.token(&user);
        let mut subscription = world.bff.subscribe(DOCUMENT, json!({"id": id}), Some(&token)).await;
        if may {
            expected += 1;
            open.push((user, id, subscription));
        } else {
            assert_eq!(subscription.event().await.codes(), ["FORBIDDEN"]);
        }
    }
    world.listening(expected).await;
    assert!(events.listeners() <= NOTES, "one connection for each note");

    for version in 1..=30 {
        if random.random_bool(0.5) {
            let (user, id) = (name(random.random_range(0..USERS)), note(random.random_range(0..NOTES)));
            let mut until = until.lock();
            let may = until.get_mut(&(user, id)).unwrap();
            *may = !*may;
        }
        events.send(None, &json!({"version": version}));
        // All at once, so that whatever could be mixed up is under way together.
        let answers: FuturesUnordered<_> = open
            .drain(..)
            .map(|(user, id, mut subscription)| async move {
                let answer = subscription.event().await;
                (user, id, subscription, answer)
            })
            .collect();
        for (user, id, subscription, answer) in answers.collect::<Vec<_>>().await {
            if until.lock()[&(user.clone(), id.clone())] {
                assert_eq!(
                    answer.ok()["noteChanged"],
                    json!({"version": version, "note": {"reader": user, "text": format!("{id} for {user}")},
                        "count": {"times": 7}}),
                    "seed {seed}"
                );
                open.push((user, id, subscription));
            } else {
                // Gone, and told so: it hears no more, even if it may again.
                assert_eq!(answer.codes(), ["FORBIDDEN"], "seed {seed}: {answer}");
                assert_eq!(answer.json.get("data"), None, "seed {seed}");
            }
        }
    }
}
