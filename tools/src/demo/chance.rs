//! Chance that is the same on every platform: a ChaCha stream and integer arithmetic.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// A stream of chance for one part of the world, so that a change in one part leaves the others' bytes alone.
pub struct Chance(ChaCha8Rng);

impl Chance {
    pub fn of(part: &str) -> Self {
        let mut seed = *b"bespoke demo world, version one.";
        for (index, byte) in part.bytes().enumerate() {
            let slot = &mut seed[index % 32];
            *slot = slot.wrapping_mul(31).wrapping_add(byte);
        }
        Self(ChaCha8Rng::from_seed(seed))
    }

    /// Uniform in `0..end`; 0 when `end` is 0. The bias of the multiplication is below 2⁻³² and of no interest here.
    pub fn below(&mut self, end: u32) -> u32 {
        ((u64::from(self.0.next_u32()) * u64::from(end)) >> 32) as u32
    }

    /// Uniform in `low..=high`.
    pub fn within(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high.saturating_sub(low).saturating_add(1))
    }

    /// True `percent` times out of a hundred.
    pub fn percent(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len() as u32) as usize]
    }

    /// A rank in `0..count`, by Zipf's law with exponent 1: rank r about as often as 1/(r+1).
    ///
    /// Every octave of ranks is equally likely and ranks are uniform within their octave, which is the law in steps.
    pub fn zipf(&mut self, count: u32) -> u32 {
        let octaves = 32 - count.leading_zeros();
        loop {
            let start = 1_u32 << self.below(octaves);
            let rank = start - 1 + self.below(start);
            if rank < count {
                return rank;
            }
        }
    }
}
