//! Between HTTP and the executor: documents, operations, answers, subscriptions, the page to explore with.

mod answer;
mod bff;
mod document;
mod engine;
mod graphiql;
mod guard;
mod http;
mod operation;
mod rounds;
mod sharing;
mod socket;

pub use self::bff::{Bff, serve};
pub use answer::{Answer, Verdict};
pub use engine::{Engine, Only, SchemaError};
pub use operation::GraphqlRequest;
