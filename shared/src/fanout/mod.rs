//! The fan-out executor: one query becomes few REST calls, and one JSON text.
//!
//! A root returns an [`Ask`] (or a [`Have`]); everything below it is executed here in two phases. **Gather** goes
//! down the compiled plan a level at a time and asks the questions of a whole level in batches; **write** then
//! emits the JSON once, in document order, with nulls propagated as the specification says (§6.4.4).

mod account;
mod arena;
mod ask;
mod ask_each;
pub mod by_hand;
mod complete;
mod compose;
pub mod connection;
mod defer;
mod depart;
mod error;
mod execution;
mod fence;
mod flight;
mod gather;
mod in_place;
mod kept;
mod key;
mod leaf;
mod loader;
mod node;
mod operation;
mod page;
pub mod plan;
mod policy;
mod pool;
mod question;
mod root;
mod row;
mod shape;
mod sharing;
mod strictest;
pub(crate) mod text;
pub mod type_info;
pub mod url;
mod view;
mod write;

pub(crate) use account::Fanout;
pub use account::Place;
pub use arena::Arena;
pub use ask::{Ask, Asking, Have, IntoAsk};
pub use ask_each::AskEach;
pub(crate) use complete::{Completing, Type, raw as raw_text};
pub use compose::{Join, Just, Step, Then, Told};
pub use connection::{Connection, Paged};
pub(crate) use defer::{
    Begun, Completed, CutAt, Cutting, Delivered, Delivery, Form, Payload, Promised, PutOff, SetId, Settled,
    Shown, Usage,
};
pub use defer::{Deferred, deferred_object};
pub use error::{Code, Fault};
pub(crate) use execution::Execution;
pub use gather::{Cx, Gathering, Level, Node, gather_object};
pub use in_place::InPlace;
pub use key::{AsKey, Key};
pub use leaf::Leaf;
pub use loader::{Loader, Stats};
pub(crate) use node::valued;
pub use node::{Args, Arguments};
pub(crate) use operation::{Operation, RootField};
pub use page::{Page, grouped};
pub use plan::FieldGuard;
pub use plan::{Compiler, Field, Merged, ObjectPlan, compile_object};
pub(crate) use policy::DegradedAt;
pub use question::{Call, Question, Scope};
#[doc(hidden)]
pub use root::resolve_row;
pub(crate) use root::{FAILED_ROOT, RAW, raw_value};
pub use row::{Edges, Entity, Nested, Row};
pub use shape::{Many, ManyMaybe, Maybe, One, OptionalMany, OptionalManyMaybe, Shape};
pub use sharing::Sharing;
pub use strictest::Keep;
pub(crate) use strictest::Strictest;
pub use text::Text;
pub use url::{Param, UrlBuilder};
pub(crate) use view::{Renaming, View, named};
pub use write::{Bubble, Out, Path, Written, write_object};

#[doc(hidden)]
pub mod probe;
