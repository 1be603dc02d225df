//! Entries keep their order without gaps, whatever is appended, moved and removed.

use serde_json::json;

use crate::playlists::create;
use crate::world::World;
use kit::{Person, text};

async fn tracks(person: &Person, id: &str) -> Vec<String> {
    let entries = person.get(&format!("/playlist-entries?playlist_ids={id}&limit=500")).await.expect(200);
    let positions: Vec<usize> =
        entries.items().iter().map(|row| row["position"].as_u64().unwrap() as usize).collect();
    assert_eq!(positions, (0..positions.len()).collect::<Vec<_>>());
    entries.column("track_id")
}

async fn entry(person: &Person, id: &str, position: usize) -> String {
    let entries = person.get(&format!("/playlist-entries?playlist_ids={id}&limit=500")).await;
    text(&entries.items()[position]["entry_id"])
}

#[tokio::test]
async fn entries_move_up_and_down_and_out() {
    let world = World::start().await;
    let mika = world.user("us-1");
    let id = create(&mika, "Order", false, &["a", "b", "c", "d", "e"]).await;
    for (from, to, expected) in [
        (0, 3, ["b", "c", "d", "a", "e"]),
        (4, 1, ["b", "e", "c", "d", "a"]),
        (2, 2, ["b", "e", "c", "d", "a"]),
        (0, 99, ["e", "c", "d", "a", "b"]),
    ] {
        let path = format!("/playlists/{id}/entries/{}", entry(&mika, &id, from).await);
        let version = mika.get(&format!("/playlists/{id}")).await.header("etag").to_owned();
        let moved =
            mika.send("PATCH", &path, &[("if-match", &version)], Some(json!({ "position": to }))).await;
        assert_eq!(moved.expect(200).body["track_count"], 5);
        assert_eq!(tracks(&mika, &id).await, expected);
    }
    let path = format!("/playlists/{id}/entries/{}", entry(&mika, &id, 1).await);
    let removed = mika.send("DELETE", &path, &[], None).await.expect(200);
    assert_eq!(removed.body["track_count"], 4);
    mika.send("DELETE", &path, &[], None).await.expect(404);
    let appended = mika
        .send("POST", &format!("/playlists/{id}/entries"), &[], Some(json!({ "track_ids": ["f", "e"] })))
        .await;
    assert_eq!(appended.expect(200).body["track_count"], 6);
    assert_eq!(tracks(&mika, &id).await, ["e", "d", "a", "b", "f", "e"]);
}

#[tokio::test]
async fn a_move_needs_the_version_that_was_seen() {
    let world = World::start().await;
    let mika = world.user("us-1");
    let id = create(&mika, "Order", false, &["a", "b", "c"]).await;
    let path = format!("/playlists/{id}/entries/{}", entry(&mika, &id, 0).await);
    let to_the_end = Some(json!({ "position": 2 }));
    mika.send("PATCH", &path, &[], to_the_end.clone()).await.expect(428);
    let append = Some(json!({ "track_ids": ["d"] }));
    mika.send("POST", &format!("/playlists/{id}/entries"), &[("if-match", "\"1\"")], append.clone())
        .await
        .expect(200);
    mika.send("POST", &format!("/playlists/{id}/entries"), &[("if-match", "\"1\"")], append)
        .await
        .expect(412);
    mika.send("PATCH", &path, &[("if-match", "\"1\"")], to_the_end).await.expect(412);
    assert_eq!(tracks(&mika, &id).await, ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn appends_at_the_same_time_all_arrive() {
    let world = World::start().await;
    let mika = world.user("us-1");
    let id = create(&mika, "Together", false, &[]).await;
    let path = format!("/playlists/{id}/entries");
    let appends = (0..20).map(|n| {
        let (mika, path) = (&mika, &path);
        async move {
            mika.send("POST", path, &[], Some(json!({ "track_ids": [format!("tr-{n}")] }))).await.expect(200)
        }
    });
    let versions = futures::future::join_all(appends).await;
    let mut versions: Vec<i64> =
        versions.iter().map(|reply| reply.body["version"].as_i64().unwrap()).collect();
    versions.sort_unstable();
    assert_eq!(versions, (2..22).collect::<Vec<_>>());
    let mut found = tracks(&mika, &id).await;
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 20);
}

#[tokio::test]
async fn entries_of_several_playlists_come_in_pages_of_each() {
    let world = World::start().await;
    let mika = world.user("us-1");
    let one = create(&mika, "One", false, &["a", "b", "c"]).await;
    let two = create(&mika, "Two", true, &["d"]).await;
    let path =
        format!("/playlist-entries?playlist_ids={two},{one}&limit=2&fields=playlist_id,track_id,cursor");
    let page = mika.get(&path).await.expect(200);
    assert_eq!(page.column("track_id"), ["d", "a", "b"]);
    let cursor = text(&page.items()[2]["cursor"]);
    let rest =
        mika.get(&format!("/playlist-entries?playlist_ids={one}&limit=2&after={cursor}")).await.expect(200);
    assert_eq!(rest.column("track_id"), ["c"]);
}

#[tokio::test]
async fn a_playlist_has_an_end() {
    let world = World::start().await;
    let mika = world.user("us-1");
    let entries: Vec<_> = (0..9_950)
        .map(|n| json!({ "entry_id": format!("en-{n}"), "track_id": "tr-1", "added_at": "2026-10-01T00:00:00Z" }))
        .collect();
    let line = json!({
        "type": "playlist", "id": "pl-1", "owner_id": "us-1", "title": "Long",
        "created_at": "2026-10-01T00:00:00Z", "updated_at": "2026-10-01T00:00:00Z", "entries": entries,
    });
    assert!(world.import(&line.to_string()).status.success());
    let more = |count: usize| Some(json!({ "track_ids": vec!["tr-2"; count] }));
    mika.send("POST", "/playlists/pl-1/entries", &[], more(50)).await.expect(200);
    let full = mika.send("POST", "/playlists/pl-1/entries", &[], more(1)).await.expect(409);
    assert!(text(&full.body["detail"]).contains("10000"), "{full:?}");
    let first = [("if-match", "\"2\"")];
    mika.send("PATCH", "/playlists/pl-1/entries/en-0", &first, Some(json!({ "position": 9_999 })))
        .await
        .expect(200);
}
