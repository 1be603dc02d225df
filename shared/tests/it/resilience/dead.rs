//! A dead upstream is left in peace, and noticed soon when it is back.

use super::{
    sick::Symptom,
    world::{World, whole},
};
use bff::config::ResilienceSettings;
use futures::future::join_all;
use std::time::Duration;
use tokio::sync::watch;

/// What a hundred GraphQL requests cost a dead upstream, so many of them at once.
///
/// In production a pause is a second at first. Here it is over before a hundred requests are, so that probes take part.
async fn a_hundred(symptom: Symptom, at_once: usize, timeout_ms: u64) -> usize {
    let limits =
        ResilienceSettings { timeout_ms: Some(timeout_ms), open_ms: Some(200), ..Default::default() };
    let world = World::with(limits).await;
    assert!(whole(&world, &world.ask().await));
    let before = world.sick.requests();
    world.sick.has(symptom);
    for _ in 0..100 / at_once {
        for answer in join_all((0..at_once).map(|_| world.ask())).await {
            assert!(!whole(&world, &answer));
        }
    }
    world.sick.requests() - before
}

#[tokio::test]
async fn it_gets_fewer_than_60_requests_per_100_one_after_the_other() {
    for dead in [Symptom::Resets, Symptom::Answers(500, String::new()), Symptom::Truncates, Symptom::Hangs] {
        let requests = a_hundred(dead, 1, 300).await;
        assert!(requests < 60, "{requests}");
    }
}

#[tokio::test]
async fn it_gets_fewer_than_60_requests_per_100_ten_at_once() {
    for dead in [Symptom::Resets, Symptom::Answers(503, String::new()), Symptom::Drips, Symptom::Hangs] {
        let requests = a_hundred(dead, 10, 300).await;
        assert!(requests < 60, "{requests}");
    }
}

#[tokio::test]
async fn it_gets_fewer_than_60_requests_per_100_all_at_once() {
    for dead in [Symptom::Resets, Symptom::Answers(500, String::new()), Symptom::Hangs] {
        // Time enough for all to come before the first has waited in vain.
        let requests = a_hundred(dead, 100, 1_800).await;
        assert!(requests < 60, "{requests}");
    }
}

/// With pauses as they are in production.
#[tokio::test]
async fn it_is_whole_again_within_ten_seconds_of_its_return() {
    let world = World::with(Default::default()).await;
    world.sick.has(Symptom::Resets);
    for _ in 0..20 {
        assert!(!whole(&world, &world.ask().await));
    }
    let dead = world.sick.requests();
    assert!(dead < 10, "{dead}");
    world.sick.has(Symptom::Well);
    let back = async { while !whole(&world, &world.ask().await) {} };
    tokio::time::timeout(Duration::from_secs(10), back).await.expect("it is asked again");
    for answer in join_all((0..30).map(|_| world.ask())).await {
        assert!(whole(&world, &answer), "then all are");
    }
}

#[tokio::test]
async fn one_probe_finds_out_for_all() {
    let limits = ResilienceSettings { open_ms: Some(200), ..Default::default() };
    let world = World::each_for_itself("resilient", limits, |server| server).await;
    world.sick.has(Symptom::Resets);
    for _ in 0..5 {
        assert!(!whole(&world, &world.ask().await));
    }
    let dead = world.sick.requests();
    // It is back, but takes its time for the first answer.
    let (open, gate) = watch::channel(false);
    world.sick.has(Symptom::Held(gate));
    let probe = async {
        while world.sick.requests() == dead {
            let answer = world.ask().await;
            // Who is not asked for is told so at once; the probe alone waits for the gate.
            if whole(&world, &answer) {
                return;
            }
        }
        panic!("the probe failed");
    };
    let others = async {
        world.sick.until_asked(dead + 1).await;
        for answer in join_all((0..20).map(|_| world.ask())).await {
            assert!(!whole(&world, &answer), "the probe alone goes through");
        }
        assert_eq!(world.sick.requests(), dead + 1);
        open.send_replace(true);
    };
    tokio::join!(probe, others);
    for answer in join_all((0..20).map(|_| world.ask())).await {
        assert!(whole(&world, &answer));
    }
    assert_eq!(world.sick.requests(), dead + 21);
}

/// Whoever leaves before there can be an answer, or had no time, says nothing of the upstream.
#[tokio::test]
async fn impatient_callers_do_not_open_it() {
    let world = World::with(Default::default()).await;
    world.sick.has(Symptom::Hangs);
    for left in 1..=10 {
        let asked = async { world.sick.until_asked(left).await };
        tokio::select! {
            answer = world.ask() => panic!("{answer}"),
            () = asked => {}
        }
    }
    world.sick.has(Symptom::Well);
    assert!(whole(&world, &world.ask().await));
}

/// A failing path of ten is no dead upstream.
#[tokio::test]
async fn an_upstream_that_fails_now_and_then_is_asked_on() {
    let limits = ResilienceSettings { retries: Some(0), ..Default::default() };
    let world = World::with(limits).await;
    world.sick.has_by(|at, _| if at % 5 < 2 { Symptom::Resets } else { Symptom::Well });
    for _ in 0..100 {
        whole(&world, &world.ask().await);
    }
    assert_eq!(world.sick.requests(), 100);
}
