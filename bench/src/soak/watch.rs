//! Looks at our BFF from outside, once a second: memory, tasks, sockets; prints a row now and then.

use super::clients::Seen;
use crate::{Fault, child::Child, load};
use bytes::Bytes;
use std::{
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

/// What it held at a moment.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Since the load began.
    pub at: Duration,
    pub rss_bytes: u64,
    pub tasks: u64,
    pub sockets: usize,
}

pub struct Watch {
    pub bff: Child,
    begun: Instant,
    pub samples: Vec<Sample>,
}

const EVERY: Duration = Duration::from_secs(1);

impl Watch {
    pub fn new(bff: Child) -> Self {
        Self { bff, begun: Instant::now(), samples: Vec::new() }
    }

    pub async fn now(&self) -> Result<Sample, Fault> {
        let admin = self.bff.admin.ok_or("no admin port to ask for the metrics")?;
        let metrics = load::once(admin, "GET", "/metrics", Bytes::new()).await?;
        let metrics = String::from_utf8_lossy(&metrics);
        let tasks = metrics.lines().find_map(|line| line.strip_prefix("runtime_tasks_alive "));
        Ok(Sample {
            at: self.begun.elapsed(),
            rss_bytes: self.bff.rss_bytes()?,
            tasks: tasks.ok_or("no runtime_tasks_alive among the metrics")?.trim().parse()?,
            sockets: self.bff.sockets()?,
        })
    }

    /// Watches until the load has ended; a row per `row`.
    pub async fn until(
        &mut self,
        load: impl Future<Output = Result<(), Fault>>,
        seen: &Seen,
        row: Duration,
    ) -> Result<(), Fault> {
        self.begun = Instant::now();
        println!(
            "{:>6} {:>9} {:>9} {:>9} {:>8} {:>8} {:>6} {:>7} {:>9} {:>6} {:>8}",
            "s",
            "asked/s",
            "whole/s",
            "degraded",
            "refused",
            "left",
            "late",
            "broken",
            "RSS MiB",
            "tasks",
            "sockets"
        );
        let mut load = std::pin::pin!(load);
        let mut rows = Rows { told: Duration::ZERO, counts: [0; 7] };
        loop {
            tokio::select! {
                ended = &mut load => {
                    ended?;
                    break;
                }
                () = tokio::time::sleep(EVERY) => {}
            }
            let sample = self.now().await?;
            self.samples.push(sample);
            if sample.at - rows.told >= row {
                rows.tell(&sample, seen);
            }
        }
        rows.tell(&self.now().await?, seen);
        Ok(())
    }

    /// Waits until no more is alive than was before, but no longer than `patience`; what is alive then.
    pub async fn settled(&self, before: &Sample, patience: Duration) -> Result<Sample, Fault> {
        let until = Instant::now() + patience;
        loop {
            let sample = self.now().await?;
            let as_before = sample.tasks <= before.tasks && sample.sockets <= before.sockets;
            if as_before || Instant::now() >= until {
                return Ok(sample);
            }
            tokio::time::sleep(EVERY).await;
        }
    }
}

/// What was told in the row before.
struct Rows {
    told: Duration,
    counts: [u64; 7],
}

impl Rows {
    fn tell(&mut self, sample: &Sample, seen: &Seen) {
        let counts =
            [&seen.asked, &seen.whole, &seen.degraded, &seen.refused, &seen.left, &seen.late, &seen.broken]
                .map(|count| count.load(Relaxed));
        let [asked, whole, degraded, refused, left, late, broken] =
            std::array::from_fn(|n| counts[n] - self.counts[n]);
        let seconds = (sample.at - self.told).as_secs_f64().max(0.001);
        println!(
            "{:>6.0} {:>9.1} {:>9.1} {degraded:>9} {refused:>8} {left:>8} {late:>6} {broken:>7} {:>9.1} {:>6} {:>8}",
            sample.at.as_secs_f64(),
            asked as f64 / seconds,
            whole as f64 / seconds,
            sample.rss_bytes as f64 / 1024.0 / 1024.0,
            sample.tasks,
            sample.sockets,
        );
        *self = Self { told: sample.at, counts };
    }
}
