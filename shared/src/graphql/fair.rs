//! A cache that no one client can fill: what it asks for beyond its share takes the place of what it asked for before.
//!
//! What several ask for is in the share of each, and stays for as long as one of them has it there; what as many ask for as
//! an attacker hardly has addresses is in nobody's share. What is asked for again outlives what is not. In all, what is seen
//! once does not push out what is seen often: a newcomer gets in over the least used only if it was asked for more often
//! (TinyLFU).
//!
//! So who has three addresses takes three quarters at most, whether or not all ask for the same. Who has more may take it all,
//! but only from documents that are asked for less often than the attacker asks for its own.

use moka::sync::Cache;
use parking_lot::Mutex;
use std::{
    collections::VecDeque,
    hash::{BuildHasher, Hash, RandomState},
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc, Weak,
        atomic::{
            AtomicBool, AtomicU16,
            Ordering::{Relaxed, Release},
        },
    },
};

/// Clients share so many shares, whoever they are: addresses are free to whoever wants many.
const SHARES: u16 = 256;

/// Of all bytes, a share may hold one of so many parts.
const PARTS: u64 = 4;

/// How many of a client's are spared at a time for having been asked for again.
const SPARED: usize = 16;

/// What is in so many shares is in none any more.
const HOLDERS: usize = 8;

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
    /// In whose shares it is, numbered from 1; 0: a free place.
    holders: [AtomicU16; HOLDERS],
    /// Somebody has asked for it since it was last looked at.
    asked: AtomicBool,
}

/// Where something is that a client asks for.
#[derive(PartialEq, Eq)]
enum Held {
    /// In its share.
    Already,
    /// From now on in its share, too.
    Now,
    /// Everybody's.
    InNone,
}

impl<K, V> Kept<K, V> {
    fn hold(&self, share: u16) -> Held {
        for place in &self.holders {
            let holder = match place.load(Relaxed) {
                0 => place.compare_exchange(0, share + 1, Relaxed, Relaxed).map_or_else(|other| other, |_| 0),
                holder => holder,
            };
            match holder {
                0 => return Held::Now,
                holder if holder == share + 1 => return Held::Already,
                _ => {}
            }
        }
        Held::InNone
    }

    fn is_everybodys(&self) -> bool {
        self.holders.iter().all(|place| place.load(Relaxed) != 0)
    }

    /// Whether it is in nobody's share then.
    fn let_go(&self, share: u16) -> bool {
        let mut others = false;
        for place in &self.holders {
            match place.load(Relaxed) {
                0 => {}
                holder if holder == share + 1 => place.store(0, Relaxed),
                _ => others = true,
            }
        }
        !others
    }
}

struct Share<K, V> {
    /// What its clients asked for, the oldest first; some of it is gone.
    brought: VecDeque<(Weak<Kept<K, V>>, u32)>,
    bytes: u64,
}

impl<K: Hash + Eq + Clone + Send + Sync + 'static, V: Clone + Send + Sync + 'static> Fair<K, V> {
    /// With room for so many bytes, a quarter of which one client may take.
    pub fn new(bytes: u64) -> Self {
        let weigh = |_: &K, kept: &Arc<Kept<K, V>>| kept.bytes;
        Self {
            kept: Cache::builder().max_capacity(bytes).weigher(weigh).build(),
            shares: (0..SHARES).map(|_| Mutex::default()).collect(),
            share_bytes: bytes / PARTS,
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
        let share = self.share_of(client);
        match kept.hold(share) {
            Held::Already if kept.asked.load(Relaxed) => {}
            Held::Already => kept.asked.store(true, Release),
            Held::Now => self.hold(&kept, share),
            Held::InNone => {}
        }
        Some(kept.value.clone())
    }

    /// Keeps what a client at this address has brought, if there is room for it; `bytes` is what it takes, about.
    pub fn keep(&self, key: K, value: V, bytes: usize, client: IpAddr) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let (holders, asked) = (Default::default(), AtomicBool::new(false));
        let kept = Arc::new(Kept { key: key.clone(), value, bytes, holders, asked });
        let share = self.share_of(client);
        kept.hold(share);
        self.kept.insert(key, kept.clone());
        self.hold(&kept, share);
    }

