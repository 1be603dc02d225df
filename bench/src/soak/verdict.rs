//! What must hold after the soak.

use super::{clients::Seen, watch::Sample};
use std::{fmt, sync::atomic::Ordering::Relaxed, time::Duration};

/// One thing that had to hold.
#[derive(Debug)]
pub struct Verdict {
    pub holds: bool,
    what: String,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<8} {}", if self.holds { "ok" } else { "FAILED" }, self.what)
    }
}

/// Memory breathes: so much more at the end is still flat.
const BREATH_BYTES: u64 = 8 << 20;
const BREATH: f64 = 0.05;

/// Late answers, per answer: the machine may stumble, the server may not.
const LATE: f64 = 0.001;

pub fn verdicts(
    samples: &[Sample],
    warm_up: Duration,
    before: &Sample,
    left: &Sample,
    seen: &Seen,
) -> Vec<Verdict> {
    let warm: Vec<u64> =
        samples.iter().filter(|sample| sample.at > warm_up).map(|sample| sample.rss_bytes).collect();
    let third = warm.len() / 3;
    let [first, last] = [&warm[..third], &warm[warm.len() - third..]].map(median);
    let mib = |bytes: u64| bytes as f64 / 1024.0 / 1024.0;
    let [asked, whole, degraded, late, broken] =
        [&seen.asked, &seen.whole, &seen.degraded, &seen.late, &seen.broken].map(|count| count.load(Relaxed));
    vec![
        Verdict {
            holds: first.zip(last).is_some_and(|(first, last)| flat(first, last)),
            what: match first.zip(last) {
                Some((first, last)) => format!(
                    "memory is flat: medians of {:.1} MiB in the first third and {:.1} MiB in the last",
                    mib(first),
                    mib(last)
                ),
                None => "memory was not looked at often enough".into(),
            },
        },
        Verdict {
            holds: left.tasks <= before.tasks,
            what: format!("no task is left over: {} before the load, {} after it", before.tasks, left.tasks),
        },
        Verdict {
            holds: left.sockets <= before.sockets,
            what: format!(
                "no connection is left over: {} sockets before, {} after",
                before.sockets, left.sockets
            ),
        },
        Verdict {
            holds: late as f64 <= asked as f64 * LATE,
            what: format!("answers come within the deadline and 0.5 s: {late} of {asked} did not"),
        },
        Verdict {
            holds: broken == 0,
            what: match seen.first_broken() {
                None => "every answer is whole, or says what is missing".into(),
                Some(first) => format!("{broken} answers are broken; the first: {first}"),
            },
        },
        Verdict {
            holds: whole > 0 && degraded > 0,
            what: format!(
                "the storm was one, and was lived through: {whole} whole answers, {degraded} degraded"
            ),
        },
    ]
}

fn flat(first: u64, last: u64) -> bool {
    last as f64 <= first as f64 * (1.0 + BREATH) + BREATH_BYTES as f64
}

fn median(bytes: &[u64]) -> Option<u64> {
    let mut sorted = bytes.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(at: u64, rss_mib: u64) -> Sample {
        Sample { at: Duration::from_secs(at), rss_bytes: rss_mib << 20, tasks: 5, sockets: 9 }
    }

    fn held(samples: &[Sample], left: Sample) -> Vec<bool> {
        let seen = Seen::default();
        for count in [&seen.asked, &seen.whole, &seen.degraded] {
            count.store(1_000, Relaxed);
        }
        let verdicts = verdicts(samples, Duration::from_secs(60), &sample(0, 10), &left, &seen);
        verdicts.iter().map(|verdict| verdict.holds).collect()
    }

    #[test]
    fn memory_that_grows_after_the_warm_up_is_not_flat() {
        // Grows while it warms up, then breathes by 6 MiB.
        let breathing: Vec<_> = (0..300).map(|at| sample(at, 40 + at.min(60) + at % 7)).collect();
        assert_eq!(held(&breathing, sample(300, 90)), [true; 6]);
        // The same, and 0.1 MiB a second.
        let growing: Vec<_> = (0..300).map(|at| sample(at, 40 + at.min(60) + at % 7 + at / 10)).collect();
        assert_eq!(held(&growing, sample(300, 90)), [false, true, true, true, true, true]);
        assert!(!held(&[], sample(0, 10))[0]);
    }

    #[test]
    fn what_is_alive_after_the_load_is_left_over() {
        let flat: Vec<_> = (0..300).map(|at| sample(at, 40)).collect();
        let left = Sample { tasks: 6, sockets: 10, ..sample(300, 40) };
        assert_eq!(held(&flat, left), [true, false, false, true, true, true]);
    }

    #[test]
    fn answers_that_are_broken_or_often_late_fail_the_soak() {
        let flat: Vec<_> = (0..300).map(|at| sample(at, 40)).collect();
        let seen = Seen::default();
        seen.asked.store(1_000, Relaxed);
        let of = |seen: &Seen| {
            let all = verdicts(&flat, Duration::from_secs(60), &flat[0], &flat[299], seen);
            all.iter().map(|verdict| verdict.holds).collect::<Vec<_>>()
        };
        seen.late.store(1, Relaxed);
        assert_eq!(of(&seen), [true, true, true, true, true, false]);
        seen.late.store(2, Relaxed);
        seen.broken.store(1, Relaxed);
        assert_eq!(of(&seen), [true, true, true, false, false, false]);
    }
}
