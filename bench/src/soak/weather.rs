//! What a faulty upstream does to a call: decided by the seed, the path and the time alone.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

/// What becomes of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The true answer, after so long.
    Answered(Duration),
    /// `500`, as JSON.
    Failed,
    /// `200` with a page of HTML.
    Html,
    /// `200` with JSON of another shape.
    WrongShape,
    /// The connection is reset before an answer.
    Reset,
    /// The announced body ends halfway.
    Truncated,
    /// No answer ever.
    Hung,
    /// A head and half of a body, then nothing.
    Stalled,
    /// A body far longer than anybody should read.
    Endless,
}

const FAULTS: [Fate; 8] = [
    Fate::Failed,
    Fate::Html,
    Fate::WrongShape,
    Fate::Reset,
    Fate::Truncated,
    Fate::Hung,
    Fate::Stalled,
    Fate::Endless,
];

/// How long the weather lasts over one path.
const LASTS: Duration = Duration::from_secs(4);

/// The weather of a run.
#[derive(Clone, Copy)]
pub struct Weather {
    pub seed: u64,
}

impl Weather {
    /// The fate of the `call`th call, to `path`, so long after the storm began.
    pub fn fate(self, path: &str, since: Duration, call: u64) -> Fate {
        let spell = (since.as_millis() / LASTS.as_millis()) as u64;
        let place = path.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        let mut sky = ChaCha8Rng::seed_from_u64(self.seed ^ place.rotate_left(32) ^ spell);
        // Half of the time all is well; else a few calls, many or all of them meet one kind of fault, or are slow.
        let (fault, share) = match sky.random_range(0..10) {
            0..5 => (None, 0.0),
            5 => (None, 1.0),
            kind => (FAULTS.get(sky.random_range(0..FAULTS.len())).copied(), [0.1, 0.1, 0.5, 1.0][kind - 6]),
        };
        let mut dice = ChaCha8Rng::seed_from_u64(self.seed);
        dice.set_stream(call);
        match fault {
            Some(fault) if dice.random_bool(share) => fault,
            None if share > 0.0 => Fate::Answered(Duration::from_millis(dice.random_range(50..1_500))),
            _ => Fate::Answered(Duration::from_millis(dice.random_range(0..4))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_same_seed_is_the_same_weather_and_every_kind_comes() {
        let fates = |seed| {
            let weather = Weather { seed };
            let calls = (0..600).flat_map(|second| (0..3).map(move |n| (second, second * 3 + n)));
            calls.map(move |(second, call)| weather.fate("/posts", Duration::from_secs(second), call))
        };
        assert!(fates(1).eq(fates(1)));
        assert!(!fates(1).eq(fates(2)));
        let kinds: HashSet<_> = fates(1).map(|fate| std::mem::discriminant(&fate)).collect();
        assert_eq!(kinds.len(), FAULTS.len() + 1);
        let well = fates(1).filter(|fate| matches!(fate, Fate::Answered(_))).count();
        assert!((900..1_700).contains(&well), "{well} of 1800 are answered");
    }
}
