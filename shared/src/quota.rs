//! Cost-based quotas: each operation takes what it may cost from its client's bucket before it runs, and gets back what it
//! did not touch. The bucket is in Redis, where replicas share it, or in memory.
//!
//! A client is whom the credential was given to; who brings none is an address. While Redis is gone, each replica gives a
//! share of its own (`limit / replicas`) and says so: in the answer, in a log line, in `graphql_quota{bucket="local"}`.

mod bucket;
mod client;
mod local;
mod standing;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, SystemTime},
};

pub(crate) use self::standing::{Cost, RateHeaders};
use self::{
    bucket::{Level, Plan},
    client::Client,
    local::Local,
};
pub use self::{client::Asker, standing::Standing};
use crate::{
    Code, Fault,
    config::{QuotaSettings, Settings},
    redis::{Redis, Script, Unavailable},
    request::RequestContext,
    telemetry::metrics,
};

/// The quotas of a service's clients. Cheap to clone.
#[derive(Clone)]
pub struct Quota(Arc<Inner>);

struct Inner {
    service: Arc<str>,
    plans: BTreeMap<String, Arc<Plan>>,
    settings: QuotaSettings,
    shared: Option<(Redis, Script)>,
    local: Local,
    /// The last bucket that was asked for was not the shared one, though there is one.
    alone: AtomicBool,
}

/// Whose bucket, and which.
struct Account {
    client: Client,
    plan: Arc<Plan>,
}

/// What was taken from a bucket, until it is known what was needed.
pub(crate) struct Reserved {
    quota: Quota,
    account: Account,
    requested: u64,
    level: Level,
    /// From the replica's own share.
    local: bool,
}

/// Nothing was taken.
pub(crate) struct Refused {
    pub fault: Fault,
    /// None: there is no bucket for whoever this is.
    pub cost: Option<Box<Cost>>,
}

impl Quota {
    /// None, where no plan is configured.
    pub(crate) fn new(settings: &Settings, redis: Option<&Redis>) -> Option<Self> {
        let quota = &settings.quota;
        if quota.plans.is_empty() {
            return None;
        }
        let plans = quota.plans.iter().map(|(name, plan)| (name.clone(), Arc::new(Plan::new(name, plan))));
        Some(Self(Arc::new(Inner {
            service: settings.service.as_str().into(),
            plans: plans.collect(),
            settings: quota.clone(),
            shared: redis.map(|redis| (redis.clone(), Script::new(bucket::SCRIPT))),
            local: Local::new(quota.longest()),
            alone: AtomicBool::new(false),
        })))
    }

    /// Takes so much, if it is there.
    pub(crate) async fn reserve(&self, context: &RequestContext, cost: u64) -> Result<Reserved, Refused> {
        let account = self.account(context)?;
        let requested = cost.max(1);
        if requested > account.plan.limit {
            let (level, local) = self.level(&account, 0, 0).await;
            return Err(account.too_much(requested, level, local));
        }
        let (level, local) = self.level(&account, requested, 0).await;
        let outcome = if level.taken { "granted" } else { "refused" };
        let bucket = match (local, &self.0.shared) {
            (true, _) => "local",
            (false, Some(_)) => "redis",
            (false, None) => "memory",
        };
        metrics().quota(&self.0.service, outcome, bucket);
        if !level.taken {
            return Err(account.not_now(requested, level, local));
        }
        Ok(Reserved { quota: self.clone(), account, requested, level, local })
    }

    /// What it would cost; nothing is taken.
    pub(crate) async fn price(&self, context: &RequestContext, cost: u64) -> Result<Cost, Refused> {
        let account = self.account(context)?;
        let (level, local) = self.level(&account, 0, 0).await;
        Ok(Cost { requested: cost.max(1), actual: 0, standing: account.standing(level, local) })
    }

    fn account(&self, context: &RequestContext) -> Result<Account, Refused> {
        let QuotaSettings { default, anonymous, .. } = &self.0.settings;
        let caller = context.caller();
        let client = Client::of(caller, context.asker());
        let plan = if caller.is_signed_in() {
            caller.plan().and_then(|plan| self.0.plans.get(plan)).or_else(|| self.0.plans.get(default))
        } else {
            self.0.plans.get(anonymous)
        };
        plan.map(|plan| Account { client, plan: Arc::clone(plan) }).ok_or_else(|| Refused {
            fault: if caller.is_signed_in() {
                Fault::forbidden("The plan of this credential gives no quota here.")
            } else {
                Fault::new(Code::Unauthenticated, "Ask with a key or a token: without one there is no quota.")
            },
            cost: None,
        })
    }

