//! The last events of a stream, each text once: who reads slowly finds what it has not seen, not how often it happened.

use std::{collections::VecDeque, sync::Arc};

/// How many different events are kept for those who read slowly.
const KEPT: usize = 256;

/// An event as it came.
#[derive(Clone, Debug)]
pub(super) struct Happened {
    /// Its place in the order of events, from 1.
    pub at: u64,
    /// Its data, uninterpreted.
    pub data: Arc<str>,
    /// What was read before it may be what it changes.
    pub since: u64,
}

/// So much happened that what was not read yet is gone.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Missed;

/// A bounded queue for any number of readers, each of whom remembers the place of the last event that it saw.
#[derive(Default)]
pub(super) struct Ring {
    /// In their order.
    kept: VecDeque<Happened>,
    newest: u64,
    /// The place of the last event that nobody can read any more, and that did not happen again since.
    gone: u64,
}

impl Ring {
    /// The place of the newest event.
    pub fn newest(&self) -> u64 {
        self.newest
    }

    /// Events carry ids only: one that happens again stands for both, at its new place.
    pub fn push(&mut self, data: &str, since: u64) {
        self.newest += 1;
        let before = self.kept.iter().position(|kept| *kept.data == *data);
        let data = before.and_then(|at| self.kept.remove(at)).map_or_else(|| data.into(), |kept| kept.data);
        if self.kept.len() == KEPT
            && let Some(oldest) = self.kept.pop_front()
        {
            self.gone = oldest.at;
        }
        self.kept.push_back(Happened { at: self.newest, data, since });
    }

    /// The next event for somebody who has seen all up to that place.
    pub fn after(&self, seen: u64) -> Result<Option<&Happened>, Missed> {
        if seen < self.gone {
            return Err(Missed);
        }
        let next = self.kept.partition_point(|kept| kept.at <= seen);
        Ok(self.kept.get(next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that somebody reads who has seen everything up to that place.
    fn read(ring: &Ring, mut seen: u64) -> Vec<String> {
        let mut all = Vec::new();
        while let Some(next) = ring.after(seen).unwrap() {
            all.push(next.data.to_string());
            seen = next.at;
        }
        all
    }

    #[test]
    fn everybody_reads_on_from_where_it_was() {
        let mut ring = Ring::default();
        ring.push("a", 0);
        let joined = ring.newest();
        ring.push("b", 0);
        ring.push("c", 0);
        assert_eq!(read(&ring, 0), ["a", "b", "c"]);
        assert_eq!(read(&ring, joined), ["b", "c"]);
        assert_eq!(read(&ring, ring.newest()), Vec::<String>::new());
    }

    #[test]
    fn what_happens_again_is_told_once_and_at_its_new_place() {
        let mut ring = Ring::default();
        for data in ["a", "b", "a"] {
            ring.push(data, 0);
        }
        assert_eq!(read(&ring, 0), ["b", "a"]);
        assert_eq!(read(&ring, 1), ["b", "a"], "who has seen the first sees the second");
        for _ in 0..10 * KEPT {
            ring.push("a", 0);
        }
        assert_eq!(read(&ring, 0), ["b", "a"], "a flood of one event displaces no other");
    }

    #[test]
    fn who_missed_something_is_told_and_nobody_else() {
        let mut ring = Ring::default();
        for n in 0..=KEPT {
            ring.push(&n.to_string(), 0);
        }
        assert_eq!(ring.after(0).unwrap_err(), Missed);
        assert_eq!(read(&ring, 1).len(), KEPT);
    }
}
