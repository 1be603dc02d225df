//! The chassis of a REST microservice: SQLite, problems, pages, fieldsets, ETags, idempotency, event streams, imports.
//!
//! A service is a declaration: its name, port, migrations, OpenAPI document and routes ([`Service`]). Its handlers take
//! [`Query`], [`Json`], [`Path`] and [`Write`], return [`Problem`]s with `?`, and answer with [`rows`], [`rows_by_key`],
//! [`Page::answer`] or [`Write`]'s [`Outcome`]. No business noun in here.

mod answer;
mod caching;
mod caller;
mod command_line;
mod db;
mod events;
mod extract;
mod fields;
mod import;
mod openapi;
mod params;
mod problem;
mod query;
mod service;
mod time;
mod write;

pub use answer::{Collection, Page, json, row, rows, rows_by_key};
pub use bff::config::Section;
pub use caching::{Caching, cached, check_if_match, version_etag};
pub use caller::{Asking, Caller, Known, UserId};
pub use command_line::main;
pub use db::{Db, Durability, OpenError, now_ms};
pub use events::{LastEventId, stream_events};
pub use extract::{Json, Path};
pub use fields::Fields;
pub use import::{Import, ImportError, LineError, import_files};
pub use params::{Cursor, Ids, Limit, MAX_IDS, is_id};
pub use problem::{FieldError, Problem};
pub use query::Query;
pub use service::{BoxError, Context, NoConfig, Routes, Running, Service, Settings, StartError};
pub use time::Time;
pub use write::{Early, Outcome, Write, WriteTx};
