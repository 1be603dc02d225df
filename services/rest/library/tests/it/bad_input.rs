//! Whatever is sent, the answer is a problem that names what is wrong with it.

use serde_json::{Value, json};

use crate::playlists::create;
use crate::world::World;

#[tokio::test]
async fn faulty_parameters_are_named() {
    let world = World::start().await;
    let mika = world.user("us-1");
    let many: String = (0..201).map(|n| format!("pl-{n},")).collect();
    for (path, fault) in [
        ("/playlists".to_owned(), "ids"),
        ("/playlists?ids=pl-1&owner_ids=us-1".to_owned(), "ids"),
        (format!("/playlists?ids={many}"), "ids"),
        ("/playlists?ids=pl-1&colour=red".to_owned(), "colour"),
        ("/playlists?ids=pl-1&fields=titel".to_owned(), "fields"),
        ("/playlists?owner_ids=us-1&limit=0".to_owned(), "limit"),
        ("/playlists?owner_ids=us-1&limit=101".to_owned(), "limit"),
        ("/playlists?owner_ids=us-1&after=nonsense".to_owned(), "after"),
        ("/playlists?owner_ids=us-1&after=WyJvdGhlciIsW11d".to_owned(), "after"),
        ("/playlist-entries".to_owned(), "playlist_ids"),
        ("/playlist-entries?playlist_ids=pl-1&after=%00".to_owned(), "after"),
        ("/likes?limit=many".to_owned(), "limit"),
        ("/likes?after=!".to_owned(), "after"),
        ("/follows?fields=".to_owned(), "fields"),
        ("/like-counts".to_owned(), "track_ids"),
        ("/events".to_owned(), "playlist_ids"),
        ("/events?playlist_ids=".to_owned(), "playlist_ids"),
    ] {
        let reply = mika.get(&path).await.expect(400);
        assert_eq!(reply.faults(), [fault], "{path}");
    }
}

#[tokio::test]
async fn faulty_bodies_are_named() {
    let world = World::start().await;
    let mika = world.user("us-1");
    let id = create(&mika, "One", false, &["tr-1"]).await;
    let (playlist, entries) = (format!("/playlists/{id}"), format!("/playlists/{id}/entries"));
    let long = "x".repeat(201);
    let cases: Vec<(&str, &str, Value, &[&str])> = vec![
        ("POST", "/playlists", json!({}), &["title"]),
        ("POST", "/playlists", json!({ "title": " " }), &["title"]),
        (
            "POST",
            "/playlists",
            json!({ "title": long, "description": "y".repeat(1_001) }),
            &["title", "description"],
        ),
        ("POST", "/playlists", json!({ "title": "a\nb" }), &["title"]),
        ("POST", "/playlists", json!({ "title": 7 }), &["title"]),
        ("POST", "/playlists", json!({ "title": "a", "track_ids": ["tr-1", "no id"] }), &["track_ids[1]"]),
        ("PATCH", &playlist, json!({ "public": "yes" }), &["public"]),
        ("POST", &entries, json!({ "track_ids": [] }), &["track_ids"]),
        ("POST", &entries, json!({ "track_ids": vec!["tr-1"; 101] }), &["track_ids"]),
        ("POST", &entries, json!({ "track_ids": [null] }), &["track_ids[0]"]),
    ];
    for (method, path, body, faults) in cases {
        let reply = mika.send(method, path, &[("if-match", "\"1\"")], Some(body.clone())).await.expect(422);
        assert_eq!(reply.faults(), faults, "{body}");
    }
    let unknown =
        mika.send("POST", "/playlists", &[], Some(json!({ "title": "a", "colour": 1 }))).await.expect(422);
    assert!(
        unknown.faults()[0].contains("colour") || unknown.body["detail"].to_string().contains("colour"),
        "{unknown:?}"
    );
}

#[tokio::test]
async fn hostile_requests_are_refused_and_never_fail() {
    let world = World::start().await;
    let mika = world.user("us-1");
    for (method, path, status) in [
        ("PUT", "/likes/%20", 400),
        ("PUT", "/likes/%F0%9F%92%A9", 400),
        ("PUT", "/likes/%FF", 400),
        ("GET", "/playlists/%00", 404),
        ("GET", "/playlists/';DROP TABLE playlists;--", 404),
        ("GET", "/nothing", 404),
        ("POST", "/likes", 405),
        ("DELETE", "/likes/%27%20OR%201", 204),
    ] {
        mika.send(method, path, &[], None).await.expect(status);
    }
    let post = || mika.request("POST", "/playlists");
    let answers = [
        (post().body("{}").header("content-type", "text/plain"), 415),
        (post().body("{").header("content-type", "application/json"), 400),
        (post().body(vec![0xff_u8, 0xfe]).header("content-type", "application/json"), 400),
        (post(), 400),
        (
            post()
                .body(format!("{{\"title\":\"{}\"}}", "x".repeat(300_000)))
                .header("content-type", "application/json"),
            413,
        ),
        (post().json(&json!({ "title": "a" })).header("idempotency-key", ""), 400),
    ];
    for (request, status) in answers {
        kit::reply(request).await.unwrap().expect(status);
    }
    assert!(mika.get("/playlists?owner_ids=us-1").await.items().is_empty());
}