    /// Gives back, then takes if there is enough: the bucket after that, and whether it was the replica's own.
    async fn level(&self, account: &Account, take: u64, back: u64) -> (Level, bool) {
        let Some((redis, script)) = &self.0.shared else {
            return (
                self.0.local.level(&account.client, &account.plan, account.plan.limit, take, back),
                false,
            );
        };
        match self.shared(redis, script, account, take, back).await {
            Ok(level) => {
                if self.0.alone.swap(false, Relaxed) {
                    tracing::info!("the quota is shared again");
                }
                (level, false)
            }
            Err(error) => {
                if !self.0.alone.swap(true, Relaxed) {
                    tracing::warn!(
                        error = %error,
                        quota.replicas = self.0.settings.replicas,
                        "Redis is gone: this replica gives its own share of the quota"
                    );
                }
                (self.own_share(account, take, back), true)
            }
        }
    }

    fn own_share(&self, account: &Account, take: u64, back: u64) -> Level {
        let share = (account.plan.limit / u64::from(self.0.settings.replicas)).max(1);
        self.0.local.level(&account.client, &account.plan, share, take, back)
    }

    async fn shared(
        &self,
        redis: &Redis,
        script: &Script,
        account: &Account,
        take: u64,
        back: u64,
    ) -> Result<Level, Unavailable> {
        let Plan { name, limit, window_ms } = &*account.plan;
        let key = redis.key(&format!("quota:{name}:{}", account.client));
        let mut invocation = script.prepare_invoke();
        invocation.key(key).arg(*limit).arg(*window_ms).arg(take).arg(back);
        let (taken, debt): (bool, u64) =
            redis.run(|mut connection| async move { invocation.invoke_async(&mut connection).await }).await?;
        Ok(account.plan.level(*limit, debt, taken))
    }
}

impl Account {
    fn standing(&self, level: Level, local: bool) -> Standing {
        let now = SystemTime::now();
        Standing {
            plan: self.plan.name.clone(),
            window: Duration::from_millis(self.plan.window_ms),
            limit: level.limit,
            remaining: level.remaining,
            reset_at: now + level.whole_in,
            reset_in: level.whole_in,
            local,
        }
    }

    /// It would never fit.
    fn too_much(&self, requested: u64, level: Level, local: bool) -> Refused {
        let Plan { name, limit, .. } = &*self.plan;
        let message = format!(
            "This operation may cost {requested}, more than the {limit} that the plan \"{name}\" has at once. Ask for \
             fewer fields, or for shorter lists with a smaller `first`."
        );
        Refused {
            fault: Fault::new(Code::CostLimitExceeded, message),
            cost: Some(Box::new(Cost { requested, actual: 0, standing: self.standing(level, local) })),
        }
    }

    /// It would fit later.
    fn not_now(&self, requested: u64, level: Level, local: bool) -> Refused {
        let wait = level.wait_for(requested, &self.plan);
        let fault = Fault::new(
            Code::RateLimited,
            format!(
                "This operation may cost {requested}, and {} of {} are left: ask for less, or later.",
                level.remaining, level.limit
            ),
        );
        Refused {
            fault: fault.after(wait),
            cost: Some(Box::new(Cost { requested, actual: 0, standing: self.standing(level, local) })),
        }
    }
}

impl Reserved {
    /// Where the client stands now.
    pub fn standing(&self) -> Standing {
        self.account.standing(self.level, self.local)
    }

    /// Gives back what was not needed. Whoever does not come here, because its client has left, has used all of it.
    pub async fn settle(self, touched: u64) -> Cost {
        let Self { quota, account, requested, mut level, mut local } = self;
        let actual = touched.clamp(1, requested);
        let back = requested - actual;
        if back > 0 {
            if local {
                level = quota.own_share(&account, 0, back);
            } else {
                let settled;
                (settled, local) =
                    quota.level_of_the_same(&account, back).await.map_or((level, true), |it| (it, false));
                level = settled;
            }
        }
        Cost { requested, actual, standing: account.standing(level, local) }
    }
}

impl Quota {
    /// Gives back to where it was taken from, and nowhere else.
    async fn level_of_the_same(&self, account: &Account, back: u64) -> Option<Level> {
        match &self.0.shared {
            None => Some(self.0.local.level(&account.client, &account.plan, account.plan.limit, 0, back)),
            Some((redis, script)) => self.shared(redis, script, account, 0, back).await.ok(),
        }
    }
}
