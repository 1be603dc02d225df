//! `[quota]`: what clients may spend, by their plans.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::{Settings, decode::listed};

/// What is exact in a number of Lua's, and so in Redis: the most that a limit times its window's milliseconds may be.
const EXACT: u64 = 1 << 52;

/// Who has which quota. Without a plan there is none, and nothing is counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct QuotaSettings {
    /// By the name that credentials carry: `[quota.plans.<plan>]`.
    pub plans: BTreeMap<String, PlanSettings>,
    /// The plan of callers whose credential names none of these.
    pub default: String,
    /// The plan of callers without a credential: each address (each /64, if it is IPv6) has a bucket of it. Empty: they
    /// are refused.
    pub anonymous: String,
    /// How many replicas there are: while Redis is gone, each gives so great a part of a client's limit.
    pub replicas: u32,
}

/// How much a client of this plan may spend. An operation costs 1 for each object that it asks for; see `limits.cost`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlanSettings {
    /// What a full bucket has. A single operation can cost no more.
    pub limit: u64,
    /// Seconds in which an empty bucket is full again; it fills steadily.
    pub window_s: u64,
}

impl Default for QuotaSettings {
    fn default() -> Self {
        Self { plans: BTreeMap::new(), default: String::new(), anonymous: String::new(), replicas: 1 }
    }
}

impl QuotaSettings {
    /// The longest window.
    pub(crate) fn longest(&self) -> Duration {
        Duration::from_secs(self.plans.values().map(|plan| plan.window_s).max().unwrap_or(1))
    }

    pub(super) fn check(settings: &Settings, problems: &mut Vec<String>) {
        let quota = &settings.quota;
        let known: Vec<_> = quota.plans.keys().map(String::as_str).collect();
        for (key, plan) in [("default", &quota.default), ("anonymous", &quota.anonymous)] {
            if !plan.is_empty() && !quota.plans.contains_key(plan) {
                let way_out = match known.as_slice() {
                    [] => "there are none".to_owned(),
                    known => format!("those of `quota.plans` are {}", listed(known)),
                };
                problems.push(format!("`quota.{key}`: there is no plan `{plan}`; {way_out}"));
            }
        }
        for (name, plan) in &quota.plans {
            let fits = plan.limit.checked_mul(plan.window_s).and_then(|it| it.checked_mul(1_000));
            if plan.limit == 0 || plan.window_s == 0 {
                problems.push(format!(
                    "`quota.plans.{name}` would refuse every request; give it a positive `limit` and `window_s`"
                ));
            } else if fits.is_none_or(|product| product > EXACT) {
                problems.push(format!(
                    "`quota.plans.{name}` is too great to be counted exactly; give it a smaller `limit` or a shorter \
                     `window_s` ({} in a day are possible)",
                    EXACT / 86_400_000
                ));
            }
        }
        if quota.replicas == 0 {
            problems.push("`quota.replicas` is 0; there is at least this one".to_owned());
        }
        if !quota.plans.is_empty() && settings.sharing.operations {
            problems.push(
                "`sharing.operations` and `quota.plans` cannot both be on: an answer that tells what it cost is for one \
                 client"
                    .to_owned(),
            );
        }
    }
}
