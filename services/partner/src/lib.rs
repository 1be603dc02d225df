//! The catalogue for other companies: public facts only, opaque global ids, Relay connections, codes of the trade.
//!
//! Nothing here is about a user. Partners build against this schema for years: fields are added freely, and what is
//! to go is deprecated with a date long before.

mod album;
mod artist;
mod chart;
mod genre;
mod global_id;
mod image;
mod node;
mod rate_limit;
mod scalars;
mod schema;
mod track;
mod upstreams;

use async_graphql::{EmptyMutation, EmptySubscription};
use bff::Bff;

/// The partner BFF. Its schema is published, so introspection answers in every profile.
pub fn bff() -> Bff {
    Bff::new("partner", include_str!("../partner.toml"))
        .upstreams(&[upstreams::CATALOG])
        .example(include_str!("../example.graphql"))
        .public_schema()
        .schema(schema::Query::default(), EmptyMutation, EmptySubscription)
}
