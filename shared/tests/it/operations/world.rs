//! The BFF that these tests ask: public things with public parts, and everything by which an answer is a caller's own.

use async_graphql::{Context, EmptySubscription, ID, Object};
use bff::{
    Ask, AskEach, Bff, Code, ContextExt, Fault, Have, IntoAsk, Maybe, RequestContext, Then, Told, Upstream,
    config::SharingSettings,
    edges, entity,
    fanout::{InPlace, Join, Just},
    graphql::Only,
    question,
};
use kit::{Answer, Call, Fake, Gate, Issuer, PATIENCE, Reply, Running, Server, Value, json};
use std::{
    future::IntoFuture,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};
use tokio::task::JoinHandle;

/// Patient: what a test holds back does not fail meanwhile.
pub const SHOP: Upstream = Upstream::named("shop").timeout_ms(20_000);

/// Something that anybody may see.
#[entity]
pub struct Thing {
    pub id: ID,
    name: String,
    #[graphql(skip)]
    owner: Option<ID>,
    /// For those who are signed in.
    #[graphql(guard = signed_in)]
    secret: Option<String>,
}

#[edges]
impl Thing {
    fn parts(&self) -> Ask<PartsOf> {
        PartsOf(self.id.clone()).ask()
    }

    /// In the caller's language: part of what an answer depends on, whoever asks.
    fn greeting(&self, request: &RequestContext) -> String {
        format!("{}: {}", request.locale.tag(), self.name)
    }

    // The caller's own from here on.

    fn note(&self) -> Ask<NoteOn> {
        NoteOn(self.id.clone()).ask()
    }

    fn noted(&self) -> Told<NoteOn, String> {
        NoteOn(self.id.clone()).ask().tell(|notes, _| notes.iter().map(|note| note.by.as_str()).collect())
    }

    fn note_after_parts(&self) -> Then<Ask<PartsOf>, Ask<NoteOn>> {
        let thing = self.id.clone();
        PartsOf(self.id.clone()).ask().then(move |_, _| NoteOn(thing.clone()).ask())
    }

    fn noted_beside_parts(&self) -> Then<PartsAndNotes, Just<String>> {
        let parts = PartsOf(self.id.clone()).ask();
        parts
            .join(NoteOn(self.id.clone()).ask())
            .tell(|(_, notes), _| notes.iter().map(|note| note.by.as_str()).collect())
    }

    fn notes(&self) -> AskEach<NoteOn> {
        AskEach::of([NoteOn(self.id.clone())])
    }

    #[graphql(guard = signed_in)]
    fn hidden_parts(&self) -> Ask<PartsOf> {
        PartsOf(self.id.clone()).ask()
    }

    fn is_mine(&self, request: &RequestContext) -> bool {
        request.caller().subject() == self.owner.as_ref().map(|owner| owner.as_str())
    }

    fn parts_if_mine(&self, request: &RequestContext) -> Option<Ask<PartsOf>> {
        (request.caller().subject()? == self.owner.as_ref()?.as_str()).then(|| PartsOf(self.id.clone()).ask())
    }

    fn told_of_me(&self) -> Told<PartsOf, String> {
        let asked = PartsOf(self.id.clone()).ask();
        asked.tell(|_, request| request.subject().unwrap_or("nobody").to_owned())
    }

    fn seen_through(&self, request: &RequestContext) -> Option<String> {
        request.client().name.as_deref().map(str::to_owned)
    }

    fn seen_in_a_copy(&self, request: &RequestContext) -> String {
        let copy = request.clone();
        copy.caller().subject().unwrap_or("nobody").to_owned()
    }
}

type PartsAndNotes = Join<Ask<PartsOf>, Ask<NoteOn>>;

/// Of a thing.
#[entity]
pub struct Part {
    label: String,
    /// GraphQL has no number beyond 32 bits.
    weight: Option<i64>,
    #[graphql(skip)]
    thing_id: ID,
}

/// The caller's, on a thing.
#[entity]
pub struct Note {
    by: String,
    #[graphql(skip)]
    thing_id: ID,
}

#[question(upstream = SHOP, get = "/things", key = "ids", row = Thing, by = id, public)]
pub struct ThingById(pub ID);

