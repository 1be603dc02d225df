//! Identical public operations: which share an execution and its bytes, which never do.

mod deadlines;
mod in_flight;
mod kept;
mod private;
mod world;
