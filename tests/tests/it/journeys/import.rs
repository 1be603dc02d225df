//! A faulty import says where and why, and keeps nothing of its file: what was served before is served after.

use super::{house::House, world::import};
use kit::json;
use std::fs;

#[tokio::test]
async fn a_broken_import_keeps_nothing_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    for (service, good, bad, reason) in [
        (
            "catalog",
            json!({"type": "genre", "id": "dream-pop", "name": "Dream Pop"}),
            json!({"type": "genre", "id": "dream pop", "name": "Dream Pop"}),
            "id",
        ),
        (
            "identity",
            json!({
                "type": "user", "id": "us-1", "display_name": "A", "email": "a@example.com", "country": "FR",
                "locale": "fr-FR", "plan": "free", "public": true, "bio": "", "avatar_seed": 1,
                "joined_at": "2026-01-01T00:00:00Z",
            }),
            json!({"type": "user", "id": "us-2"}),
            "missing field",
        ),
        (
            "library",
            json!({"type": "like", "user_id": "us-1", "track_id": "tr-1", "liked_at": "2026-01-01T00:00:00Z"}),
            json!({"type": "like", "user_id": "us-1", "track_id": "tr-2", "liked_at": "yesterday"}),
            "time",
        ),
        (
            "activity",
            json!({"type": "play_total", "track_id": "tr-1", "plays": 7}),
            json!({"type": "play_total", "track_id": "tr-2", "plays": "many"}),
            "many",
        ),
    ] {
        let file = folder.path().join(format!("{service}.jsonl"));
        fs::write(&file, format!("{good}\n\n{bad}\n{good}\n")).unwrap();
        let output = import(service, folder.path(), std::slice::from_ref(&file));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{service}: {said}");
        let place = format!("{}:3: ", file.display());
        let line =
            said.lines().find(|line| line.starts_with(&place)).unwrap_or_else(|| panic!("{service}: {said}"));
        assert!(line.to_lowercase().contains(reason), "{service}: {line}");

        // The line before the bad one was good, and is not kept either: a sound import of it finds nothing there.
        fs::write(&file, format!("{good}\n")).unwrap();
        let output = import(service, folder.path(), &[file]);
        assert!(output.status.success(), "{service}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[tokio::test]
async fn what_is_served_is_as_it_was_before_the_broken_import() {
    let house = House::start().await;
    let partner = house.bff("partner").await;
    let genres = async || partner.query("{ genres(first: 100) { nodes { id name trackCount } } }").await;
    let before = genres().await;
    before.ok();
    let file = house.folder().join("genres.jsonl");
    let renamed = json!({"type": "genre", "id": "renamed", "name": "Renamed"});
    fs::write(&file, format!("{renamed}\n{{\"type\": \"genre\", \"id\": \n")).unwrap();
    // While the service is running, as an operator would.
    let output = import("catalog", house.folder(), &[file]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("genres.jsonl:2: "), "{said}");
    assert_eq!(genres().await.ok(), before.ok());
}
