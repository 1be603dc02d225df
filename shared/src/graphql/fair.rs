//! A cache that no one client can fill: what it brings beyond its share takes the place of what it brought before.
//!
//! What others have asked for too, or what is asked for again, is not there for one client alone, and stays. In all, what
//! is seen once does not push out what is seen often: a newcomer gets in over the least used only if it was asked for more
//! often (TinyLFU).

use moka::sync::Cache;
use parking_lot::Mutex;
use std::{
    collections::VecDeque,
    hash::{BuildHasher, Hash, RandomState},
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc, Weak,
        atomic::{
            AtomicBool, AtomicUsize,
            Ordering::{Relaxed, Release},
        },
    },
};

/// Clients share so many shares, whoever they are: addresses are free to whoever wants many.
const SHARES: usize = 256;

/// How many of a client's are spared at a time for having been asked for again.
const SPARED: usize = 16;

/// In nobody's share: several clients have asked for it.
const COMMON: usize = usize::MAX;

pub struct Fair<K, V> {
    kept: Cache<K, Arc<Kept<K, V>>>,
    shares: Box<[Mutex<Share<K, V>>]>,
    /// What one share may hold.
    share_bytes: u64,
    hasher: RandomState,
}

struct Kept<K, V> {
    key: K,
    value: V,
    bytes: u32,
    /// In whose share it is.
    owner: AtomicUsize,
    /// Somebody has asked for it since it was last looked at.
    asked: AtomicBool,
}

struct Share<K, V> {
    /// What its clients brought, the oldest first; some of it is gone.
    brought: VecDeque<(Weak<Kept<K, V>>, u32)>,
    bytes: u64,
}

impl<K: Hash + Eq + Clone + Send + Sync + 'static, V: Clone + Send + Sync + 'static> Fair<K, V> {
    /// With room for so many bytes, half of which one client may take.
    pub fn new(bytes: u64) -> Self {
        let weigh = |_: &K, kept: &Arc<Kept<K, V>>| kept.bytes;
        Self {
            kept: Cache::builder().max_capacity(bytes).weigher(weigh).build(),
            shares: (0..SHARES).map(|_| Mutex::default()).collect(),
            share_bytes: bytes / 2,
            hasher: RandomState::new(),
        }
    }

    /// What is kept under a key, for a client at this address.
    pub fn get<B>(&self, key: &B, client: IpAddr) -> Option<V>
    where
        K: std::borrow::Borrow<B>,
        B: Hash + Eq + ?Sized,
    {
        let kept = self.kept.get(key)?;
        let owner = kept.owner.load(Relaxed);
        if owner != COMMON {
            if owner != self.share_of(client) {
                kept.owner.store(COMMON, Relaxed);
            } else if !kept.asked.load(Relaxed) {
                kept.asked.store(true, Release);
            }
        }
        Some(kept.value.clone())
    }

    /// Keeps what a client at this address has brought, if there is room for it; `bytes` is what it takes, about.
    pub fn keep(&self, key: K, value: V, bytes: usize, client: IpAddr) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let nth = self.share_of(client);
        let (owner, asked) = (AtomicUsize::new(nth), AtomicBool::new(false));
        let kept = Arc::new(Kept { key: key.clone(), value, bytes, owner, asked });
        let held = (Arc::downgrade(&kept), bytes);
        self.kept.insert(key, kept);
        if let Some(share) = self.shares.get(nth) {
            for given_up in share.lock().hold(held, self.share_bytes) {
                self.kept.invalidate(&given_up.key);
            }
        }
    }

    fn share_of(&self, client: IpAddr) -> usize {
        let household = match client.to_canonical() {
            // A customer has a network of 64 bits at least.
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
            v4 => v4,
        };
        usize::try_from(self.hasher.hash_one(household) % SHARES as u64).unwrap_or(0)
    }

    /// Bytes of all, after what is due has been cleared away.
    pub fn bytes(&self) -> u64 {
        self.kept.run_pending_tasks();
        self.kept.weighted_size()
    }
}

impl<K, V> Share<K, V> {
    /// One more, and what it takes the place of.
    fn hold(&mut self, held: (Weak<Kept<K, V>>, u32), most: u64) -> Vec<Arc<Kept<K, V>>> {
        self.bytes += u64::from(held.1);
        self.brought.push_back(held);
        let (mut given_up, mut spared) = (Vec::new(), 0);
        while self.bytes > most
            && let Some((oldest, bytes)) = self.brought.pop_front()
        {
            let there = oldest.upgrade().filter(|kept| kept.owner.load(Relaxed) != COMMON);
            if let Some(kept) = there {
                if spared < SPARED && kept.asked.swap(false, Relaxed) {
                    spared += 1;
                    self.brought.push_back((oldest, bytes));
                    continue;
                }
                given_up.push(kept);
            }
            self.bytes -= u64::from(bytes);
        }
        given_up
    }
}

impl<K, V> Default for Share<K, V> {
    fn default() -> Self {
        Self { brought: VecDeque::new(), bytes: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    /// Another client, whose share is another.
    fn elsewhere(cache: &Fair<Arc<str>, u32>) -> IpAddr {
        let others = (1..=255).map(|n| IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, n)));
        others.into_iter().find(|other| cache.share_of(*other) != cache.share_of(HERE)).unwrap()
    }

    fn ask(cache: &Fair<Arc<str>, u32>, key: &str, client: IpAddr) -> bool {
        let there = cache.get(key, client).is_some();
        if !there {
            cache.keep(key.into(), 0, 1_000, client);
        }
        there
    }

    #[test]
    fn a_flood_of_one_client_takes_its_own_place_however_often_each_is_asked_for() {
        let cache = Fair::new(1_000_000);
        let other = elsewhere(&cache);
        assert!(!ask(&cache, "now and then", other));
        for n in 0..20_000 {
            for _ in 0..4 {
                ask(&cache, &format!("flood {n}"), HERE);
            }
            if n % 5_000 == 4_999 {
                assert!(ask(&cache, "now and then", other), "after {n}");
            }
        }
        assert!((400_000..=520_000).contains(&cache.bytes()), "{}", cache.bytes());
    }

    #[test]
    fn what_is_asked_for_again_outlives_what_is_not_and_is_given_up_when_it_is_not_any_more() {
        let cache = Fair::new(100_000);
        assert!(!ask(&cache, "again", HERE));
        for n in 0..500 {
            ask(&cache, &format!("once {n}"), HERE);
            assert!(ask(&cache, "again", HERE), "after {n}");
        }
        for n in 500..1_000 {
            ask(&cache, &format!("once {n}"), HERE);
        }
        assert!(cache.get("again", HERE).is_none());
    }

    #[test]
    fn what_a_second_client_asks_for_is_in_nobodys_share() {
        let cache = Fair::new(1_000_000);
        let other = elsewhere(&cache);
        ask(&cache, "of both", HERE);
        assert!(ask(&cache, "of both", other));
        for n in 0..5_000 {
            ask(&cache, &format!("flood {n}"), HERE);
        }
        assert!(cache.get("of both", other).is_some());
    }

    #[test]
    fn what_is_gone_is_not_remembered() {
        let cache = Fair::new(100_000);
        for n in 0..5_000 {
            ask(&cache, &format!("flood {n}"), HERE);
        }
        let share = cache.shares[cache.share_of(HERE)].lock();
        assert!(
            share.brought.len() <= 50 && share.bytes <= 50_000,
            "{} {}",
            share.brought.len(),
            share.bytes
        );
    }
}
