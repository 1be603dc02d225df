//! Who is on call sees what is refused and why: the breaker opens and closes with one line each, and all is counted.

use super::{
    sick::Symptom,
    world::{World, whole},
};
use bff::config::ResilienceSettings;
use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Lines {
    fn with(&self, text: &str) -> Vec<String> {
        let all = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        all.lines().filter(|line| line.contains(text)).map(str::to_owned).collect()
    }
}

/// The value of a metric's line.
async fn metric(world: &World, line: &str) -> u64 {
    let metrics = world.bff.admin("/metrics").await.text;
    let value = metrics.lines().find_map(|text| text.strip_prefix(line)?.trim().parse().ok());
    value.unwrap_or_else(|| panic!("no {line} in {metrics}"))
}

// One thread, so that what the server logs is this test's.
#[tokio::test(flavor = "current_thread")]
async fn a_breaker_tells_once_that_it_opened_and_once_that_it_closed() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new("info"))
        .with_ansi(false)
        .with_writer(lines.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let limits = ResilienceSettings { open_ms: Some(200), timeout_ms: Some(500), ..Default::default() };
    let world = World::of("telling", limits, |server| server).await;
    let (breaker, retries) = (
        "upstream_breaker{service=\"telling\",upstream=\"sick\"}",
        "upstream_retries_total{service=\"telling\",upstream=\"sick\"}",
    );
    let refused = "upstream_rejected_total{service=\"telling\",upstream=\"sick\",reason=\"breaker\"}";
    assert_eq!(
        (metric(&world, breaker).await, metric(&world, retries).await),
        (0, 0),
        "there from the start"
    );

    world.sick.has(Symptom::Resets);
    let mut asked = 0;
    while metric(&world, refused).await < 20 {
        assert!(!whole(&world, &world.ask().await));
        asked += 1;
        assert!(asked < 1_000, "nothing is refused");
    }
    assert_eq!(metric(&world, breaker).await, 2);
    assert!(metric(&world, retries).await >= 2);
    let counted = "upstream_calls_total{service=\"telling\",upstream=\"sick\",outcome=\"unreachable\"}";
    assert_eq!(metric(&world, counted).await, world.sick.requests() as u64, "each attempt is a call");

    world.sick.has(Symptom::Well);
    let back = async { while !whole(&world, &world.ask().await) {} };
    tokio::time::timeout(Duration::from_secs(10), back).await.expect("it is back");
    assert_eq!(metric(&world, breaker).await, 0);

    let opened = lines.with("upstream.breaker=\"open\"");
    assert_eq!(opened.len(), 1, "{opened:#?}");
    assert!(opened[0].contains("sick") && opened[0].contains("failures in a row"), "{opened:#?}");
    let closed = lines.with("upstream.breaker=\"closed\"");
    assert_eq!(closed.len(), 1, "{closed:#?}");
    assert!(lines.with("an upstream call failed").len() <= 10, "refused calls are not told one by one");
}

#[tokio::test]
async fn what_finds_no_place_is_counted() {
    let limits = ResilienceSettings {
        concurrency: Some(1),
        queue: Some(0),
        timeout_ms: Some(500),
        ..Default::default()
    };
    let world = World::each_for_itself("crowded", limits, |server| server).await;
    world.sick.has(Symptom::Hangs);
    tokio::join!(world.ask(), world.ask(), world.ask());
    let refused = "upstream_rejected_total{service=\"crowded\",upstream=\"sick\",reason=\"bulkhead\"}";
    assert_eq!((metric(&world, refused).await, world.sick.requests()), (2, 1));
}
