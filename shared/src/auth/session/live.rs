//! Who is to be told when a session ends: its open sockets and streams.

use std::{collections::hash_map::Entry, sync::Arc};

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use tokio_util::sync::CancellationToken;

/// Sessions that something is open in, here.
#[derive(Clone, Default)]
pub struct Live(Arc<Mutex<FxHashMap<String, Told>>>);

struct Told {
    over: CancellationToken,
    listeners: usize,
}

/// Somebody who is told; forgotten when it is dropped.
pub struct Listener {
    key: String,
    over: CancellationToken,
    live: Live,
}

impl Live {
    pub fn listen(&self, key: &str) -> Listener {
        let mut live = self.0.lock();
        let told = live
            .entry(key.to_owned())
            .or_insert_with(|| Told { over: CancellationToken::new(), listeners: 0 });
        told.listeners += 1;
        Listener { key: key.to_owned(), over: told.over.clone(), live: self.clone() }
    }

    /// The session is over.
    pub fn over(&self, key: &str) {
        if let Some(told) = self.0.lock().get(key) {
            told.over.cancel();
        }
    }
}

impl Listener {
    /// Comes when the session is over.
    pub async fn over(&self) {
        self.over.cancelled().await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Entry::Occupied(mut told) = self.live.0.lock().entry(std::mem::take(&mut self.key)) {
            told.get_mut().listeners -= 1;
            if told.get().listeners == 0 {
                told.remove();
            }
        }
    }
}
