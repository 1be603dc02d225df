//! How `#[entity]` and `#[edges]` learn what kind a type is without being told: by which method fits (the technique
//! is known as autoref specialisation). For the macros alone.

use super::{
    Args, Asking, Bubble, Edges, Field, Leaf, Nested, Out, Path, plan::LeafFn, type_info::ObjectInfo,
};
use crate::request::RequestContext;
use std::marker::PhantomData;

/// Stands for a type.
pub struct Probe<T>(PhantomData<fn() -> T>);

impl<T> Probe<T> {
    /// Stands for a type.
    pub const NEW: Self = Self(PhantomData);
}

/// A struct field that is a leaf.
pub trait LeafField<T> {
    /// Writes it.
    fn put(&self, value: &T, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble>;
    /// Its table entry.
    fn field<R: Sync + 'static>(&self, put: LeafFn<R>, get: fn(&R) -> &T) -> Field<R>;
}
impl<T: Leaf> LeafField<T> for Probe<T> {
    #[inline]
    fn put(&self, value: &T, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
        value.put(out, path)
    }
    fn field<R: Sync + 'static>(&self, put: LeafFn<R>, _: fn(&R) -> &T) -> Field<R> {
        Field::leaf::<T>(put)
    }
}

/// A struct field with fields of its own.
pub trait NestedField<T> {
    /// Never called: such a field is no leaf.
    fn put(&self, value: &T, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble>;
    /// Its table entry.
    fn field<R: Sync + 'static>(&self, put: LeafFn<R>, get: fn(&R) -> &T) -> Field<R>;
}
impl<T: Nested> NestedField<T> for &Probe<T> {
    fn put(&self, _: &T, _: &mut Out, _: &Path<'_>) -> Result<(), Bubble> {
        Err(Bubble)
    }
    fn field<R: Sync + 'static>(&self, _: LeafFn<R>, get: fn(&R) -> &T) -> Field<R> {
        Field::nested(get)
    }
}

/// Stands for what a function of a row returns.
pub struct Returns<R, A, I>(pub fn(&R, &A, &RequestContext) -> I);

/// A function that returns a leaf.
pub trait Computes<R> {
    /// Its table entry.
    fn field(&self) -> Field<R>;
}
impl<R: Sync + 'static, A: Args, V: Leaf + 'static> Computes<R> for Returns<R, A, V> {
    fn field(&self) -> Field<R> {
        Field::computed(self.0)
    }
}

/// A function that returns something to ask.
pub trait AsksFor<R> {
    /// Its table entry.
    fn field(&self) -> Field<R>;
}
impl<R: Sync + 'static, A: Args, I: Asking> AsksFor<R> for &Returns<R, A, I> {
    fn field(&self) -> Field<R> {
        Field::edge(self.0)
    }
}

/// A type with an `#[edges]` block.
pub trait HasEdges<T> {
    /// Its edge of that name.
    fn edge(&self, name: &str) -> Option<Field<T>>;
    /// Describes all.
    fn describe(&self, object: &mut ObjectInfo<'_>);
}
impl<T: Edges> HasEdges<T> for Probe<T> {
    fn edge(&self, name: &str) -> Option<Field<T>> {
        T::edge(name)
    }
    fn describe(&self, object: &mut ObjectInfo<'_>) {
        T::describe(object);
    }
}

/// A type without one.
pub trait HasNoEdges<T> {
    /// None.
    fn edge(&self, name: &str) -> Option<Field<T>>;
    /// Nothing.
    fn describe(&self, object: &mut ObjectInfo<'_>);
}
impl<T> HasNoEdges<T> for &Probe<T> {
    fn edge(&self, _: &str) -> Option<Field<T>> {
        None
    }
    fn describe(&self, _: &mut ObjectInfo<'_>) {}
}
