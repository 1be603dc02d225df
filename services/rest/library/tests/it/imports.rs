//! Imports: all of a file or nothing of it, and the same file twice is the same as once.

use serde_json::json;

use crate::world::World;

fn playlist(id: &str, entries: &[(&str, &str)]) -> String {
    let entries: Vec<_> = entries
        .iter()
        .map(|(entry, track)| json!({ "entry_id": entry, "track_id": track, "added_at": "2026-09-01T00:00:00Z" }))
        .collect();
    let line = json!({
        "type": "playlist", "id": id, "owner_id": "us-1", "title": "Imported", "public": true,
        "created_at": "2026-09-01T00:00:00Z", "updated_at": "2026-09-02T00:00:00Z", "entries": entries,
    });
    format!("{line}\n")
}

#[tokio::test]
async fn importing_twice_is_importing_once() {
    let world = World::start().await;
    let lines = playlist("pl-1", &[("en-1", "tr-1"), ("en-2", "tr-2")])
        + "{\"type\":\"follow\",\"user_id\":\"us-1\",\"artist_id\":\"ar-1\",\"followed_at\":\"2026-09-01T00:00:00Z\"}\n";
    for _ in 0..2 {
        let output = world.import(&lines);
        assert!(output.status.success(), "{output:?}");
    }
    let entries = world.nobody().get("/playlist-entries?playlist_ids=pl-1").await.expect(200);
    assert_eq!(entries.column("track_id"), ["tr-1", "tr-2"]);
    let seen = world.nobody().get("/playlists?ids=pl-1").await;
    assert_eq!(
        (seen.column("updated_at"), seen.column("track_count")),
        (vec!["2026-09-02T00:00:00Z".into()], vec!["2".into()])
    );
    assert_eq!(world.user("us-1").get("/follows").await.body["total"], 1);
}

#[tokio::test]
async fn a_bad_line_is_named_and_nothing_of_its_file_is_kept() {
    let world = World::start().await;
    let good = playlist("pl-1", &[]);
    for (bad, reason) in [
        ("{\"type\":\"like\",\"user_id\":\"us-1\"}\n", "track_id"),
        (
            "{\"type\":\"like\",\"user_id\":\"us 1\",\"track_id\":\"tr-1\",\"liked_at\":\"2026-09-01T00:00:00Z\"}\n",
            "user_id",
        ),
        (
            "{\"type\":\"like\",\"user_id\":\"us-1\",\"track_id\":\"tr-1\",\"liked_at\":\"yesterday\"}\n",
            "RFC 3339",
        ),
        ("{\"type\":\"like\"}\n", "user_id"),
        ("not json\n", "expected"),
    ] {
        let output = world.import(&format!("{good}\n{bad}"));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{bad}");
        assert!(said.contains("lines.jsonl:3: ") && said.contains(reason), "{said}");
        assert!(world.nobody().get("/playlists?ids=pl-1").await.items().is_empty(), "{bad}");
    }
}
