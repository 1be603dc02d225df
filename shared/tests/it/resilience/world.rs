//! The BFF of these tests: one field from an upstream that will be sick, one from an upstream that is well.

use super::sick::Sick;
use async_graphql::{Context, EmptySubscription, ID, Object};
use bff::{Ask, Bff, ContextExt, Fault, IntoAsk, Upstream, config::ResilienceSettings, entity, question};
use kit::{Answer, Issuer, Running, Server, Value, json};
use std::{future::IntoFuture, time::Duration};

pub const SICK: Upstream = Upstream::named("sick").max_body_bytes(1 << 20);
pub const WELL: Upstream = Upstream::named("well");

/// Something with a name.
#[entity]
pub struct Thing {
    pub id: ID,
    name: String,
}

/// One call each.
#[question(upstream = SICK, get = "/things", key = "ids", row = Thing, by = id, public, page = 1)]
pub struct SickThing(pub ID);

#[question(upstream = SICK, get = "/mine", key = "ids", row = Thing, by = id, caller, page = 1)]
pub struct MySickThing(pub ID);

#[question(upstream = WELL, get = "/things", key = "ids", row = Thing, by = id, public)]
pub struct WellThing(pub ID);

pub struct Query;

#[Object]
impl Query {
    async fn sick(&self, #[graphql(default_with = "ID::from(\"s\")")] id: ID) -> Ask<SickThing> {
        SickThing(id).ask()
    }

    async fn mine(&self, #[graphql(default_with = "ID::from(\"m\")")] id: ID) -> Ask<MySickThing> {
        MySickThing(id).ask()
    }

    async fn well(&self, #[graphql(default_with = "ID::from(\"w\")")] id: ID) -> Ask<WellThing> {
        WellThing(id).ask()
    }
}

pub struct Mutation;

#[Object]
impl Mutation {
    /// Writes, with or without a key.
    async fn write(&self, ctx: &Context<'_>, key: Option<String>) -> Result<Option<bool>, Fault> {
        let write = ctx.write(&SICK)?.post("/things").json(&json!({"name": "new"}));
        let write = key.into_iter().fold(write, |write, key| write.idempotency_key(key));
        write.send_and_forget().await?.done()?;
        Ok(Some(true))
    }
}

/// The BFF. Its deadline leaves time for a sick upstream's short limits, on a slow machine too.
pub fn bff(service: &'static str) -> Bff {
    Bff::new(service, "deadline_ms = 2000").upstreams(&[SICK, WELL]).schema(
        Query,
        Mutation,
        EmptySubscription,
    )
}

/// The BFF over both.
pub struct World {
    pub sick: Sick,
    pub well: Sick,
    pub issuer: Issuer,
    pub bff: Running,
}

impl World {
    /// With these limits of the sick one; what is not said is as in production.
    pub async fn with(limits: ResilienceSettings) -> Self {
        Self::of("resilient", limits, |server| server).await
    }

    /// Whose requests share no calls: where those that are the same at the same instant are to be counted.
    pub async fn each_for_itself(
        service: &'static str,
        limits: ResilienceSettings,
        change: impl FnOnce(Server) -> Server,
    ) -> Self {
        Self::of(service, limits, |server| {
            change(server).settings(|settings| settings.sharing.batches_in_flight = 0)
        })
        .await
    }

    pub async fn of(
        service: &'static str,
        limits: ResilienceSettings,
        change: impl FnOnce(Server) -> Server,
    ) -> Self {
        let (sick, well, issuer) = (Sick::start().await, Sick::start().await, Issuer::start().await);
        let server = Server::of(bff(service)).upstream("sick", &sick).upstream("well", &well).issuer(&issuer);
        let server = server.settings(|settings| {
            settings.resilience.insert("sick".to_owned(), limits);
        });
        let bff = change(server).start().await;
        Self { sick, well, issuer, bff }
    }

    /// One call to each.
    pub async fn ask(&self) -> Answer {
        let answer = self.bff.query("{ sick { name } well { name } }");
        // An answer that comes neither in time nor at all: far more than the deadline and half a second.
        let answer = tokio::time::timeout(Duration::from_secs(10), answer.into_future()).await;
        answer.unwrap_or_else(|_| panic!("no answer, long after the deadline"))
    }
}

/// Whether all of it is there; if not, that only the sick field is missing, and says nothing of what is inside.
#[track_caller]
pub fn whole(world: &World, answer: &Answer) -> bool {
    assert_eq!(answer.status, 200, "{answer}");
    assert_eq!(answer.data("well"), &json!({"name": "name of w"}), "{answer}");
    if answer.errors().is_empty() {
        assert_eq!(answer.data("sick"), &json!({"name": "name of s"}), "{answer}");
        return true;
    }
    assert_eq!(answer.data("sick"), &Value::Null, "{answer}");
    assert_eq!(answer.paths(), ["sick"], "{answer}");
    nothing_leaks(world, answer);
    false
}

/// The answer names no host, no port, no library, nothing of what an upstream said.
#[track_caller]
pub fn nothing_leaks(world: &World, answer: &Answer) {
    use kit::Place;
    let port = |place: &dyn Place| place.url().rsplit(':').next().unwrap().to_owned();
    let places =
        [port(&world.sick), port(&world.well), "127.0.0.1".to_owned(), super::sick::INTERNAL.to_owned()];
    // A trace id is digits by chance: a port's may be among them.
    let trace_ids = answer.errors().iter().filter_map(|error| error["extensions"]["traceId"].as_str());
    let text = trace_ids.fold(answer.text.clone(), |text, id| text.replace(id, ""));
    for place in places {
        assert!(!text.contains(&place), "{place:?}: {answer}");
    }
    for error in answer.errors() {
        let mut told = error["extensions"].as_object().unwrap().keys();
        assert!(
            told.all(|key| ["code", "traceId", "retryable", "retryAfter"].contains(&key.as_str())),
            "{error}"
        );
        for word in ["http", "localhost", "/things", "reqwest", "hyper", "connect", "sick", "status"] {
            let message = error["message"].as_str().unwrap();
            assert!(!message.contains(word), "{word:?}: {message}");
        }
    }
}
