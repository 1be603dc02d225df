//! Where the pages of a request live until its answer is written.

use std::{
    any::Any,
    sync::{Arc, OnceLock},
};

/// Keeps answered pages, so that rows can be borrowed as long as the request needs them: no `Arc` per row.
#[derive(Default)]
pub struct Arena {
    first: OnceLock<Box<Kept>>,
}

struct Kept {
    value: Arc<dyn Any + Send + Sync>,
    next: Arena,
}

impl Arena {
    /// Keeps `value` until the arena goes, and lends it for as long.
    pub fn keep<T: Send + Sync + 'static>(&self, value: Arc<T>) -> &T {
        let mut kept = Box::new(Kept { value, next: Arena::default() });
        let mut at = self;
        loop {
            at = match at.first.get() {
                Some(taken) => &taken.next,
                None => match at.first.set(kept) {
                    Ok(()) => break,
                    // Somebody was first: go behind it.
                    Err(back) => {
                        kept = back;
                        continue;
                    }
                },
            };
        }
        // What was set just now has the type it was made of.
        let stored = at.first.get().and_then(|kept| kept.value.downcast_ref());
        #[expect(clippy::expect_used, reason = "the value was put here four lines up, with this type")]
        stored.expect("what was kept is kept")
    }
}

impl Drop for Arena {
    /// A long chain must not be dropped by recursion.
    fn drop(&mut self) {
        let mut next = self.first.take();
        while let Some(mut kept) = next {
            next = kept.next.first.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lends_what_it_keeps_and_drops_a_long_chain() {
        let arena = Arena::default();
        let (a, b) = (arena.keep(Arc::new(1u8)), arena.keep(Arc::new(String::from("two"))));
        assert_eq!((*a, b.as_str()), (1, "two"));
        let chain = Arena::default();
        for n in 0..2_000u32 {
            chain.keep(Arc::new(n));
        }
        drop(chain);
    }
}
