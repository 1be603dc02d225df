//! A bucket in whole numbers: what is owed to it, in units so small that time pays them back without a remainder.
//!
//! A plan gives `limit` in `window_ms` milliseconds. Counted in 1/`window_ms` of one, each millisecond pays back `limit`, and
//! a cost of `c` owes `c * window_ms`. Nothing is rounded, so nothing is given twice: the debt is never more than
//! `limit * window_ms`. All of it fits into what Lua's numbers hold exactly (2^53).
//!
//! This is GCRA, by a few lines of arithmetic that are the same here and in Redis. `governor` keeps its state in this process
//! alone, and takes nothing back: what an operation did not touch could not be returned.

use std::time::Duration;

use crate::config::PlanSettings;

/// How much a client may spend, and how fast it comes back.
#[derive(Debug)]
pub struct Plan {
    pub name: String,
    pub limit: u64,
    pub window_ms: u64,
}

/// A bucket at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// How much there is when it is full.
    pub limit: u64,
    /// How much there is.
    pub remaining: u64,
    /// In how long it is full.
    pub whole_in: Duration,
    /// What was asked for was there.
    pub taken: bool,
    debt: u64,
}

impl Plan {
    pub fn new(name: &str, settings: &PlanSettings) -> Self {
        Self {
            name: name.to_owned(),
            limit: settings.limit,
            window_ms: settings.window_s.saturating_mul(1_000),
        }
    }

    /// With so much owed, where `limit` is what this bucket has of the plan's.
    pub fn level(&self, limit: u64, debt: u64, taken: bool) -> Level {
        let free = limit.saturating_mul(self.window_ms).saturating_sub(debt);
        Level {
            limit,
            remaining: free / self.window_ms.max(1),
            whole_in: Duration::from_millis(debt.div_ceil(limit.max(1))),
            taken,
            debt,
        }
    }
}

impl Level {
    /// Until so much is there. At least a moment: somebody else may be as far.
    pub fn wait_for(&self, cost: u64, plan: &Plan) -> Duration {
        let owed = self.debt.saturating_add(cost.saturating_mul(plan.window_ms));
        let missing = owed.saturating_sub(self.limit.saturating_mul(plan.window_ms));
        Duration::from_millis(missing.div_ceil(self.limit.max(1)).max(1))
    }
}

/// What is owed, and since when.
#[derive(Clone, Copy, Debug, Default)]
pub struct Debt {
    units: u64,
    at_ms: u64,
}

impl Debt {
    /// Pays back what time did, gives back what was not needed, and takes if there is enough. The same as [`SCRIPT`].
    pub fn level(&mut self, plan: &Plan, limit: u64, now_ms: u64, take: u64, back: u64) -> Level {
        let paid = now_ms.saturating_sub(self.at_ms).saturating_mul(limit);
        self.at_ms = self.at_ms.max(now_ms);
        self.units = self.units.saturating_sub(paid).saturating_sub(back.saturating_mul(plan.window_ms));
        let owed = self.units.saturating_add(take.saturating_mul(plan.window_ms));
        let taken = owed <= limit.saturating_mul(plan.window_ms);
        if taken {
            self.units = owed;
        }
        plan.level(limit, self.units, taken)
    }
}

/// KEYS: the bucket. ARGV: limit, window in ms, how much to take, how much to give back. Answers whether it was taken, and
/// what is owed. Redis runs it as one: nobody comes between. Its own clock counts, so that replicas' need not agree; one
/// that was set back stands still until it is as late again.
pub const SCRIPT: &str = "
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local take, back = tonumber(ARGV[3]), tonumber(ARGV[4])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local kept = redis.call('HMGET', KEYS[1], 'debt', 'at')
local debt, at = tonumber(kept[1] or 0), tonumber(kept[2] or now)
if now > at then
  debt = math.max(0, debt - (now - at) * limit)
  at = now
end
debt = math.max(0, debt - back * window)
local taken = 0
if debt + take * window <= limit * window then
  debt = debt + take * window
  taken = 1
end
if debt == 0 then
  redis.call('DEL', KEYS[1])
else
  redis.call('HSET', KEYS[1], 'debt', string.format('%.0f', debt), 'at', string.format('%.0f', at))
  redis.call('PEXPIRE', KEYS[1], math.ceil(debt / limit) + 1000)
end
return {taken, string.format('%.0f', debt)}
";

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(limit: u64, window_s: u64) -> Plan {
        Plan::new("p", &PlanSettings { limit, window_s })
    }

    #[test]
    fn a_bucket_gives_what_it_has_and_not_one_more() {
        let (plan, mut debt) = (plan(10, 60), Debt::default());
        let at = 1_000_000;
        assert!((0..3).all(|_| debt.level(&plan, 10, at, 3, 0).taken));
        let level = debt.level(&plan, 10, at, 2, 0);
        assert_eq!((level.taken, level.remaining), (false, 1));
        assert!(debt.level(&plan, 10, at, 1, 0).taken);
        assert!(!debt.level(&plan, 10, at, 1, 0).taken);
        // One comes back every six seconds, and not a millisecond before.
        assert!(!debt.level(&plan, 10, at + 5_999, 1, 0).taken);
        assert!(debt.level(&plan, 10, at + 6_000, 1, 0).taken);
    }

    #[test]
    fn what_is_given_back_is_there_again_and_no_more_than_there_was() {
        let (plan, mut debt) = (plan(10, 60), Debt::default());
        assert!(debt.level(&plan, 10, 0, 10, 0).taken);
        assert_eq!(debt.level(&plan, 10, 0, 0, 4).remaining, 4);
        assert_eq!(debt.level(&plan, 10, 0, 0, 400).remaining, 10);
    }

    #[test]
    fn it_is_told_when_to_come_back_and_when_it_is_full() {
        let (plan, mut debt) = (plan(10, 60), Debt::default());
        debt.level(&plan, 10, 0, 8, 0);
        let level = debt.level(&plan, 10, 0, 5, 0);
        assert_eq!((level.taken, level.wait_for(5, &plan)), (false, Duration::from_secs(18)));
        assert_eq!(level.whole_in, Duration::from_secs(48));
        assert!(!debt.level(&plan, 10, 17_999, 5, 0).taken);
        assert!(debt.level(&plan, 10, 18_000, 5, 0).taken);
    }

    #[test]
    fn a_clock_that_was_set_back_gives_nothing_twice() {
        let (plan, mut debt) = (plan(10, 60), Debt::default());
        assert!(debt.level(&plan, 10, 60_000, 10, 0).taken);
        assert!(!debt.level(&plan, 10, 0, 1, 0).taken);
        assert!(!debt.level(&plan, 10, 60_000, 1, 0).taken);
        assert!(debt.level(&plan, 10, 66_000, 1, 0).taken);
    }
}
