//! Until when an answer made of several pages is fresh: as long as the one of them that is the shortest.

use parking_lot::Mutex;
use std::time::Instant;

/// Sums up what was read.
#[derive(Debug, Default)]
pub(crate) struct Strictest(Mutex<Sum>);

#[derive(Debug, Default, Clone, Copy)]
enum Sum {
    #[default]
    Nothing,
    Until(Instant),
    Never,
}

impl Strictest {
    /// Something was read that is fresh until then. None: it failed, or nobody says that it may be used again.
    pub fn read(&self, until: Option<Instant>) {
        let mut sum = self.0.lock();
        *sum = match (*sum, until) {
            (Sum::Never, _) | (_, None) => Sum::Never,
            (Sum::Nothing, Some(until)) => Sum::Until(until),
            (Sum::Until(strictest), Some(until)) => Sum::Until(strictest.min(until)),
        };
    }

    /// Until when all of it is fresh. None: some of it is not, or nothing was read.
    pub fn until(&self) -> Option<Instant> {
        match *self.0.lock() {
            Sum::Until(until) => Some(until),
            Sum::Nothing | Sum::Never => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_shortest_counts_and_what_is_not_fresh_is_never() {
        let (soon, late) =
            (Instant::now() + Duration::from_secs(1), Instant::now() + Duration::from_secs(60));
        let strictest = Strictest::default();
        assert_eq!(strictest.until(), None);
        strictest.read(Some(late));
        strictest.read(Some(soon));
        strictest.read(Some(late));
        assert_eq!(strictest.until(), Some(soon));
        strictest.read(None);
        strictest.read(Some(late));
        assert_eq!(strictest.until(), None);
    }
}
