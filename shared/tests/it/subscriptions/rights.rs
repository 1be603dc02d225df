//! A shared connection is opened as nobody: whether its events may be known is asked as each subscriber.

use super::world::{World, notes};
use kit::{Reply, json};
use parking_lot::Mutex;
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

const NOTE: &str = "subscription { noteChanged(id: \"n1\") { version note { text } } }";

#[tokio::test]
async fn who_may_not_see_it_is_told_and_hears_nothing() {
    let world = World::start().await;
    let events = world.desk.events("/changes");
    let readers: Arc<Mutex<BTreeSet<String>>> = Arc::new(Mutex::new(["ada".into(), "bo".into()].into()));
    let now = readers.clone();
    world.desk.get("/notes", move |call| notes(call, |subject, _| now.lock().contains(subject)));
    let [ada, bo, cy] = ["ada", "bo", "cy"].map(|name| world.issuer.token(name));

    let mut never = world.bff.subscribe(NOTE, json!({}), Some(&cy)).await;
    assert_eq!(never.event().await.codes(), ["FORBIDDEN"]);
    assert!(never.socket().try_silence().await);
    assert_eq!(world.desk.count("/changes"), 0, "not even a connection is opened for it");

    let mut ada = world.bff.subscribe(NOTE, json!({}), Some(&ada)).await;
    let mut bo = world.bff.subscribe(NOTE, json!({}), Some(&bo)).await;
    world.listening(2).await;
    assert_eq!(world.desk.count("/changes"), 1);
    assert!(world.desk.calls_of("/changes")[0].service().is_some());
    world.desk.clear();
    events.send(None, &json!({"version": 1}));
    assert_eq!(ada.event().await.data("noteChanged.note.text"), "n1 for ada");
    assert_eq!(bo.event().await.data("noteChanged.note.text"), "n1 for bo");
    // The right to know and the row are one question, asked once for each.
    assert_eq!(world.desk.count("/notes"), 2);

    readers.lock().remove("ada");
    events.send(None, &json!({"version": 2}));
    let told = ada.event().await;
    assert_eq!((told.codes(), told.json.get("data")), (vec!["FORBIDDEN"], None), "{told}");
    assert_eq!(bo.event().await.data("noteChanged.version"), 2);
    events.send(None, &json!({"version": 3}));
    assert_eq!(bo.event().await.data("noteChanged.version"), 3);
    assert!(ada.socket().try_silence().await);
}

#[tokio::test]
async fn while_it_is_not_known_whether_it_may_be_known_an_event_waits() {
    let world = World::start().await;
    let events = world.desk.events("/changes");
    let mut open = world.bff.subscribe(NOTE, json!({}), Some(&world.issuer.token("ada"))).await;
    world.listening(1).await;
    let failures = AtomicUsize::new(0);
    world.desk.get("/notes", move |call| {
        if failures.fetch_add(1, Relaxed) < 3 {
            return Reply::problem(500, "a moment");
        }
        notes(call, |_, _| true)
    });
    events.send(None, &json!({"version": 1}));
    events.send(None, &json!({"version": 2}));
    for version in 1..=2 {
        let event = open.event().await;
        assert_eq!(event.ok()["noteChanged"], json!({"version": version, "note": {"text": "n1 for ada"}}));
    }
}
