//! Operations on their clients' accounts: reserved before they run, settled when they have.

use super::{
    answer::{self, Answer},
    engine::{Engine, Ready, note_waves},
};
use crate::quota::{Quota, RateHeaders, Refused};

impl Engine {
    /// Runs an operation, if its client can pay for it; or says what it would cost, if that is all that is asked.
    pub(super) async fn metered(&self, quota: &Quota, ready: &Ready) -> Answer {
        let operation = ready.operation();
        let (context, price) = (ready.context(), operation.cost.with(&ready.variables));
        if context.asker().only_price {
            return match quota.price(context, price).await {
                Ok(cost) => answer::priced(&cost),
                Err(refused) => answer::unaffordable(&refused),
            };
        }
        let reserved = match quota.reserve(context, price).await {
            Ok(reserved) => reserved,
            Err(refused) => return answer::unaffordable(&refused),
        };
        context.reserved(price, reserved.standing());
        let ran = self.roots(ready, None).await;
        note_waves(ready.stats());
        let mut touched = ready.stats().touched();
        if operation.cost.is_weighed() {
            touched = touched.saturating_add(operation.operation.leaves_cost(&ready.variables));
        }
        let cost = reserved.settle(touched).await;
        let rate = RateHeaders { standing: cost.standing.clone(), retry_after: None };
        ready.stats().settled(cost);
        let mut answer = answer::executed(&operation.operation, &ready.variables, ran, ready.stats());
        answer.rate = Some(Box::new(rate));
        answer
    }

    /// Takes what an event of a subscription may cost; nothing of it is given back.
    pub(super) async fn charged(&self, quota: &Quota, ready: &Ready) -> Result<(), Refused> {
        quota.reserve(ready.context(), ready.operation().cost.with(&ready.variables)).await.map(drop)
    }
}
