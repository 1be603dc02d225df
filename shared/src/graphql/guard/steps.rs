//! How much the guard does, counted where it does it: in tests alone, which hold it against the length of the document.

#[cfg(test)]
use std::cell::Cell;

#[cfg(test)]
thread_local! {
    static TAKEN: Cell<u64> = const { Cell::new(0) };
}

/// So many steps are taken.
#[cfg_attr(not(test), expect(unused_variables, reason = "counted in tests"))]
#[inline]
pub fn take(steps: usize) {
    #[cfg(test)]
    TAKEN.with(|taken| taken.set(taken.get() + steps as u64));
}

/// What comes of some work, and the steps that it took.
#[cfg(test)]
pub fn counted<T>(work: impl FnOnce() -> T) -> (T, u64) {
    TAKEN.with(|taken| taken.set(0));
    let outcome = work();
    (outcome, TAKEN.with(Cell::get))
}
