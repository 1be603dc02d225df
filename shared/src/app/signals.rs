//! The signals that a process is stopped by.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGTERM and SIGINT (Ctrl-C), heard from when this is made: before anything is bound, or a signal that comes between the
/// first answer and the wait for it would end the process without a drain.
pub struct Signals(Option<(Signal, Signal)>);

impl Signals {
    /// From now on they end the process only through whoever waits for them.
    pub fn heard() -> Self {
        let (Ok(terminate), Ok(interrupt)) =
            (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
        else {
            // Without handlers the operating system's own apply: the process ends, undrained.
            tracing::warn!("no signal handlers: stopping will not drain");
            return Self(None);
        };
        Self(Some((terminate, interrupt)))
    }

    /// Waits for the next, which may have come already.
    pub(super) async fn next(&mut self) {
        let Some((terminate, interrupt)) = &mut self.0 else { return std::future::pending().await };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}
