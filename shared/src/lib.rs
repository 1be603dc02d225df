//! The platform under every backend for frontends: serving, configuration, telemetry, tokens, upstream calls and
//! the fan-out executor; mechanism only.

pub mod app;
pub mod auth;
pub mod code;
pub mod config;
pub mod fanout;
pub mod graphql;
pub mod quota;
pub mod redis;
pub mod request;
pub mod telemetry;
pub mod upstream;

#[doc(hidden)]
pub use async_graphql;
pub use auth::Caller;
pub use bff_macros::{edges, entity, question};
pub use fanout::{
    Ask, AskEach, Code, Connection, Fault, Have, IntoAsk, Leaf, Many, ManyMaybe, Maybe, One, OptionalMany,
    OptionalManyMaybe, Scope, Text, Then, Told, connection::First,
};
pub use graphql::{Bff, Deferrable, Since, serve};
pub use request::{ContextExt, RequestContext};
#[doc(hidden)]
pub use serde;
pub use upstream::Upstream;
