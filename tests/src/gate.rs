//! Holds answers back until the test lets them go.

use tokio::sync::watch;

/// Closed when made. Whatever waits at it goes on once it is opened.
#[derive(Clone, Debug)]
pub struct Gate(watch::Sender<bool>);

impl Default for Gate {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Gate {
    pub fn closed() -> Self {
        Self::default()
    }

    pub fn open(&self) {
        self.0.send_replace(true);
    }

    pub(crate) async fn pass(&self) {
        // The sender lives as long as `self`, so waiting ends with an open gate only.
        let _ = self.0.subscribe().wait_for(|open| *open).await;
    }
}
