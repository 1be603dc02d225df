//! `[subscriptions]`: how many may listen, and how long is waited for them.

use serde::{Deserialize, Serialize};

/// What bounds subscriptions. A socket is a *place*, and so is a stream of server-sent events; how many there
/// may be in all is `limits.connections`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SubscriptionSettings {
    /// Places of one signed-in caller (a token's subject).
    pub places_per_caller: usize,
    /// Places of one address, as long as nobody has signed in on them.
    pub places_per_address: usize,
    /// Operations under way on one socket.
    pub operations_per_socket: usize,
    /// Bytes of one message of a client's.
    pub message_bytes: usize,
    /// Milliseconds that a new socket has for `connection_init`.
    pub init_ms: u64,
    /// Milliseconds without a word of the client after which it is taken for gone. It is pinged before.
    pub idle_ms: u64,
    /// Milliseconds that a client may take to read what it is sent.
    pub write_ms: u64,
}

impl Default for SubscriptionSettings {
    fn default() -> Self {
        Self {
            places_per_caller: 20,
            places_per_address: 200,
            operations_per_socket: 50,
            message_bytes: 256 * 1024,
            init_ms: 3_000,
            idle_ms: 60_000,
            write_ms: 10_000,
        }
    }
}

impl SubscriptionSettings {
    pub(super) fn check(&self, problems: &mut Vec<String>) {
        for (key, value) in [
            ("places_per_caller", self.places_per_caller as u64),
            ("places_per_address", self.places_per_address as u64),
            ("operations_per_socket", self.operations_per_socket as u64),
            ("message_bytes", self.message_bytes as u64),
            ("init_ms", self.init_ms),
            ("write_ms", self.write_ms),
        ] {
            if value == 0 {
                problems.push(format!(
                    "`subscriptions.{key}` is 0, which would refuse every subscription; give it a positive number"
                ));
            }
        }
        if self.idle_ms < 10 {
            problems.push(
                "`subscriptions.idle_ms` is less than 10, which nobody can answer a ping in; give it a minute or so (60000)"
                    .to_owned(),
            );
        }
    }
}
