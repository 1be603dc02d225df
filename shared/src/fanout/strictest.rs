//! What may be done with an answer made of several pages: as much as the one of them allows that allows the least.

use parking_lot::Mutex;
use std::time::Instant;

/// Whether anybody may use rows again, and an answer that is made of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keep {
    /// Until then, as they are.
    Until(Instant),
    /// If they are found to be still the same: whose upstream does not say that they are fresh, does not forbid to keep them.
    Confirmed,
    /// Never: they failed, or their upstream forbids it.
    Never,
}

impl Keep {
    /// What both allow.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Never, _) | (_, Self::Never) => Self::Never,
            (Self::Confirmed, _) | (_, Self::Confirmed) => Self::Confirmed,
            (Self::Until(one), Self::Until(other)) => Self::Until(one.min(other)),
        }
    }
}

/// Sums up what was read. None: nothing.
#[derive(Debug, Default)]
pub(crate) struct Strictest(Mutex<Option<Keep>>);

impl Strictest {
    /// Something was read.
    pub fn read(&self, keep: Keep) {
        let mut sum = self.0.lock();
        *sum = Some(sum.map_or(keep, |sum| sum.and(keep)));
    }

    /// What all of it allows. Of nothing nobody says how long it holds.
    pub fn keep(&self) -> Keep {
        self.0.lock().unwrap_or(Keep::Confirmed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_allows_the_least_counts() {
        let (soon, late) =
            (Instant::now() + Duration::from_secs(1), Instant::now() + Duration::from_secs(60));
        let strictest = Strictest::default();
        assert_eq!(strictest.keep(), Keep::Confirmed);
        for (read, keep) in [
            (Keep::Until(late), Keep::Until(late)),
            (Keep::Until(soon), Keep::Until(soon)),
            (Keep::Until(late), Keep::Until(soon)),
            (Keep::Confirmed, Keep::Confirmed),
            (Keep::Until(late), Keep::Confirmed),
            (Keep::Never, Keep::Never),
            (Keep::Confirmed, Keep::Never),
        ] {
            strictest.read(read);
            assert_eq!(strictest.keep(), keep, "after {read:?}");
        }
    }
}
