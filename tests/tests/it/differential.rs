//! Random documents over random rows with random failures: our executor, async-graphql's own and graphql-js agree.
//!
//! graphql-js is the judge (tests/judge). A failing case prints its seed and everything it consists of; to run that
//! one again: `DIFFERENTIAL_SEED=<seed> cargo nextest run -p kit differential`.

mod documents;
mod judge;
mod ours;
mod parts;
mod twin;
mod unique;
mod world;

use async_graphql::{EmptyMutation, EmptySubscription, Request, Schema, ValidationMode, Variables};
use bff::Bff;
use documents::Document;
use judge::Judge;
use kit::{Fake, Running, Server, Value, json};
use rand::{RngCore, SeedableRng, rngs::StdRng};
use std::{fmt::Write, sync::Arc};
use world::World;

const CASES: u64 = 120;

/// The same cases every time, and as many that are new each time.
fn seeds() -> Vec<u64> {
    if let Some(seed) = option_env!("DIFFERENTIAL_SEED").and_then(|seed| seed.parse().ok()) {
        return vec![seed];
    }
    let new = rand::rng().next_u64() >> 1;
    println!("new cases from seed {new}");
    (0..CASES).chain((0..CASES).map(|n| new.wrapping_add(n))).collect()
}

/// Everything needed to look at a case.
struct Case {
    seed: u64,
    world: Arc<World>,
    document: Document,
    answer: String,
}

impl Case {
    async fn run(seed: u64, failures: bool, fake: &Fake, bff: &Running) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let world = Arc::new(World::random(&mut rng, failures));
        let document = Document::random(&mut rng, failures);
        world.serve(fake);
        fake.clear();
        let query = bff.query(&document.text).variables(document.variables.clone());
        let query = if failures { query } else { query.header("graphql-client-name", "friend") };
        let answer = query.await.text;
        Self { seed, world, document, answer }
    }

    fn wrong(&self, what: &str, more: &str) -> ! {
        let mut all = String::new();
        let _ = writeln!(all, "seed {}: {what}", self.seed);
        let _ = writeln!(all, "document: {}\nvariables: {}", self.document.text, self.document.variables);
        let _ = writeln!(all, "answer: {}\n{more}", self.answer);
        let _ = writeln!(all, "world: {}", self.world.described());
        panic!("{all}");
    }
}

async fn start() -> (Fake, Running, String) {
    started(ours::bff()).await
}

async fn started(bff: Bff) -> (Fake, Running, String) {
    let fake = Fake::start().await;
    let sdl = bff.sdl().expect("a schema").to_owned();
    let running = Server::of(bff.public_schema()).upstream("rest", &fake).production();
    // Chance knows no measure; limits have tests of their own.
    let running = running.settings(|settings| {
        let limits = &mut settings.limits;
        (limits.depth, limits.cost) = (64, u64::MAX);
        (limits.aliases, limits.directives, limits.selections) = (10_000, 10_000, 100_000);
        (limits.tokens, limits.root_fields) = (10_000, 10_000);
    });
    let running = running.start().await;
    (fake, running, sdl)
}

#[tokio::test]
async fn failures_become_the_nulls_and_errors_that_the_judge_says() {
    let (fake, bff, sdl) = start().await;
    let mut judge = Judge::start(&sdl).await;
    let (mut failed, mut nulled) = (0, 0);
    for seed in seeds() {
        let case = Case::run(seed, true, &fake, &bff).await;
        if let Some(key) = unique::repeated_key(&case.answer) {
            case.wrong(&format!("the key {key} stands twice in one object"), "");
        }
        let verdict = judge.ask(&case, &[("ours", &case.answer)]).await;
        if verdict["objections"]["ours"] != json!([]) {
            case.wrong("the judge objects", &format!("{:#}", verdict));
        }
        failed += usize::from(verdict["errors"].as_array().is_some_and(|errors| !errors.is_empty()));
        nulled += usize::from(verdict.get("data") == Some(&Value::Null));
    }
    // Guards the generator: cases that never fail would prove nothing.
    if option_env!("DIFFERENTIAL_SEED").is_none() {
        assert!(failed > 30 && nulled > 1, "only {failed} cases had failures, {nulled} without data");
    }
}

#[tokio::test]
async fn async_graphqls_own_executor_answers_the_same() {
    let (fake, bff, sdl) = start().await;
    // Its strict validation misses variables in what its pruning took away; apollo and the judge validate here.
    let twin = Schema::build(twin::Query, EmptyMutation, EmptySubscription);
    let twin = twin.validation_mode(ValidationMode::Fast).finish();
    let mut judge = Judge::start(&sdl).await;
    for seed in seeds() {
        let case = Case::run(seed, false, &fake, &bff).await;
        // It prunes by variables before it fills in their defaults: here they are filled in for it.
        let variables = Variables::from_json(case.document.with_defaults());
        let request = Request::new(&case.document.text).variables(variables).data(case.world.clone());
        let theirs = serde_json::to_string(&twin.execute(request).await).expect("JSON");
        let verdict = judge.ask(&case, &[("ours", &case.answer)]).await;
        if verdict["objections"]["ours"] != json!([]) {
            case.wrong("the judge objects", &format!("{verdict:#}"));
        }
        let parsed = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
        if parsed(&theirs) != parsed(&case.answer) {
            case.wrong("async-graphql answers something else", &theirs);
        }
    }
}

#[tokio::test]
async fn both_schemas_are_the_same() {
    let bff = ours::bff();
    let twin = Schema::build(twin::Query, EmptyMutation, EmptySubscription).finish().sdl();
    assert_eq!(undescribed(bff.sdl().expect("a schema")), undescribed(&twin));
}

/// Without descriptions: those are the entities' doc comments.
fn undescribed(sdl: &str) -> String {
    let mut inside = false;
    let mut kept = String::new();
    for line in sdl.lines() {
        let marks = line.matches("\"\"\"").count();
        if marks == 0 && !inside {
            kept.push_str(line);
            kept.push('\n');
        }
        inside ^= marks == 1;
    }
    kept
}
