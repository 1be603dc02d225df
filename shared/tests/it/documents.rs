//! What a document may ask for, seen through the front door: limits, what is hostile, introspection, cost.

mod costs;
mod flooding;
mod hostile;
mod introspection;
mod limits;
mod scalars;
mod world;
