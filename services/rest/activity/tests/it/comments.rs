//! Comments: everybody reads, the author writes, pages are complete in both orders.

use serde_json::json;

use crate::world::World;
use kit::{Person, RestReply as Reply, text};

pub async fn comment(person: &Person, track: &str, body: &str, at_ms: i64) -> Reply {
    let new = json!({ "track_id": track, "body": body, "at_ms": at_ms });
    person.send("POST", "/comments", &[], Some(new)).await.expect(201)
}

#[tokio::test]
async fn the_author_rewords_and_takes_back_and_nobody_else() {
    let world = World::start().await;
    let (mika, jonas) = (world.user("us-1"), world.user("us-2"));
    let made = comment(&mika, "tr-1", "  Gänsehaut  ", 61_000).await;
    assert_eq!((&made.body["body"], &made.body["user_id"]), (&json!("Gänsehaut"), &json!("us-1")));
    let id = text(&made.body["id"]);
    let found = world.nobody().get(made.header("location")).await.expect(200);
    assert_eq!(found.column("id"), [id.as_str()]);
    let path = format!("/comments/{id}");
    let reword = Some(json!({ "body": "Wow" }));
    jonas.send("PATCH", &path, &[], reword.clone()).await.expect(403);
    jonas.send("DELETE", &path, &[], None).await.expect(403);
    world.nobody().send("PATCH", &path, &[], reword.clone()).await.expect(401);
    let changed = mika.send("PATCH", &path, &[], reword).await.expect(200);
    assert_eq!(
        (&changed.body["body"], &changed.body["created_at"]),
        (&json!("Wow"), &made.body["created_at"])
    );
    mika.send("DELETE", &path, &[], None).await.expect(204);
    mika.send("DELETE", &path, &[], None).await.expect(404);
    assert!(world.nobody().get(&format!("/comments?ids={id}")).await.items().is_empty());
}

#[tokio::test]
async fn a_comment_sent_twice_with_its_key_stands_once() {
    let world = World::start().await;
    let mika = world.user("us-1");
    let (key, body) = ([("idempotency-key", "c1")], json!({ "track_id": "tr-1", "body": "Hm", "at_ms": 0 }));
    let first = mika.send("POST", "/comments", &key, Some(body.clone())).await.expect(201);
    let again = mika.send("POST", "/comments", &key, Some(body)).await.expect(201);
    assert_eq!(first.body, again.body);
    let counts = world.nobody().get("/comment-counts?track_ids=tr-1,tr-2").await.expect(200);
    assert_eq!(counts.column("comments"), ["1", "0"]);
}

#[tokio::test]
async fn comments_of_tracks_come_in_pages_of_each_in_both_orders() {
    let world = World::start().await;
    let lines: String = (0..11)
        .map(|n| {
            let line = json!({
                "type": "comment", "id": format!("co-{n}"), "track_id": "tr-1", "user_id": "us-1", "body": "ok",
                "at_ms": (n * 7) % 5, "created_at": format!("2026-09-0{}T00:00:00Z", 1 + n / 4),
            });
            format!("{line}\n")
        })
        .collect();
    assert!(world.import(&lines).status.success());
    comment(&world.user("us-2"), "tr-2", "First", 5).await;
    let nobody = world.nobody();
    let both = nobody.get("/comments?track_ids=tr-2,tr-1,tr-9&limit=2").await.expect(200);
    assert_eq!(both.column("track_id"), ["tr-2", "tr-1", "tr-1"]);
    for sort in ["newest", "at_ms"] {
        let (mut ids, mut moments, mut after) = (Vec::new(), Vec::new(), String::new());
        loop {
            let page =
                nobody.get(&format!("/comments?track_ids=tr-1&limit=3&sort={sort}{after}")).await.expect(200);
            let Some(last) = page.items().last() else { break };
            after = format!("&after={}", text(&last["cursor"]));
            ids.extend(page.column("id"));
            moments.extend(page.column(if sort == "newest" { "created_at" } else { "at_ms" }));
        }
        let mut ordered = moments.clone();
        ordered.sort();
        if sort == "newest" {
            ordered.reverse();
        }
        assert_eq!(moments, ordered, "{sort}");
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 11, "{sort}");
    }
    let page = nobody.get("/comments?track_ids=tr-1&limit=3").await;
    let other = format!("/comments?track_ids=tr-1&sort=at_ms&after={}", text(&page.items()[0]["cursor"]));
    assert_eq!(nobody.get(&other).await.expect(400).faults(), ["after"]);
}
