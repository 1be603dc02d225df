//! Event streams: in order, only what was asked for, resumable.

use std::pin::Pin;

use eventsource_stream::{Event, Eventsource};
use futures::{Stream, StreamExt};
use reqwest::Method;
use serde_json::json;

use crate::notes::Notes;

type Events = Pin<Box<dyn Stream<Item = Event>>>;

async fn watch(notes: &Notes, owners: &str, last: Option<&str>) -> Events {
    let mut request = notes.call(Method::GET, &format!("/events?owners={owners}"));
    if let Some(id) = last {
        request = request.header("last-event-id", id);
    }
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["cache-control"], "private, no-store");
    Box::pin(response.bytes_stream().eventsource().map(|event| event.unwrap()))
}

async fn write(notes: &Notes, owner: &str) {
    let request = notes.call(Method::POST, "/notes").json(&json!({ "owner": owner, "text": "x" }));
    assert_eq!(request.send().await.unwrap().status(), 201);
}

#[tokio::test]
async fn a_subscriber_sees_its_topics_from_now_on() {
    let notes = Notes::start().await;
    write(&notes, "ann").await;
    let mut events = watch(&notes, "ann,bob", None).await;
    write(&notes, "eve").await;
    write(&notes, "bob").await;
    write(&notes, "ann").await;
    let (first, second) = (events.next().await.unwrap(), events.next().await.unwrap());
    assert_eq!((first.event.as_str(), first.data.as_str()), ("note", "{\"id\":3}"));
    assert_eq!(second.data, "{\"id\":4}");
}

#[tokio::test]
async fn a_subscriber_resumes_where_it_was_also_after_a_restart() {
    let notes = Notes::start().await;
    let mut events = watch(&notes, "ann", None).await;
    write(&notes, "ann").await;
    let last = events.next().await.unwrap().id;
    drop(events);
    write(&notes, "ann").await;
    write(&notes, "eve").await;
    let Notes { running, folder, .. } = notes;
    running.shutdown().await;
    let notes = Notes::over(folder).await;
    let mut events = watch(&notes, "ann", Some(&last)).await;
    write(&notes, "ann").await;
    assert_eq!(events.next().await.unwrap().data, "{\"id\":2}");
    assert_eq!(events.next().await.unwrap().data, "{\"id\":4}");
}

#[tokio::test]
async fn who_comes_back_too_late_is_told_to_read_anew() {
    let notes = Notes::start().await;
    write(&notes, "ann").await;
    // Ten thousand events later, at once.
    sqlx::query("UPDATE sqlite_sequence SET seq = seq + 10001 WHERE name = '_events'")
        .execute(notes.running.db.writes())
        .await
        .unwrap();
    write(&notes, "ann").await;
    let kept: i64 =
        sqlx::query_scalar("SELECT count(*) FROM _events").fetch_one(notes.running.db.reads()).await.unwrap();
    assert_eq!(kept, 1, "old events are dropped");
    for id in ["1", "999999", "-1", "garbage"] {
        let mut events = watch(&notes, "ann", Some(id)).await;
        let reset = events.next().await.unwrap();
        assert_eq!((reset.event.as_str(), reset.id.as_str()), ("reset", "10003"), "{id}");
        write(&notes, "eve").await;
        sqlx::query("UPDATE sqlite_sequence SET seq = 10003 WHERE name = '_events'")
            .execute(notes.running.db.writes())
            .await
            .unwrap();
        sqlx::query("DELETE FROM _events WHERE id > 10003").execute(notes.running.db.writes()).await.unwrap();
    }
}

#[tokio::test]
async fn a_stream_ends_when_the_server_does() {
    let notes = Notes::start().await;
    let mut events = watch(&notes, "ann", None).await;
    let Notes { running, folder: _folder, .. } = notes;
    let ((), end) = futures::join!(running.shutdown(), events.next());
    assert!(end.is_none());
}
