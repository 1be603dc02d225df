//! Plays count once each, and show up in counts, trends and where somebody left off.

use serde_json::{Value, json};

use crate::world::World;
use kit::{Person, text};

pub fn play(report: &str, track: &str, at: &str) -> Value {
    json!({ "report_id": report, "track_id": track, "played_at": at, "ms_played": 60_000 })
}

pub async fn report(person: &Person, plays: &[Value]) -> Vec<String> {
    let reply = person.send("POST", "/plays", &[], Some(json!({ "reports": plays }))).await.expect(200);
    reply.body["results"].as_array().unwrap().iter().map(|result| text(&result["status"])).collect()
}

pub async fn plays_of(world: &World, tracks: &str) -> Vec<String> {
    world.nobody().get(&format!("/play-counts?track_ids={tracks}")).await.expect(200).column("plays")
}

#[tokio::test]
async fn a_report_counts_once_however_often_it_is_sent() {
    let world = World::start().await;
    let (mika, jonas) = (world.user("us-1"), world.user("us-2"));
    let at = "2026-09-30T10:00:00Z";
    let batch = [play("r1", "tr-1", at), play("r2", "tr-2", at), play("r1", "tr-1", at)];
    assert_eq!(report(&mika, &batch).await, ["accepted", "accepted", "duplicate"]);
    assert_eq!(report(&mika, &batch).await, ["duplicate"; 3]);
    // A known id is known whatever else is said under it.
    assert_eq!(report(&mika, &[play("r1", "tr-9", at)]).await, ["duplicate"]);
    // Ids are each user's own.
    assert_eq!(report(&jonas, &[play("r1", "tr-1", at)]).await, ["accepted"]);
    assert_eq!(plays_of(&world, "tr-1,tr-2,tr-9").await, ["2", "1", "0"]);
}

#[tokio::test]
async fn the_same_batch_at_the_same_time_counts_once() {
    let world = World::start().await;
    let mika = world.user("us-1");
    let batch: Vec<Value> = (0..50).map(|n| play(&format!("r{n}"), "tr-1", "2026-09-30T10:00:00Z")).collect();
    let answers = futures::future::join_all((0..8).map(|_| report(&mika, &batch))).await;
    let accepted = answers.iter().flatten().filter(|status| *status == "accepted").count();
    assert_eq!(accepted, 50);
    assert_eq!(plays_of(&world, "tr-1").await, ["50"]);
}

#[tokio::test]
async fn reports_need_a_signed_in_user_and_one_bad_one_refuses_the_batch_by_its_index() {
    let world = World::start().await;
    let good = play("r1", "tr-1", "2026-09-30T10:00:00Z");
    let body = |reports: Value| Some(json!({ "reports": reports }));
    world.nobody().send("POST", "/plays", &[], body(json!([good]))).await.expect(401);
    let partner =
        world.holder(Some(world.front.token("activity", "demo-partner", json!({"scope": "catalog:read"}))));
    partner.send("POST", "/plays", &[], body(json!([good]))).await.expect(403);
    let mika = world.user("us-1");
    let mut early = good.clone();
    early["played_at"] = json!("1969-12-31T23:59:59Z");
    let mut late = good.clone();
    late["played_at"] = json!("2999-01-01T00:00:00Z");
    for (bad, fault) in [
        (
            json!({ "report_id": "r2", "track_id": "tr-1", "played_at": "2026-09-30T10:00:00Z" }),
            "reports[1].ms_played",
        ),
        (
            json!({ "report_id": "", "track_id": "tr-1", "played_at": "2026-09-30T10:00:00Z", "ms_played": 1 }),
            "reports[1].report_id",
        ),
        (
            json!({ "report_id": "r2", "track_id": "tr 1", "played_at": "2026-09-30T10:00:00Z", "ms_played": 1 }),
            "reports[1].track_id",
        ),
        (
            json!({ "report_id": "r2", "track_id": "tr-1", "played_at": "yesterday", "ms_played": 1 }),
            "reports[1].played_at",
        ),
        (
            json!({ "report_id": "r2", "track_id": "tr-1", "played_at": "2026-09-30T10:00:00Z", "ms_played": -1 }),
            "reports[1].ms_played",
        ),
        (early, "reports[1].played_at"),
        (late, "reports[1].played_at"),
        (json!(null), "reports[1]"),
    ] {
        let refused = mika.send("POST", "/plays", &[], body(json!([good, bad]))).await.expect(422);
        assert_eq!(refused.faults(), [fault], "{refused:?}");
    }
    mika.send("POST", "/plays", &[], body(json!([]))).await.expect(422);
    mika.send("POST", "/plays", &[], body(json!(vec![good.clone(); 501]))).await.expect(422);
    assert_eq!(plays_of(&world, "tr-1").await, ["0"]);
    assert_eq!(report(&mika, &vec![good; 500]).await.len(), 500);
}

