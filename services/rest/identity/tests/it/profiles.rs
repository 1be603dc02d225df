//! Public profiles: what anybody may know of anybody, and no more.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn profiles_come_in_batches_and_tell_only_what_is_public() {
    let world = World::start().await;
    let reply = world.nobody().get("/users?ids=us-3,us-1,us-9").await.expect(200);
    assert!(reply.header("cache-control").starts_with("public"));
    let mut rows = reply.items().to_vec();
    rows.sort_by_key(|row| row["id"].to_string());
    assert_eq!(
        rows,
        [
            json!({
                "id": "us-1", "display_name": "Mika Sato", "avatar_seed": 7, "country": "JP", "bio": "Trains",
                "joined_at": "2026-01-01T00:00:00Z", "public": true,
            }),
            json!({
                "id": "us-3", "display_name": "Sam Quiet", "avatar_seed": 0, "country": null, "bio": null,
                "joined_at": null, "public": false,
            }),
        ]
    );
    let sparse = world.nobody().get("/users?ids=us-1&fields=id,display_name").await.expect(200);
    assert_eq!(sparse.items(), [json!({ "id": "us-1", "display_name": "Mika Sato" })]);
}

#[tokio::test]
async fn faulty_parameters_are_named() {
    let world = World::start().await;
    let many: String = (0..201).map(|n| format!("us-{n},")).collect();
    for (path, fault) in [
        ("/users".to_owned(), "ids"),
        (format!("/users?ids={many}"), "ids"),
        ("/users?ids=us-1&fields=email".to_owned(), "fields"),
        ("/users?ids=us-1&plan=free".to_owned(), "plan"),
        ("/dev/token".to_owned(), "user"),
    ] {
        assert_eq!(world.nobody().get(&path).await.expect(400).faults(), [fault], "{path}");
    }
    assert!(world.nobody().get("/users?ids=%00,';--,%FF").await.expect(200).items().is_empty());
}

#[tokio::test]
async fn a_bad_line_of_an_import_is_named_and_nothing_of_its_file_is_kept() {
    let world = World::start().await;
    let good = r#"{"type":"user","id":"us-8","display_name":"Eight","email":"e@example.com","country":"JP","locale":"ja-JP","plan":"free","joined_at":"2026-01-01T00:00:00Z"}"#;
    for (bad, reason) in [
        (good.replace("\"free\"", "\"gold\""), "gold"),
        (good.replace("us-8", "us 8"), "us 8"),
        (good.replace("2026-01-01", "2026-13-01"), "RFC 3339"),
        (r#"{"type":"partner","id":"p","name":"P","scope":"","client_secret":"short","created_at":"2026-01-01T00:00:00Z"}"#.to_owned(), "client_secret"),
    ] {
        let output = world.import(&format!("{good}\n{bad}\n"));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains("lines.jsonl:2: ") && said.contains(reason), "{said}");
        assert!(world.nobody().get("/users?ids=us-8").await.items().is_empty());
    }
}
