//! One upstream is sick: the answer comes in time, the rest of it is whole, and nobody sees what is inside.

use super::{
    sick::{INTERNAL, Symptom},
    world::{World, whole},
};
use bff::config::ResilienceSettings;

/// Requests that the sick upstream got of one GraphQL request, and the code of the missing field.
async fn with(symptom: Symptom) -> (usize, String) {
    // Who hangs is waited for half a second, a quarter of the deadline.
    let world = World::with(ResilienceSettings { timeout_ms: Some(500), ..Default::default() }).await;
    world.sick.has(symptom);
    let answer = world.ask().await;
    assert!(!whole(&world, &answer), "it is not that sick: {answer}");
    let asked = world.sick.requests();
    assert!(asked <= 2, "{asked} requests");
    world.sick.has(Symptom::Well);
    assert!(whole(&world, &world.ask().await), "one failure is no reason to stop asking");
    (asked, answer.codes()[0].to_owned())
}

fn outcome(requests: usize, code: &str) -> (usize, String) {
    (requests, code.to_owned())
}

#[tokio::test]
async fn it_hangs() {
    assert_eq!(with(Symptom::Hangs).await, outcome(1, "UPSTREAM_UNAVAILABLE"));
}

#[tokio::test]
async fn it_is_slow_without_end() {
    assert_eq!(with(Symptom::Drips).await, outcome(1, "UPSTREAM_UNAVAILABLE"));
}

#[tokio::test]
async fn it_resets() {
    assert_eq!(with(Symptom::Resets).await, outcome(2, "UPSTREAM_UNAVAILABLE"));
}

#[tokio::test]
async fn it_breaks_off() {
    assert_eq!(with(Symptom::Truncates).await, outcome(2, "UPSTREAM_UNAVAILABLE"));
}

#[tokio::test]
async fn it_answers_that_it_cannot() {
    for status in [502, 503, 504] {
        assert_eq!(with(Symptom::Answers(status, String::new())).await, outcome(2, "UPSTREAM_UNAVAILABLE"));
    }
    // What fails in its code or what it does not know, will be so next time.
    assert_eq!(with(Symptom::Answers(500, String::new())).await, outcome(1, "UPSTREAM_UNAVAILABLE"));
    assert_eq!(with(Symptom::Answers(501, String::new())).await, outcome(1, "UPSTREAM_UNAVAILABLE"));
    assert_eq!(with(Symptom::Answers(429, String::new())).await, outcome(1, "UPSTREAM_UNAVAILABLE"));
}

#[tokio::test]
async fn it_answers_a_page_for_people() {
    let page = format!("<h1>{INTERNAL}</h1>").into_bytes();
    assert_eq!(with(Symptom::Says("text/html", page)).await, outcome(1, "UPSTREAM_BAD_RESPONSE"));
}

#[tokio::test]
async fn it_lies_about_what_it_says() {
    let rows = br#"{"items": [{"id": "s", "name": "name of s"}]}"#.to_vec();
    assert_eq!(with(Symptom::Says("text/plain", rows)).await, outcome(1, "UPSTREAM_BAD_RESPONSE"));
}

#[tokio::test]
async fn it_answers_wrong_json() {
    for body in [
        format!("{{\"items\": [{{\"id\": \"{INTERNAL}\""),
        format!("{{\"items\": [{{\"id\": \"s\", \"name\": [\"{INTERNAL}\"]}}]}}"),
        format!("{{\"rows\": \"{INTERNAL}\"}}"),
        format!("\"{INTERNAL}\""),
        String::new(),
    ] {
        let symptom = Symptom::Says("application/json", body.into_bytes());
        assert_eq!(with(symptom).await, outcome(1, "UPSTREAM_BAD_RESPONSE"));
    }
}

#[tokio::test]
async fn it_answers_without_end() {
    for announced in [true, false] {
        let flood = Symptom::Floods { bytes: 200 << 20, announced };
        assert_eq!(with(flood).await, outcome(1, "UPSTREAM_BAD_RESPONSE"));
    }
}

/// The call's own time is longer than the request's: the request's counts.
#[tokio::test]
async fn the_deadline_of_the_request_is_the_last_word() {
    let world = World::with(ResilienceSettings { timeout_ms: Some(60_000), ..Default::default() }).await;
    world.sick.has(Symptom::Hangs);
    let answer = world.ask().await;
    assert!(!whole(&world, &answer));
    assert_eq!(answer.codes(), ["DEADLINE_EXCEEDED"]);
}
