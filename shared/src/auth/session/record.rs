//! What a session is, and what a login that is under way is.

use serde::{Deserialize, Serialize};

/// Seconds before an access token's end in which it is renewed, if it lives for long; of a short life, the last tenth.
const EARLY_S: u64 = 60;

/// A session. It is kept sealed; nothing of it is given to the browser but what `/auth/session` says.
#[derive(Clone, Serialize, Deserialize)]
pub struct Record {
    /// The provider's `sub`.
    pub subject: String,
    pub name: Option<String>,
    /// Separated by spaces.
    pub scope: String,
    pub plan: Option<String>,
    /// The provider's own session, where it has a name.
    pub sid: Option<String>,
    /// Tells the provider at logout which of its sessions it is about.
    pub id_token: String,
    /// Of the access token there are its times alone, in seconds since 1970: upstreams are told who calls by tokens of our
    /// own. Its end says when to ask the provider whether the session still stands; None: it does not say.
    pub access_from_s: u64,
    pub access_until_s: Option<u64>,
    pub refresh_token: Option<String>,
    /// Grows with every renewal.
    pub generation: u64,
    /// Seconds since 1970 at which it ends, whatever happens in it.
    pub ends_s: u64,
}

impl Record {
    /// Its access token can be renewed, and should be.
    pub fn is_due(&self, now_s: u64) -> bool {
        let Some(until) = self.access_until_s.filter(|_| self.refresh_token.is_some()) else { return false };
        let early = EARLY_S.min(until.saturating_sub(self.access_from_s) / 10);
        until.saturating_sub(early) <= now_s
    }

    /// Its access token has ended, and only the provider can say whether the session goes on.
    pub fn is_spent(&self, now_s: u64) -> bool {
        self.refresh_token.is_some() && self.access_until_s.is_some_and(|until| until <= now_s)
    }
}

/// A login that has left for the provider. The browser keeps it, sealed.
#[derive(Serialize, Deserialize)]
pub struct Login {
    pub state: String,
    pub nonce: String,
    /// PKCE's (RFC 7636): who has stolen the code lacks it.
    pub verifier: String,
    pub redirect_uri: String,
    pub return_to: String,
    /// Seconds since 1970.
    pub began_s: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(from: u64, until: u64, refresh_token: Option<&str>) -> Record {
        Record {
            subject: String::new(),
            name: None,
            scope: String::new(),
            plan: None,
            sid: None,
            id_token: String::new(),
            access_from_s: from,
            access_until_s: Some(until),
            refresh_token: refresh_token.map(str::to_owned),
            generation: 0,
            ends_s: u64::MAX,
        }
    }

    #[test]
    fn a_token_is_renewed_a_minute_before_its_end_or_in_the_last_tenth_of_a_short_life() {
        let long = record(1_000, 4_600, Some("again"));
        assert!(!long.is_due(4_539) && long.is_due(4_540) && !long.is_spent(4_599) && long.is_spent(4_600));
        let short = record(1_000, 1_100, Some("again"));
        assert!(
            !short.is_due(1_089) && short.is_due(1_090) && !short.is_spent(1_099) && short.is_spent(1_100)
        );
        let only = record(1_000, 1_100, None);
        assert!(!only.is_due(2_000) && !only.is_spent(2_000));
    }
}
