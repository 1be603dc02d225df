//! Looks at the folder of registered documents again and again.
//!
//! By looking, not by being told: what tells (inotify) says nothing of the mounted folders that documents are deployed
//! in, and a look is one `stat` a file.

use super::{super::document::Documents, Trusted};
use std::{sync::Weak, time::Duration};

/// Begins to look, as often as that, for as long as what `of` holds is there. Zero: never.
pub fn watch<T: Send + Sync + 'static>(
    of: Weak<T>,
    every: Duration,
    parts: fn(&T) -> (&Trusted, &Documents),
) {
    let watches = of.upgrade().is_some_and(|of| parts(&of).0.watches());
    if every.is_zero() || !watches {
        return;
    }
    let looking = async move {
        loop {
            tokio::time::sleep(every).await;
            let Some(of) = of.upgrade() else { return };
            // Files and validation: not for the threads that answer.
            let look = tokio::task::spawn_blocking(move || {
                let (trusted, documents) = parts(&of);
                trusted.look(documents);
            });
            if look.await.is_err() {
                tracing::error!("a look at the registered documents panicked");
            }
        }
    };
    #[expect(clippy::disallowed_methods, reason = "it belongs to no request, and ends with the engine")]
    tokio::spawn(looking);
}
