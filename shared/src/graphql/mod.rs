//! Between HTTP and the executor: documents, operations, answers, subscriptions, the page to explore with.

mod answer;
mod bff;
pub(crate) mod clients;
mod declared;
mod document;
mod engine;
mod fair;
mod gates;
mod graphiql;
mod guard;
mod http;
mod incremental;
mod metered;
mod nested;
mod operation;
mod persisted;
mod places;
mod roots;
mod rounds;
mod run;
mod sharing;
mod socket;
mod sse;
mod trusted;
mod variables;

pub use self::bff::{Bff, serve};
pub use answer::{Answer, Verdict};
pub use declared::SchemaError;
pub use engine::Engine;
pub use gates::Since;
pub(crate) use guard::Tag;
pub(crate) use http::forged;
pub use incremental::Deferrable;
pub use operation::GraphqlRequest;
pub use roots::Only;
pub use trusted::manifest;
