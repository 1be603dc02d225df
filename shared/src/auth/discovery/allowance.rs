//! How often something may be done on behalf of callers: so many times in a row, then once each while.

use std::time::{Duration, Instant};

/// A bucket of permissions that fills with time.
pub(super) struct Allowance {
    most: u32,
    every: Duration,
    left: u32,
    /// Up to when what time has brought is in `left`.
    counted: Instant,
}

impl Allowance {
    /// Full. A zero duration bounds nothing.
    pub fn new(most: u32, every: Duration) -> Self {
        Self { most, every, left: most, counted: Instant::now() }
    }

    /// Takes one, if there is one.
    pub fn take(&mut self) -> bool {
        self.take_at(Instant::now())
    }

    fn take_at(&mut self, now: Instant) -> bool {
        while self.left < self.most && now.duration_since(self.counted) >= self.every {
            self.left += 1;
            self.counted += self.every;
        }
        if self.left == self.most {
            self.counted = now;
        }
        let taken = self.left > 0;
        self.left = self.left.saturating_sub(1);
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_in_a_row_and_then_one_each_while() {
        let every = Duration::from_secs(5);
        let mut allowance = Allowance::new(3, every);
        let start = allowance.counted;
        let taken = |allowance: &mut Allowance, seconds| {
            let now = start + Duration::from_secs(seconds);
            (0..300).filter(|_| allowance.take_at(now)).count()
        };
        assert_eq!(taken(&mut allowance, 100), 3, "time before the first brings no more");
        assert_eq!(taken(&mut allowance, 104), 0);
        assert_eq!(taken(&mut allowance, 111), 2);
        assert_eq!(taken(&mut allowance, 114), 0);
        assert_eq!(taken(&mut allowance, 115), 1);
        assert_eq!(taken(&mut allowance, 10_000), 3);
        assert!((0..300).all(|_| Allowance::new(1, Duration::ZERO).take()));
    }
}