    /// One more in this share, in place of what it held before.
    fn hold(&self, kept: &Arc<Kept<K, V>>, nth: u16) {
        let Some(share) = self.shares.get(usize::from(nth)) else { return };
        let held = (Arc::downgrade(kept), kept.bytes);
        let given_up = share.lock().hold(held, self.share_bytes);
        for given_up in given_up.into_iter().filter(|given_up| given_up.let_go(nth)) {
            self.kept.invalidate(&given_up.key);
        }
    }

    fn share_of(&self, client: IpAddr) -> u16 {
        let household = match client.to_canonical() {
            // A customer has a network of 64 bits at least.
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
            v4 => v4,
        };
        u16::try_from(self.hasher.hash_one(household) % u64::from(SHARES)).unwrap_or(0)
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
            let there = oldest.upgrade().filter(|kept| !kept.is_everybodys());
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
        others(cache, 1)[0]
    }

    /// So many, each with a share of its own.
    fn others(cache: &Fair<Arc<str>, u32>, count: usize) -> Vec<IpAddr> {
        let mut shares = vec![cache.share_of(HERE)];
        let addresses = (1..=255).map(|n| IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, n)));
        let apart = addresses.filter(|other| {
            let share = cache.share_of(*other);
            let new = !shares.contains(&share);
            shares.push(share);
            new
        });
        apart.take(count).collect()
    }

    fn ask(cache: &Fair<Arc<str>, u32>, key: &str, client: IpAddr) -> bool {
        let there = cache.get(key, client).is_some();
        if !there {
            cache.keep(key.into(), 0, 1_000, client);
        }
        there
    }

    fn all_ask(cache: &Fair<Arc<str>, u32>, key: &str, clients: &[IpAddr]) {
        for client in clients {
            ask(cache, key, *client);
        }
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
        assert!((200_000..=260_000).contains(&cache.bytes()), "{}", cache.bytes());
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
    fn what_a_second_client_asks_for_stays_for_as_long_as_that_has_it_in_its_share() {
        let cache = Fair::new(1_000_000);
        let other = elsewhere(&cache);
        ask(&cache, "of both", HERE);
        assert!(ask(&cache, "of both", other));
        for n in 0..5_000 {
            ask(&cache, &format!("flood {n}"), HERE);
        }
        assert!(cache.get("of both", other).is_some());
        for n in 0..5_000 {
            ask(&cache, &format!("another flood {n}"), other);
        }
        assert!(cache.get("of both", HERE).is_none(), "both have let go of it");
    }

    #[test]
    fn three_who_ask_for_the_same_flood_take_no_more_than_their_shares() {
        let cache = Fair::new(1_000_000);
        let others = others(&cache, 3);
        assert!(!ask(&cache, "now and then", HERE));
        for n in 0..20_000 {
            let flood = format!("flood {n}");
            for _ in 0..2 {
                all_ask(&cache, &flood, &others);
            }
            if n % 5_000 == 4_999 {
                assert!(ask(&cache, "now and then", HERE), "after {n}");
            }
        }
        assert!(cache.bytes() <= 760_000, "{}", cache.bytes());
    }

    #[test]
    fn what_many_ask_for_is_in_nobodys_share() {
        let cache = Fair::new(1_000_000);
        let others = others(&cache, HOLDERS);
        all_ask(&cache, "everybody's", &others);
        let (last, others) = others.split_last().unwrap();
        for n in 0..600 {
            all_ask(&cache, &format!("flood {n}"), others);
            ask(&cache, &format!("another flood {n}"), *last);
        }
        assert!(cache.get("everybody's", HERE).is_some());
    }

    #[test]
    fn what_is_gone_is_not_remembered() {
        let cache = Fair::new(100_000);
        for n in 0..5_000 {
            ask(&cache, &format!("flood {n}"), HERE);
        }
        let share = cache.shares[usize::from(cache.share_of(HERE))].lock();
        assert!(
            share.brought.len() <= 25 && share.bytes <= 25_000,
            "{} {}",
            share.brought.len(),
            share.bytes
        );
    }
}
