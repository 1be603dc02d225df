//! Who may connect: so many in all, and of each address.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};

use crate::config::Network;

/// How many may be told at a time that they cannot stay.
const TOLD_AT_A_TIME: usize = 64;

/// How often refusals are worth a line in the log.
const BETWEEN_LINES: Duration = Duration::from_secs(10);

/// Connections that are open, by address.
type Counts = Mutex<HashMap<IpAddr, usize>>;

pub(super) struct Seats {
    connections: usize,
    free: Arc<Semaphore>,
    telling: Arc<Semaphore>,
    per_address: usize,
    exempt: Vec<Network>,
    taken: Arc<Counts>,
    last_line: Mutex<Option<Instant>>,
}

/// One connection's; given back when it is dropped.
pub(super) struct Seat {
    _free: OwnedSemaphorePermit,
    /// Where it is counted, unless the peer speaks for many.
    counted: Option<(IpAddr, Arc<Counts>)>,
}

/// Why there is none: the address has all that it may have.
pub(super) struct NoSeat {
    /// The right to tell so, if not too many are being told.
    pub place: Option<OwnedSemaphorePermit>,
    /// Whether this is worth a line in the log.
    pub first_in_a_while: bool,
}

impl Seats {
    pub(super) fn new(connections: usize, per_address: usize, exempt: Vec<Network>) -> Self {
        let connections = connections.min(Semaphore::MAX_PERMITS);
        Self {
            connections,
            free: Arc::new(Semaphore::new(connections)),
            telling: Arc::new(Semaphore::new(TOLD_AT_A_TIME)),
            per_address,
            exempt,
            taken: Arc::default(),
            last_line: Mutex::new(None),
        }
    }

    /// Waits for a free seat, then for who takes it: without one, connections wait in the operating system's queue.
    pub(super) async fn accept(
        &self,
        listener: &TcpListener,
    ) -> io::Result<(TcpStream, SocketAddr, Result<Seat, NoSeat>)> {
        let free = Arc::clone(&self.free).acquire_owned().await.map_err(io::Error::other)?;
        let (stream, peer) = listener.accept().await?;
        Ok((stream, peer, self.seat(peer.ip(), free)))
    }

    fn seat(&self, peer: IpAddr, free: OwnedSemaphorePermit) -> Result<Seat, NoSeat> {
        if self.exempt.iter().any(|network| network.contains(peer)) {
            return Ok(Seat { _free: free, counted: None });
        }
        let address = household(peer);
        let mut taken = self.taken.lock();
        let count = taken.entry(address).or_default();
        if *count >= self.per_address {
            drop(taken);
            return Err(self.no_seat());
        }
        *count += 1;
        Ok(Seat { _free: free, counted: Some((address, Arc::clone(&self.taken))) })
    }

    fn no_seat(&self) -> NoSeat {
        let mut last_line = self.last_line.lock();
        let first_in_a_while = last_line.is_none_or(|last| last.elapsed() >= BETWEEN_LINES);
        if first_in_a_while {
            *last_line = Some(Instant::now());
        }
        NoSeat { place: Arc::clone(&self.telling).try_acquire_owned().ok(), first_in_a_while }
    }

    pub(super) fn full(&self) -> bool {
        self.free.available_permits() == 0
    }

    pub(super) fn taken(&self) -> usize {
        self.connections - self.free.available_permits()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some((address, taken)) = &self.counted else { return };
        let mut taken = taken.lock();
        if let Some(count) = taken.get_mut(address) {
            *count -= 1;
            if *count == 0 {
                taken.remove(address);
            }
        }
    }
}

/// What one party has for itself: an IPv4 address, or the network of 64 bits that an IPv6 address is in.
pub(super) fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}
