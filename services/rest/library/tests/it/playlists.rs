//! Playlists: who may read and write them, versions, pages per owner, writes that are sent twice.

use serde_json::json;

use crate::world::World;
use kit::{Person, text};

pub async fn create(person: &Person, title: &str, public: bool, tracks: &[&str]) -> String {
    let body = json!({ "title": title, "public": public, "track_ids": tracks });
    text(&person.send("POST", "/playlists", &[], Some(body)).await.expect(201).body["id"])
}

#[tokio::test]
async fn a_new_playlist_is_its_owners_and_says_where_it_is() {
    let world = World::start().await;
    let mika = world.user("us-1");
    let made = mika
        .send(
            "POST",
            "/playlists",
            &[],
            Some(json!({ "title": "  Nachtzug  ", "track_ids": ["tr-1", "tr-1"] })),
        )
        .await
        .expect(201);
    assert_eq!((&made.body["title"], &made.body["owner_id"]), (&json!("Nachtzug"), &json!("us-1")));
    assert_eq!((&made.body["public"], &made.body["track_count"]), (&json!(false), &json!(2)));
    assert_eq!((made.header("etag"), made.header("cache-control")), ("\"1\"", "private, no-store"));
    let read = mika.get(made.header("location")).await.expect(200);
    assert_eq!(read.body, made.body);
    assert_eq!(read.header("etag"), "\"1\"");
}

#[tokio::test]
async fn a_private_playlist_does_not_exist_for_others_and_a_public_one_is_only_to_be_read() {
    let world = World::start().await;
    let (mika, jonas, nobody) = (world.user("us-1"), world.user("us-2"), world.nobody());
    let secret = create(&mika, "Secret", false, &["tr-1"]).await;
    let open = create(&mika, "Open", true, &["tr-1"]).await;
    for other in [&jonas, &nobody] {
        let seen = other.get(&format!("/playlists?ids={secret},{open}")).await.expect(200);
        assert_eq!(seen.column("id"), [open.as_str()]);
        assert_eq!(other.get("/playlists?owner_ids=us-1").await.column("id"), [open.as_str()]);
        let entries = other.get(&format!("/playlist-entries?playlist_ids={secret},{open}")).await.expect(200);
        assert_eq!(entries.column("playlist_id"), [open.as_str()]);
        other.get(&format!("/playlists/{secret}")).await.expect(404);
        other.get(&format!("/playlists/{open}")).await.expect(200);
    }
    let rename = Some(json!({ "title": "Mine" }));
    let matching = [("if-match", "\"1\"")];
    jonas.send("PATCH", &format!("/playlists/{secret}"), &matching, rename.clone()).await.expect(404);
    jonas.send("PATCH", &format!("/playlists/{open}"), &matching, rename.clone()).await.expect(403);
    jonas.send("DELETE", &format!("/playlists/{open}"), &[], None).await.expect(403);
    let refused = nobody.send("PATCH", &format!("/playlists/{open}"), &matching, rename).await.expect(401);
    assert_eq!(refused.header("www-authenticate"), "Bearer");
    assert_eq!(mika.get(&format!("/playlists/{open}")).await.body["title"], "Open");
}

#[tokio::test]
async fn a_token_needs_the_scope_and_a_good_signature() {
    let world = World::start().await;
    let partner = world.holder(Some(world.front.token("library", "us-1", json!({"scope": "catalog:read"}))));
    partner.get("/likes").await.expect(403);
    let stranger = kit::Issuer::start().await;
    world
        .holder(Some(stranger.token_with("us-1", json!({"scope": "library"}))))
        .get("/likes")
        .await
        .expect(401);
    world.holder(Some("rubbish".to_owned())).get("/playlists?ids=pl-1").await.expect(401);
}

#[tokio::test]
async fn whoever_changes_an_old_version_is_told_that_someone_else_was_first() {
    let world = World::start().await;
    let mika = world.user("us-1");
    let path = format!("/playlists/{}", create(&mika, "One", false, &[]).await);
    let rename = |title: &str| Some(json!({ "title": title }));
    mika.send("PATCH", &path, &[], rename("Two")).await.expect(428);
    let second = mika.send("PATCH", &path, &[("if-match", "\"1\"")], rename("Two")).await.expect(200);
    assert_eq!((second.header("etag"), &second.body["version"]), ("\"2\"", &json!(2)));
    let late = mika.send("PATCH", &path, &[("if-match", "\"1\"")], rename("Three")).await.expect(412);
    assert!(text(&late.body["detail"]).contains("\"2\""), "{late:?}");
    assert_eq!(mika.get(&path).await.body["title"], "Two");
    mika.send("DELETE", &path, &[("if-match", "\"1\"")], None).await.expect(412);
    mika.send("DELETE", &path, &[("if-match", "\"2\"")], None).await.expect(204);
    mika.get(&path).await.expect(404);
}

