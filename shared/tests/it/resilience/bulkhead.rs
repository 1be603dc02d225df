//! A slow upstream takes so many calls and no more: a few wait, the rest fail at once, and nobody else is touched.

use super::{
    sick::Symptom,
    world::{World, whole},
};
use bff::config::ResilienceSettings;
use futures::{StreamExt, stream::FuturesUnordered};
use kit::json;
use tokio::sync::watch;

#[tokio::test]
async fn two_under_way_one_waiting_and_the_rest_fail_at_once() {
    let limits = ResilienceSettings { concurrency: Some(2), queue: Some(1), ..Default::default() };
    // The gate, not the clock, decides when the slow ones are answered.
    let world = World::each_for_itself(
        "resilient",
        ResilienceSettings { timeout_ms: Some(60_000), ..limits },
        |server| server.settings(|settings| settings.deadline_ms = 60_000),
    );
    let world = world.await;
    let (open, gate) = watch::channel(false);
    world.sick.has(Symptom::Held(gate));
    let mut asking: FuturesUnordered<_> = (0..7).map(|_| world.ask()).collect();
    for _ in 0..4 {
        let answer = asking.next().await.unwrap();
        assert!(!whole(&world, &answer));
        assert_eq!(answer.codes(), ["UPSTREAM_UNAVAILABLE"]);
        assert_eq!(answer.messages(), ["A service behind this one has too much to do. Try again shortly."]);
    }
    assert_eq!(world.sick.requests(), 2);
    let healthy = world.bff.query("{ well { name } }").await;
    assert_eq!(healthy.ok(), &json!({"well": {"name": "name of w"}}));
    open.send_replace(true);
    let mut answered = 0;
    while let Some(answer) = asking.next().await {
        assert!(whole(&world, &answer));
        answered += 1;
    }
    assert_eq!((answered, world.sick.requests()), (3, 3));
    assert!(whole(&world, &world.ask().await), "all places are free again");
}

#[tokio::test]
async fn waiting_is_part_of_the_callers_time() {
    let limits = ResilienceSettings { concurrency: Some(1), ..Default::default() };
    let world = World::each_for_itself(
        "resilient",
        ResilienceSettings { timeout_ms: Some(60_000), ..limits },
        |server| server.settings(|settings| settings.deadline_ms = 1_000),
    );
    let world = world.await;
    world.sick.has(Symptom::Hangs);
    // One is under way until its time is over; the others wait for as long, and no longer.
    let (one, other, third) = tokio::join!(world.ask(), world.ask(), world.ask());
    for answer in [one, other, third] {
        assert!(!whole(&world, &answer));
        assert_eq!(answer.codes(), ["DEADLINE_EXCEEDED"]);
    }
}

/// Callers who leave while they are answered leave their places too. (Those who wait: `alone`.)
#[tokio::test]
async fn who_leaves_makes_room() {
    let limits = ResilienceSettings { concurrency: Some(1), queue: Some(1), ..Default::default() };
    let world = World::with(limits).await;
    let (open, gate) = watch::channel(false);
    world.sick.has(Symptom::Held(gate));
    for turn in 1..=3 {
        tokio::select! {
            answer = world.ask() => panic!("{answer}"),
            () = world.sick.until_asked(turn) => {}
        }
    }
    open.send_replace(true);
    assert!(whole(&world, &world.ask().await));
}