#[question(upstream = SHOP, get = "/things", row = Thing, many, public)]
pub struct AllThings {
    limit: Option<i32>,
}

#[question(upstream = SHOP, get = "/parts", key = "thing_ids", row = Part, by = thing_id, many, public)]
pub struct PartsOf(pub ID);

#[question(upstream = SHOP, get = "/notes", key = "thing_ids", row = Note, by = thing_id, caller)]
pub struct NoteOn(pub ID);

fn signed_in(request: &RequestContext) -> Result<(), Fault> {
    request.subject().map(|_| ())
}

pub struct Query;

#[Object]
impl Query {
    async fn thing(&self, id: ID) -> Ask<ThingById> {
        ThingById(id).ask()
    }

    async fn things(&self, limit: Option<i32>) -> Ask<AllThings> {
        AllThings { limit }.ask()
    }

    async fn in_place(&self, ids: Vec<ID>) -> InPlace<Ask<ThingById>> {
        ids.into_iter().map(|id| Ok(ThingById(id).ask())).collect()
    }

    // The caller's own from here on.

    async fn note(&self, thing: ID) -> Ask<NoteOn> {
        NoteOn(thing).ask()
    }

    async fn notes(&self, things: Vec<ID>) -> InPlace<Ask<NoteOn>> {
        let unknown = || Fault::new(Code::BadUserInput, "not a thing");
        things.into_iter().map(|id| if *id == "x" { Err(unknown()) } else { Ok(NoteOn(id).ask()) }).collect()
    }

    #[graphql(guard = "Only(signed_in)")]
    async fn guarded_things(&self) -> Ask<AllThings> {
        AllThings { limit: None }.ask()
    }

