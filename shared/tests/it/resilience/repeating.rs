//! A call that broke off is made once more, if that cannot do harm: not a write without a key, not in a storm, not too
//! soon, not too late.

use super::{
    sick::{Symptom, header},
    world::{World, nothing_leaks, whole},
};
use bff::config::ResilienceSettings;
use futures::future::join_all;
use kit::{Answer, json};

/// Answers of a hundred that are whole, with every tenth request to the sick upstream reset.
async fn whole_of_a_hundred(document: &str, limits: ResilienceSettings) -> usize {
    let world = World::with(limits).await;
    world.sick.has_by(|at, _| if at % 10 == 9 { Symptom::Resets } else { Symptom::Well });
    let mut whole = 0;
    for _ in 0..100 {
        let answer = world.bff.query(document).await;
        nothing_leaks(&world, &answer);
        whole += usize::from(answer.errors().is_empty());
    }
    whole
}

const ONE_CALL: &str = "{ sick { name } }";
const FOUR_CALLS: &str = "{ a: sick(id: \"a\") { name } b: sick(id: \"b\") { name } c: sick(id: \"c\") { name } d: sick(id: \"d\") { name } }";

#[tokio::test]
async fn with_a_tenth_of_resets_99_of_100_answers_are_whole() {
    assert!(whole_of_a_hundred(ONE_CALL, Default::default()).await >= 99);
    // So it is the repetition that does it.
    let never = ResilienceSettings { retries: Some(0), ..Default::default() };
    assert_eq!(whole_of_a_hundred(ONE_CALL, never).await, 90);
}

#[tokio::test]
async fn with_a_tenth_of_resets_96_of_100_answers_of_four_calls_are_whole() {
    assert!(whole_of_a_hundred(FOUR_CALLS, Default::default()).await >= 96);
    let never = ResilienceSettings { retries: Some(0), ..Default::default() };
    assert!(whole_of_a_hundred(FOUR_CALLS, never).await <= 70);
}

#[tokio::test]
async fn a_write_is_sent_again_with_its_key_only() {
    let world = World::with(Default::default()).await;
    world.sick.has(Symptom::Resets);
    let answer = world.bff.query("mutation { write }").await;
    assert_eq!((answer.codes(), world.sick.requests()), (vec!["UPSTREAM_UNAVAILABLE"], 1));
    nothing_leaks(&world, &answer);

    world.sick.has_by(|at, _| if at == 0 { Symptom::Resets } else { Symptom::Well });
    let answer = world.bff.query("mutation { write(key: \"k-1\") }").await;
    assert_eq!(answer.ok(), &json!({"write": true}));
    let heads = world.sick.heads();
    assert_eq!(heads.len(), 3);
    for head in &heads[1..] {
        assert_eq!(header(head, "idempotency-key"), Some("k-1"));
        assert!(head.ends_with("{\"name\":\"new\"}"), "{head}");
    }
}

/// Nothing of the breaker: it would end the storm sooner.
fn storm() -> ResilienceSettings {
    ResilienceSettings { open_after: Some(0), open_percent: Some(0), ..Default::default() }
}

#[tokio::test]
async fn repetitions_are_a_share_of_the_calls() {
    for (percent, most) in [(None, 40 + 3), (Some(5), 10 + 3), (Some(0), 0)] {
        let limits = ResilienceSettings { retry_percent: percent, ..storm() };
        let world = World::each_for_itself("resilient", limits, |server| server).await;
        world.sick.has(Symptom::Answers(502, String::new()));
        for _ in 0..20 {
            join_all((0..10).map(|_| world.ask())).await;
        }
        let repeated = world.sick.requests() - 200;
        assert!(repeated <= most, "{repeated} of {percent:?} percent");
        assert!(repeated + 1 >= most.saturating_sub(3), "{repeated}: less than may be");
    }
}

#[tokio::test]
async fn a_call_is_made_as_often_as_the_operator_says() {
    for retries in [0, 1, 2] {
        let world = World::with(ResilienceSettings { retries: Some(retries), ..storm() }).await;
        world.sick.has(Symptom::Resets);
        assert!(!whole(&world, &world.ask().await));
        assert_eq!(world.sick.requests(), retries as usize + 1);
    }
}

fn come_back(status: u16, seconds: u32) -> Symptom {
    Symptom::Answers(status, format!("retry-after: {seconds}\r\n"))
}

/// The sick upstream is asked once, says when to come back, and is well.
async fn told_to_come_back(status: u16, seconds: u32) -> (World, Answer) {
    let limits = ResilienceSettings { timeout_ms: Some(20_000), ..Default::default() };
    let world =
        World::of("resilient", limits, |server| server.settings(|settings| settings.deadline_ms = 8_000));
    let world = world.await;
    world.sick.has_by(move |at, _| if at == 0 { come_back(status, seconds) } else { Symptom::Well });
    let answer = world.bff.query("{ sick { name } well { name } }").await;
    (world, answer)
}

#[tokio::test]
async fn who_says_when_to_come_back_is_asked_then() {
    for status in [429, 503] {
        let before = std::time::Instant::now();
        let (world, answer) = told_to_come_back(status, 1).await;
        assert!(whole(&world, &answer), "{answer}");
        assert_eq!(world.sick.requests(), 2);
        // No stopwatch: the clock of the machine may only show that it was not sooner.
        assert!(before.elapsed().as_secs() >= 1, "asked too soon");
    }
}

#[tokio::test]
async fn who_says_to_come_back_after_the_deadline_is_not_asked_again_before() {
    for status in [429, 503] {
        let (world, answer) = told_to_come_back(status, 30).await;
        assert!(!whole(&world, &answer));
        assert_eq!(answer.codes(), ["UPSTREAM_UNAVAILABLE"]);
        // The client is told, too: by who was asked, and then by the breaker.
        let told = |answer: &Answer| answer.errors()[0]["extensions"]["retryAfter"].as_u64();
        assert_eq!(told(&answer), Some(30), "{answer}");
        for _ in 0..5 {
            let answer = world.ask().await;
            assert!(!whole(&world, &answer));
            assert!(told(&answer).is_some_and(|seconds| (1..=30).contains(&seconds)), "{answer}");
        }
        assert_eq!(world.sick.requests(), 1, "nobody asks before");
    }
}

/// 429 to a call that is made for a caller is about that caller.
#[tokio::test]
async fn one_caller_who_asks_too_much_is_no_reason_to_ask_for_nobody() {
    let world = World::with(Default::default()).await;
    world.sick.has_by(
        |_, head| {
            if head.starts_with("GET /mine") { come_back(429, 30) } else { Symptom::Well }
        },
    );
    let token = world.issuer.token("u-1");
    let answer = world.bff.query("{ mine { name } }").bearer(&token).await;
    assert_eq!(answer.codes(), ["UPSTREAM_UNAVAILABLE"]);
    nothing_leaks(&world, &answer);
    assert!(whole(&world, &world.ask().await));
}
