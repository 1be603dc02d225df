//! Identical public operations: which share an execution and its bytes, which never do.

mod by_get;
mod deadlines;
mod in_flight;
mod kept;
mod places;
mod private;
pub mod world;