    async fn who(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<String>> {
        Ok(ctx.request()?.caller().subject().map(str::to_owned))
    }

    async fn name_of(&self, ctx: &Context<'_>, id: ID) -> async_graphql::Result<Option<String>> {
        let rows = ctx.load(ThingById(id)).await?;
        Ok(rows.first().map(|thing| thing.name.clone()))
    }

    /// Looks at nobody; but what it loads by itself, no plan knows of.
    async fn parts_by_hand(&self, ctx: &Context<'_>, id: ID) -> async_graphql::Result<Option<Ask<PartsOf>>> {
        let rows = ctx.load(ThingById(id)).await?;
        Ok(rows.first().map(|thing| PartsOf(thing.id.clone()).ask()))
    }

    async fn thing_of_mine(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Ask<ThingById>>> {
        Ok(ctx.request()?.caller().subject().map(|subject| ThingById(format!("of {subject}").into()).ask()))
    }

    async fn noted_by_hand(
        &self,
        ctx: &Context<'_>,
        id: ID,
    ) -> async_graphql::Result<Option<Have<Note, Maybe>>> {
        let notes = ctx.load(NoteOn(id.clone())).await?;
        Ok(Some(Have::maybe(notes.first().map(|note| Note { by: note.by.clone(), thing_id: id }))))
    }

    async fn constant(&self) -> i32 {
        42
    }
}

pub struct Mutation;

#[Object]
impl Mutation {
    async fn rename(&self, ctx: &Context<'_>, id: ID, name: String) -> async_graphql::Result<Option<bool>> {
        let write = ctx.write(&SHOP)?.put(format!("/things/{}", id.as_str()));
        write.json(&json!({"name": name})).send_and_forget().await?.done()?;
        Ok(Some(true))
    }
}

/// The BFF over a shop whose answers are fresh for a minute, and whose notes are the caller's.
pub struct World {
    pub shop: Fake,
    pub issuer: Issuer,
    pub bff: Running,
    service: String,
}

/// Every request pays for itself.
pub const ALONE: SharingSettings =
    SharingSettings { batches_in_flight: 0, operations: false, answers_bytes: 0 };
/// Shared while in flight; nothing is kept. Rows are not shared: what is asked tells what ran.
pub const IN_FLIGHT: SharingSettings =
    SharingSettings { batches_in_flight: 0, operations: true, answers_bytes: 0 };
/// Kept as well.
pub const KEPT: SharingSettings =
    SharingSettings { batches_in_flight: 0, operations: true, answers_bytes: 1 << 20 };

impl World {
    pub async fn start(sharing: SharingSettings) -> Self {
        // Metrics are the process's: each world has a name of its own.
        static WORLDS: AtomicUsize = AtomicUsize::new(0);
        let service = format!("shop-{}", WORLDS.fetch_add(1, Relaxed));
        let (shop, issuer) = (Fake::start().await, Issuer::start().await);
        shop.get("/things", |call| fresh(things(call)));
        shop.get("/parts", |call| fresh(parts(call)));
        shop.get("/notes", |call| fresh(notes(call)));
        shop.put("/things/{id}", |_| Reply::json(204, Value::Null));
        let bff = Bff::new("shop", "deadline_ms = 20000").public_schema().upstreams(&[SHOP]).schema(
            Query,
            Mutation,
            EmptySubscription,
        );
        // In development answers tell how they were made, and so differ.
        let server = Server::of(bff).upstream("shop", &shop).issuer(&issuer).production();
        let named = service.clone();
        let server = server.settings(move |settings| {
            settings.sharing = sharing;
            settings.documents.automatic_bytes = 1 << 20;
            settings.service = named;
        });
        Self { shop, issuer, bff: server.start().await, service }
    }

    /// One whose operation has run already: it is known whether it is public. The calls are forgotten.
    pub async fn knowing(sharing: SharingSettings, document: &str, variables: Value) -> Self {
        let world = Self::start(sharing).await;
        world.bff.query(document).variables(variables).await.ok();
        world.shop.clear();
        world
    }

    /// Things are answered once the gate is open.
    pub fn hold_things(&self) -> Gate {
        let gate = Gate::closed();
        let held = gate.clone();
        self.shop.get("/things", move |call| fresh(things(call)).after(&held));
        gate
    }

    /// Asks while other things happen.
    pub fn ask(&self, query: kit::Query) -> JoinHandle<Answer> {
        tokio::spawn(query.into_future())
    }

    /// How many operations were not run for their caller.
    pub async fn shared(&self, how: &str) -> usize {
        self.metric("graphql_operations_shared_total", &format!("how=\"{how}\"")).await
    }

    /// Waits until so many operations have joined another's execution.
    pub async fn until_joined(&self, operations: usize) {
        self.until("graphql_operations_shared_total", "how=\"joined\"", operations).await;
    }

    /// Waits until so many requests have ended like this.
    pub async fn until_ended(&self, outcome: &str, requests: usize) {
        self.until("requests_total", &format!("outcome=\"{outcome}\""), requests).await;
    }

    async fn until(&self, metric: &str, label: &str, count: usize) {
        let come = async { while self.metric(metric, label).await < count {} };
        let come = tokio::time::timeout(PATIENCE, come).await;
        assert!(come.is_ok(), "waited for {count} of {metric} {label}");
    }

    async fn metric(&self, metric: &str, label: &str) -> usize {
        let service = format!("service=\"{}\"", self.service);
        let text = self.bff.admin("/metrics").await.text;
        let lines = text.lines().filter(|line| {
            line.starts_with(&format!("{metric}{{")) && line.contains(&service) && line.contains(label)
        });
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok()).sum()
    }
}

/// Fresh for a minute.
pub fn fresh(rows: Value) -> Reply {
    Reply::json(200, rows).header("cache-control", "max-age=60")
}

/// Those asked for by id; else `t1` and `t2`. What is asked for exists.
pub fn things(call: &Call) -> Value {
    let mut ids = call.list("ids");
    if ids.is_empty() {
        ids = vec!["t1".to_owned(), "t2".to_owned()];
    }
    let row = |id: &String| {
        let owner = if id == "t1" { "us-1" } else { "us-2" };
        json!({"id": id, "name": format!("Thing {id}"), "owner": owner, "secret": format!("key of {id}")})
    };
    ids.iter().map(row).collect()
}

pub fn parts(call: &Call) -> Value {
    let row = |id: &String| json!({"thing_id": id, "label": format!("Part of {id}")});
    call.list("thing_ids").iter().map(row).collect()
}

/// The caller's.
pub fn notes(call: &Call) -> Value {
    let by = call.caller().unwrap_or_else(|| "nobody".to_owned());
    let row = |id: &String| json!({"thing_id": id, "by": by});
    call.list("thing_ids").iter().map(row).collect()
}
