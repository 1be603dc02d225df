//! Sessions in Redis, for all replicas of a service.
//!
//! `<prefix><service>:session:<key>` is a session and lives as long as it may idle; `…:session-label:<label>` the set of
//! sessions that have a label; `…:session-once:<what>` has happened; `…:session-lock:<key>` is being renewed by somebody.

use std::time::Duration;

use bytes::Bytes;

use super::{Lifetimes, REMEMBERED, StoreError};
use crate::redis::{Redis, Script, Unavailable, cmd, pipe};

/// Whoever was late with its unlocking does not unlock another's.
const UNLOCK: &str =
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

pub struct Shared {
    redis: Redis,
    lifetimes: Lifetimes,
}

impl From<Unavailable> for StoreError {
    fn from(unavailable: Unavailable) -> Self {
        Self(unavailable.to_string())
    }
}

impl Shared {
    pub fn new(redis: Redis, lifetimes: Lifetimes) -> Self {
        Self { redis, lifetimes }
    }

    /// All or nothing: a session that its labels do not lead to could not be ended by the provider.
    pub async fn create(&self, key: &str, sealed: Bytes, labels: Vec<String>) -> Result<(), StoreError> {
        let Lifetimes { idle, absolute } = self.lifetimes;
        let mut commands = pipe();
        commands.atomic();
        for label in labels {
            let label = self.label(&label);
            commands.cmd("SADD").arg(&label).arg(key).ignore();
            commands.cmd("PEXPIRE").arg(&label).arg(ms(absolute)).ignore();
        }
        commands.cmd("SET").arg(self.session(key)).arg(&*sealed).arg("PX").arg(ms(idle)).ignore();
        let done =
            self.redis.run(|mut connection| async move { commands.query_async::<()>(&mut connection).await });
        Ok(done.await?)
    }

    pub async fn read(&self, key: &str, used: bool) -> Result<Option<Bytes>, StoreError> {
        let name = self.session(key);
        let read: Option<Vec<u8>> = if used {
            self.redis.query(cmd("GETEX").arg(name).arg("PX").arg(ms(self.lifetimes.idle))).await?
        } else {
            self.redis.query(cmd("GET").arg(name)).await?
        };
        Ok(read.map(Bytes::from))
    }

    pub async fn replace(&self, key: &str, sealed: Bytes) -> Result<bool, StoreError> {
        let name = self.session(key);
        let done: Option<String> =
            self.redis.query(cmd("SET").arg(name).arg(&*sealed).arg("XX").arg("KEEPTTL")).await?;
        Ok(done.is_some())
    }

    pub async fn remove(&self, key: &str) -> Result<(), StoreError> {
        Ok(self.redis.query(cmd("DEL").arg(self.session(key))).await?)
    }

    pub async fn remove_labelled(&self, label: &str) -> Result<Vec<String>, StoreError> {
        let label = self.label(label);
        let keys: Vec<String> = self.redis.query(cmd("SMEMBERS").arg(&label)).await?;
        let names: Vec<String> = keys.iter().map(|key| self.session(key)).collect();
        // The set stays: somebody may be signing in meanwhile. It ends with the oldest that it could name.
        if !names.is_empty() {
            let () = self.redis.query(cmd("DEL").arg(names)).await?;
        }
        Ok(keys)
    }

    pub async fn once(&self, what: &str) -> Result<bool, StoreError> {
        let name = self.redis.key(&format!("session-once:{what}"));
        self.set_new(&name, "", REMEMBERED).await
    }

    /// What unlocks it again.
    pub async fn lock(&self, key: &str, longest: Duration) -> Result<Option<String>, StoreError> {
        let mine = super::super::unguessable();
        let locked = self.set_new(&self.lock_name(key), &mine, longest).await?;
        Ok(locked.then_some(mine))
    }

    /// One that cannot be unlocked now unlocks itself in time.
    pub async fn unlock(&self, key: &str, mine: &str) {
        let script = Script::new(UNLOCK);
        let mut call = script.key(self.lock_name(key));
        call.arg(mine);
        let done =
            self.redis.run(|mut connection| async move { call.invoke_async::<()>(&mut connection).await });
        if let Err(error) = done.await {
            tracing::debug!(error = %error, "a session's lock is left to end by itself");
        }
    }

    async fn set_new(&self, name: &str, value: &str, kept: Duration) -> Result<bool, StoreError> {
        let done: Option<String> =
            self.redis.query(cmd("SET").arg(name).arg(value).arg("NX").arg("PX").arg(ms(kept))).await?;
        Ok(done.is_some())
    }

    fn session(&self, key: &str) -> String {
        self.redis.key(&format!("session:{key}"))
    }

    fn label(&self, label: &str) -> String {
        self.redis.key(&format!("session-label:{label}"))
    }

    fn lock_name(&self, key: &str) -> String {
        self.redis.key(&format!("session-lock:{key}"))
    }
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
