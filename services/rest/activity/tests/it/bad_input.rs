//! Whatever is sent, the answer is a problem that names what is wrong with it.

use serde_json::json;

use crate::world::World;
use kit::reply;

#[tokio::test]
async fn faulty_parameters_are_named() {
    let world = World::start().await;
    let mika = world.user("us-1");
    let many: String = (0..201).map(|n| format!("tr-{n},")).collect();
    let watched: String = (0..51).map(|n| format!("tr-{n},")).collect();
    for (path, fault) in [
        ("/play-counts".to_owned(), "track_ids"),
        (format!("/play-counts?track_ids={many}"), "track_ids"),
        ("/play-counts?track_ids=tr-1&fields=play".to_owned(), "fields"),
        ("/trending?limit=101".to_owned(), "limit"),
        ("/trending?window=7".to_owned(), "window"),
        ("/me/recent?after=x".to_owned(), "after"),
        ("/comments".to_owned(), "ids"),
        ("/comments?ids=co-1&track_ids=tr-1".to_owned(), "ids"),
        ("/comments?track_ids=tr-1&sort=best".to_owned(), "sort"),
        ("/comments?track_ids=tr-1&limit=-1".to_owned(), "limit"),
        ("/events?track_ids=".to_owned(), "track_ids"),
        (format!("/events?track_ids={watched}"), "track_ids"),
    ] {
        let reply = mika.get(&path).await.expect(400);
        assert_eq!(reply.faults(), [fault], "{path}");
    }
}

#[tokio::test]
async fn faulty_bodies_are_named() {
    let world = World::start().await;
    let mika = world.user("us-1");
    for (body, faults) in [
        (json!({ "track_id": "tr-1", "body": " ", "at_ms": 0 }), vec!["body"]),
        (
            json!({ "track_id": "", "body": "x".repeat(1_001), "at_ms": -1 }),
            vec!["body", "track_id", "at_ms"],
        ),
        (json!({ "track_id": "tr-1", "body": "x" }), vec!["at_ms"]),
        (json!({ "track_id": "tr-1", "body": "x", "at_ms": 1.5 }), vec!["at_ms"]),
    ] {
        let refused = mika.send("POST", "/comments", &[], Some(body)).await.expect(422);
        assert_eq!(refused.faults(), faults);
    }
    let empty = mika.send("PATCH", "/comments/co-1", &[], Some(json!({ "body": "" }))).await.expect(422);
    assert_eq!(empty.faults(), ["body"]);
}

#[tokio::test]
async fn hostile_requests_are_refused_and_never_fail() {
    let world = World::start().await;
    let mika = world.user("us-1");
    for (method, path, status) in [
        ("GET", "/comments?ids=%00,';--", 200),
        ("GET", "/play-counts?track_ids=%FF", 200),
        ("DELETE", "/comments/%27%20OR%201", 404),
        ("PUT", "/plays", 405),
        ("GET", "/nothing", 404),
    ] {
        mika.send(method, path, &[], None).await.expect(status);
    }
    let post = || mika.request("POST", "/plays");
    for (request, status) in [
        (post().body("{}"), 415),
        (post().body("[").header("content-type", "application/json"), 400),
        (post(), 400),
        (post().body(vec![b' '; 300_000]).header("content-type", "application/json"), 413),
    ] {
        reply(request).await.unwrap().expect(status);
    }
}
