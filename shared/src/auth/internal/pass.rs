//! Tokens for one upstream, each signed once and used again until half of its time is over: a call costs no signature.

use std::time::Instant;

use http::HeaderValue;
use jsonwebtoken::errors::{Error, ErrorKind};
use parking_lot::RwLock;
use rustc_hash::FxBuildHasher;

use super::{Signer, Whom};
use crate::auth::Caller;

/// Callers whose tokens are kept, per upstream; more are signed anew.
const KEPT: u64 = 10_000;

/// Says to one upstream on whose behalf it is asked.
pub(crate) struct Passes {
    signer: Signer,
    audience: String,
    own: RwLock<Option<Pass>>,
    callers: moka::sync::Cache<Caller, Pass, FxBuildHasher>,
}

#[derive(Clone)]
struct Pass {
    authorization: HeaderValue,
    /// From then on another one is signed, so that whoever is given this one has half its time left to send it.
    renewed: Instant,
}

impl Passes {
    pub fn new(signer: Signer, audience: &str) -> Self {
        let callers = moka::sync::Cache::builder()
            .max_capacity(KEPT)
            .time_to_live(signer.0.lifetime)
            .build_with_hasher(FxBuildHasher);
        Self { signer, audience: audience.to_owned(), own: RwLock::default(), callers }
    }

    /// The `Authorization` of a call that is sent now; none for nobody.
    ///
    /// # Errors
    /// It cannot be signed: the call must not go out as nobody's.
    pub fn authorization(&self, whom: &Whom) -> Result<Option<HeaderValue>, Error> {
        let now = Instant::now();
        let known = match whom {
            Whom::Service => self.own.read().clone(),
            Whom::Caller(caller) if !caller.is_signed_in() => return Ok(None),
            Whom::Caller(caller) => self.callers.get(caller),
        };
        if let Some(pass) = known.filter(|pass| now < pass.renewed) {
            return Ok(Some(pass.authorization));
        }
        let Some((token, left)) = self.signer.sign(whom, &self.audience)? else { return Ok(None) };
        let mut authorization =
            HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| ErrorKind::InvalidToken)?;
        // Logs and traces show it as such.
        authorization.set_sensitive(true);
        let pass = Pass { authorization, renewed: now + left / 2 };
        match whom {
            Whom::Service => *self.own.write() = Some(pass.clone()),
            Whom::Caller(caller) => self.callers.insert(caller.clone(), pass.clone()),
        }
        Ok(Some(pass.authorization))
    }
}