#[tokio::test]
async fn totals_from_before_are_counted_on() {
    let world = World::start().await;
    let lines = "{\"type\":\"play_total\",\"track_id\":\"tr-1\",\"plays\":1200}\n";
    for _ in 0..2 {
        assert!(world.import(lines).status.success());
        report(&world.user("us-1"), &[play("r1", "tr-1", "2026-09-30T10:00:00Z")]).await;
    }
    assert_eq!(plays_of(&world, "tr-1").await, ["1201"]);
}

#[tokio::test]
async fn trends_look_at_the_last_week_before_the_newest_play() {
    let world = World::start().await;
    let plays = |track: &str, day: u32, count: u32| -> Vec<Value> {
        (0..count)
            .map(|n| play(&format!("{track}-{day}-{n}"), track, &format!("2026-09-{day:02}T10:00:00Z")))
            .collect()
    };
    let mika = world.user("us-1");
    // Nine plays a week ago are nothing now, three six days ago are less than one today and two yesterday.
    for batch in [
        plays("old", 23, 9),
        plays("week", 24, 3),
        plays("now", 30, 1),
        plays("now", 29, 2),
        plays("mid", 27, 1),
    ] {
        report(&mika, &batch).await;
    }
    let trending = world.nobody().get("/trending").await.expect(200);
    assert_eq!(trending.column("track_id"), ["now", "mid", "week"]);
    assert_eq!(trending.column("rank"), ["1", "2", "3"]);
    assert_eq!(trending.column("plays"), ["3", "1", "3"]);
    assert_eq!(world.nobody().get("/trending?limit=1").await.column("track_id"), ["now"]);
    assert!(trending.header("cache-control").starts_with("public"));
}

#[tokio::test]
async fn nothing_played_is_nothing_trending() {
    let world = World::start().await;
    assert!(world.nobody().get("/trending").await.expect(200).items().is_empty());
}

#[tokio::test]
async fn each_track_is_recent_once_and_only_to_its_listener() {
    let world = World::start().await;
    let mika = world.user("us-1");
    let batch: Vec<Value> = (0..9)
        .map(|n| play(&format!("r{n}"), &format!("tr-{}", n % 5), &format!("2026-09-30T10:0{n}:00Z")))
        .collect();
    report(&mika, &batch).await;
    // A phone that was offline: older than what is known, so it changes nothing here.
    report(&mika, &[play("late", "tr-3", "2026-09-01T00:00:00Z")]).await;
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = mika.get(&format!("/me/recent?limit=2{after}")).await.expect(200);
        assert_eq!(page.header("cache-control"), "private, no-store");
        seen.extend(page.column("track_id"));
        match &page.body["next"] {
            Value::Null => break,
            next => after = format!("&after={}", text(next)),
        }
    }
    assert_eq!(seen, ["tr-3", "tr-2", "tr-1", "tr-0", "tr-4"]);
    assert!(world.user("us-2").get("/me/recent").await.expect(200).items().is_empty());
    world.nobody().get("/me/recent").await.expect(401);
}
