//! A fence around what teams wrote about a row: where it panics, that field of that row fails, and nothing else. The panic has
//! been logged where it happened.

use super::Fault;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A field that panics for so many rows of one level is a fault of its own, not of these rows: it fails for all others, too.
pub(super) const MANY: usize = 16;

/// Runs it. A panic is a fault that tells nothing.
pub(super) fn fenced<T>(run: impl FnOnce() -> T) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|_| Fault::internal())
}

/// Runs it for all of them, within one fence, which is put up again behind each that panics: what came of the others, in their
/// order, and the places of those that failed.
pub(super) fn each<T, U>(items: &[T], run: impl Fn(&T) -> U) -> (Vec<U>, Vec<usize>) {
    let (mut done, mut failed) = (Vec::with_capacity(items.len()), Vec::new());
    loop {
        let rest = items.iter().skip(done.len() + failed.len());
        if fenced(|| rest.for_each(|item| done.push(run(item)))).is_ok() {
            return (done, failed);
        }
        failed.push(done.len() + failed.len());
        if failed.len() == MANY {
            failed.extend(done.len() + failed.len()..items.len());
            return (done, failed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_others_are_run_and_keep_their_order() {
        let odd = |n: &usize| if n % 2 == 1 { panic!("odd") } else { *n };
        assert_eq!(each(&[0, 1, 2, 3, 4], odd), (vec![0, 2, 4], vec![1, 3]));
        assert_eq!(each(&[1], odd), (vec![], vec![0]));
        assert_eq!(each(&[], odd), (vec![], vec![]));
    }

    #[test]
    fn what_panics_again_and_again_is_not_run_for_everybody() {
        let (done, failed) = each(&[(); 1_000], |()| panic!("always"));
        assert_eq!((done, failed), (Vec::<()>::new(), (0..1_000).collect()));
        let runs = std::cell::Cell::new(0);
        each(&[(); 1_000], |()| {
            runs.set(runs.get() + 1);
            panic!("always")
        });
        assert_eq!(runs.get(), MANY);
    }
}
