//! Likes and follows: done once however often, listed to the end, counted, and nobody else's business.

use crate::world::World;
use kit::text;

#[tokio::test]
async fn liking_twice_is_liking_once() {
    let world = World::start().await;
    let mika = world.user("us-1");
    for (thing, field, since) in [("likes", "track_id", "liked_at"), ("follows", "artist_id", "followed_at")]
    {
        let first = mika.send("PUT", &format!("/{thing}/x-1"), &[], None).await.expect(200);
        let again = mika.send("PUT", &format!("/{thing}/x-1"), &[], None).await.expect(200);
        assert_eq!(first.body, again.body);
        assert!(first.body[since].is_string());
        mika.send("PUT", &format!("/{thing}/x-2"), &[], None).await.expect(200);
        let batch = mika.get(&format!("/{thing}?{field}s=x-2,x-9")).await.expect(200);
        assert_eq!(batch.column(field), ["x-2"]);
        assert_eq!(batch.header("cache-control"), "private, no-store");
        mika.send("DELETE", &format!("/{thing}/x-2"), &[], None).await.expect(204);
        mika.send("DELETE", &format!("/{thing}/x-2"), &[], None).await.expect(204);
        let left = mika.get(&format!("/{thing}")).await.expect(200);
        assert_eq!(
            (left.column(field), &left.body["total"]),
            (vec!["x-1".to_owned()], &serde_json::json!(1))
        );
        assert_eq!(world.user("us-2").get(&format!("/{thing}")).await.body["total"], 0);
        world.nobody().get(&format!("/{thing}")).await.expect(401);
        world.nobody().send("PUT", &format!("/{thing}/x-1"), &[], None).await.expect(401);
    }
}

#[tokio::test]
async fn the_list_is_complete_and_newest_first_while_it_changes() {
    let world = World::start().await;
    let lines: String = (0..25)
        .map(|n| {
            // Several at the same moment: the order must still be total.
            let minute = n / 4;
            format!("{{\"type\":\"like\",\"user_id\":\"us-1\",\"track_id\":\"tr-{n}\",\"liked_at\":\"2026-09-01T00:0{minute}:00Z\"}}\n")
        })
        .collect();
    assert!(world.import(&lines).status.success());
    let mika = world.user("us-1");
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = mika.get(&format!("/likes?limit=7{after}")).await.expect(200);
        seen.extend(page.column("track_id"));
        if page.body["next"].is_null() {
            break;
        }
        after = format!("&after={}", text(&page.body["next"]));
        // One more at the front must not shift what follows.
        mika.send("PUT", &format!("/likes/new-{}", seen.len()), &[], None).await.expect(200);
    }
    assert_eq!(seen[0], "tr-24");
    seen.sort();
    let mut expected: Vec<String> = (0..25).map(|n| format!("tr-{n}")).collect();
    expected.sort();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn counts_are_public_and_answer_every_asked_id() {
    let world = World::start().await;
    for user in ["us-1", "us-2", "us-3"] {
        world.user(user).send("PUT", "/likes/tr-1", &[], None).await.expect(200);
        world.user(user).send("PUT", "/follows/ar-1", &[], None).await.expect(200);
    }
    let likes = world.nobody().get("/like-counts?track_ids=tr-1,tr-2").await.expect(200);
    assert_eq!(
        (likes.column("track_id"), likes.column("likes")),
        (vec!["tr-1".into(), "tr-2".into()], vec!["3".into(), "0".into()])
    );
    assert!(likes.header("cache-control").starts_with("public"));
    let followers = world.nobody().get("/follower-counts?artist_ids=ar-1").await.expect(200);
    assert_eq!(followers.column("followers"), ["3"]);
    let request = world
        .nobody()
        .request("GET", "/like-counts?track_ids=tr-1,tr-2")
        .header("if-none-match", likes.header("etag"));
    kit::reply(request).await.unwrap().expect(304);
}
