//! What is left of a partner's quota, as a part of the answer.

use async_graphql::{Context, Object};
use bff::{ContextExt, entity};

use crate::scalars::DateTime;

/// What is left of the quota that this request is counted against.
#[entity(local)]
pub struct RateLimit {
    /// What the quota is called.
    plan: String,
    /// What there is when nothing has been used for a while.
    limit: i32,
    /// What there is now, with all taken that this operation may cost. What it does not touch is given back at its end.
    remaining: i32,
    /// When all of it is there again, if nothing more is asked.
    reset_at: DateTime,
    /// What this operation may cost: 1 for each object that it asks for.
    cost: i32,
}

#[derive(Default)]
pub struct RateLimitRoots;

#[Object]
impl RateLimitRoots {
    /// What is left of the quota; null where there is none.
    async fn rate_limit(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<RateLimit>> {
        let number = |number: u64| i32::try_from(number).unwrap_or(i32::MAX);
        Ok(ctx.request()?.rate_limit().map(|(cost, standing)| RateLimit {
            limit: number(standing.limit),
            remaining: number(standing.remaining),
            reset_at: DateTime::at(standing.reset_at),
            cost: number(cost),
            plan: standing.plan,
        }))
    }
}
