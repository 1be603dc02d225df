//! Who holds how many places: sockets, and streams of server-sent events.

use crate::{
    auth::Caller,
    config::SubscriptionSettings,
    fanout::{Code, Fault},
};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::{
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};

/// All places that are held. Cheap to clone.
#[derive(Clone)]
pub struct Places(Arc<Inner>);

struct Inner {
    held: Mutex<FxHashMap<Holder, usize>>,
    per_caller: usize,
    per_address: usize,
}

/// Whom a place is counted to.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Holder {
    Subject(Arc<str>),
    Address(IpAddr),
}

/// A place that is held until it is dropped.
pub struct Place {
    places: Places,
    holder: Holder,
}

impl Places {
    pub fn new(settings: &SubscriptionSettings) -> Self {
        let SubscriptionSettings { places_per_caller, places_per_address, .. } = *settings;
        Self(Arc::new(Inner {
            held: Mutex::default(),
            per_caller: places_per_caller,
            per_address: places_per_address,
        }))
    }

    /// A place for this caller, or for that address while nobody has signed in.
    ///
    /// # Errors
    /// `RATE_LIMITED`: they hold as many as they may.
    pub fn take(&self, caller: &Caller, address: IpAddr) -> Result<Place, Fault> {
        let (holder, most) = match caller.subject() {
            Some(subject) => (Holder::Subject(subject.into()), self.0.per_caller),
            None => (Holder::Address(network(address)), self.0.per_address),
        };
        let mut held = self.0.held.lock();
        let holds = held.entry(holder.clone()).or_default();
        if *holds >= most {
            let who = match holder {
                Holder::Subject(_) => "This caller",
                Holder::Address(_) => "This address",
            };
            let message = format!("{who} has {most} subscriptions open, as many as may be: close one first");
            return Err(Fault::new(Code::RateLimited, message));
        }
        *holds += 1;
        drop(held);
        Ok(Place { places: self.clone(), holder })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.places.0.held.lock();
        if let Some(holds) = held.get_mut(&self.holder) {
            *holds -= 1;
            if *holds == 0 {
                held.remove(&self.holder);
            }
        }
    }
}

/// Of IPv6, a customer has a /64 at least.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => Ipv6Addr::from(u128::from(v6) & (u128::MAX << 64)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_it_is_left() {
        let settings = SubscriptionSettings { places_per_address: 1, ..SubscriptionSettings::default() };
        let places = Places::new(&settings);
        let here = |address: &str| places.take(&Caller::anonymous(), address.parse().unwrap());
        let held = here("2001:db8::1").ok().unwrap();
        assert_eq!(here("2001:db8::2").err().unwrap().code, Code::RateLimited, "the same network");
        assert!(here("2001:db8:0:1::1").is_ok());
        drop(held);
        assert!(here("2001:db8::2").is_ok());
        assert!(places.0.held.lock().is_empty(), "nobody is remembered");
    }
}
