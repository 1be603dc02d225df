//! `@defer`: what a document puts off is gathered and written after the answer that it was put off from.
//!
//! A document is cut once per assignment of its conditions ([`Cutting`]): each object's plan keeps the fields that
//! belong to it, and the others become **parts**, one for each set of deferred fragments that their fields wait for
//! ([`Cut`]). Writing an object notes where it stands; later its parts are gathered, for all rows of a level at once and
//! over the same loader, and [`Delivery`] settles which fragment is complete when, and what is told of it.

mod cut;
mod cutting;
mod delivery;
mod owed;
mod root;

pub(super) use self::{
    cut::{Cut, compile_cut, next_serial},
    root::{Root, resolve},
};
pub(crate) use self::{
    cut::{CutAt, Shown},
    cutting::{Cutting, Form, SetId},
    delivery::{Begun, Delivery, PutOff, Settled},
    owed::{Completed, Delivered, Payload, Promised},
};
pub use self::{
    cut::{Deferred, deferred_object},
    cutting::Usage,
};