#[tokio::test]
async fn of_many_at_once_who_change_the_same_version_one_succeeds() {
    let world = World::start().await;
    let mika = world.user("us-1");
    let path = format!("/playlists/{}", create(&mika, "One", false, &[]).await);
    let titles: Vec<String> = (0..12).map(|n| format!("Title {n}")).collect();
    let attempts = titles
        .iter()
        .map(|title| mika.send("PATCH", &path, &[("if-match", "\"1\"")], Some(json!({ "title": title }))));
    let mut statuses: Vec<u16> =
        futures::future::join_all(attempts).await.into_iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses[0], 200);
    assert!(statuses[1..].iter().all(|status| *status == 412), "{statuses:?}");
    assert_eq!(mika.get(&path).await.body["version"], 2);
}

#[tokio::test]
async fn a_write_sent_twice_with_its_key_happens_once_and_answers_the_same() {
    let world = World::start().await;
    let (mika, jonas) = (world.user("us-1"), world.user("us-2"));
    let key = [("idempotency-key", "create-1")];
    let body = json!({ "title": "Once" });
    let first = mika.send("POST", "/playlists", &key, Some(body.clone())).await.expect(201);
    let again = mika.send("POST", "/playlists", &key, Some(body.clone())).await.expect(201);
    assert_eq!(again.body, first.body);
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(mika.get("/playlists?owner_ids=us-1").await.items().len(), 1);
    // A key is the caller's own, and belongs to one request.
    let other = mika.send("POST", "/playlists", &key, Some(json!({ "title": "Other" }))).await.expect(422);
    assert_eq!(other.faults(), ["Idempotency-Key"]);
    let theirs = jonas.send("POST", "/playlists", &key, Some(body)).await.expect(201);
    assert_ne!(theirs.body["id"], first.body["id"]);
}

#[tokio::test]
async fn playlists_of_several_owners_come_in_pages_of_each() {
    let world = World::start().await;
    let mut made = Vec::new();
    for owner in ["us-1", "us-2"] {
        for n in 0..5 {
            made.push(create(&world.user(owner), &format!("{owner} {n}"), true, &[]).await);
        }
    }
    let nobody = world.nobody();
    let first = nobody.get("/playlists?owner_ids=us-2,us-1,us-9&limit=2").await.expect(200);
    assert_eq!(first.column("owner_id"), ["us-2", "us-2", "us-1", "us-1"]);
    let mut seen = Vec::new();
    for owner in ["us-1", "us-2"] {
        let mut after = String::new();
        loop {
            let page = nobody.get(&format!("/playlists?owner_ids={owner}&limit=2{after}")).await.expect(200);
            seen.extend(page.column("id"));
            match page.items().last() {
                Some(last) => after = format!("&after={}", text(&last["cursor"])),
                None => break,
            }
        }
    }
    seen.sort();
    made.sort();
    assert_eq!(seen, made);
}

#[tokio::test]
async fn only_the_asked_fields_are_sent() {
    let world = World::start().await;
    let id = create(&world.user("us-1"), "Sparse", true, &[]).await;
    let sparse = world.nobody().get(&format!("/playlists?ids={id}&fields=id,title")).await.expect(200);
    assert_eq!(sparse.items(), [json!({ "id": id, "title": "Sparse" })]);
}

#[tokio::test]
async fn the_document_describes_every_route() {
    let world = World::start().await;
    let document = world.nobody().get("/openapi.json").await.expect(200).body;
    let paths: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
    for path in [
        "/playlists",
        "/playlists/{id}/entries/{entry_id}",
        "/likes/{track_id}",
        "/follower-counts",
        "/events",
    ] {
        assert!(paths.iter().any(|known| *known == path), "{path} is not in {paths:?}");
    }
    world.nobody().get("/health/ready").await.expect(200);
}
