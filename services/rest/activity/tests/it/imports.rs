//! Imports: all of a file or nothing of it, and the same file twice is the same as once.

use crate::plays::plays_of;
use crate::world::World;

const LINES: &str = r#"{"type":"play_total","track_id":"tr-1","plays":10}
{"type":"play","report_id":"demo-1","user_id":"us-1","track_id":"tr-1","played_at":"2026-09-30T10:00:00Z","ms_played":60000}
{"type":"comment","id":"co-1","track_id":"tr-1","user_id":"us-1","body":"ok","at_ms":5,"created_at":"2026-09-30T10:00:00Z"}
"#;

#[tokio::test]
async fn importing_twice_is_importing_once() {
    let world = World::start().await;
    for _ in 0..2 {
        let output = world.import(LINES);
        assert!(output.status.success(), "{output:?}");
    }
    assert_eq!(plays_of(&world, "tr-1").await, ["11"]);
    assert_eq!(world.nobody().get("/comments?track_ids=tr-1").await.column("id"), ["co-1"]);
    assert_eq!(world.user("us-1").get("/me/recent").await.column("track_id"), ["tr-1"]);
    assert_eq!(world.nobody().get("/trending").await.column("plays"), ["1"]);
}

#[tokio::test]
async fn a_bad_line_is_named_and_nothing_of_its_file_is_kept() {
    let world = World::start().await;
    for (bad, reason) in [
        (r#"{"type":"play_total","track_id":"tr-1","plays":-1}"#, "-1"),
        (
            r#"{"type":"play","report_id":"a b","user_id":"us-1","track_id":"tr-1","played_at":"2026-09-30T10:00:00Z","ms_played":1}"#,
            "report_id",
        ),
        (
            r#"{"type":"play","report_id":"a","user_id":"us-1","track_id":"tr-1","played_at":"1960-01-01T00:00:00Z","ms_played":1}"#,
            "played_at",
        ),
        (
            r#"{"type":"comment","id":"co 2","track_id":"tr-1","user_id":"us-1","body":"","at_ms":5,"created_at":"2026-09-30T10:00:00Z"}"#,
            "co 2",
        ),
        (r#"{"type":"song"}"#, "song"),
    ] {
        let output = world.import(&format!("{LINES}{bad}\n"));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{bad}");
        assert!(said.contains("lines.jsonl:4: ") && said.contains(reason), "{said}");
        assert_eq!(plays_of(&world, "tr-1").await, ["0"]);
    }
}
