//! The BFF that these tests listen to: notes that only some may read, and counts that everybody may.

use async_graphql::{Context, ID, Object, Subscription};
use bff::{Ask, Bff, ContextExt, Fault, IntoAsk, RequestContext, Upstream, edges, entity, question};
use futures::{Stream, StreamExt, stream};
use kit::{Call, Fake, Issuer, Reply, Running, Server, Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

pub const DESK: Upstream = Upstream::named("desk");

/// Somebody's. The desk writes into it for whom it was read.
#[entity]
pub struct Note {
    id: ID,
    text: String,
    reader: String,
}

#[question(upstream = DESK, get = "/notes", key = "ids", row = Note, by = id, caller)]
pub struct NoteById(pub ID);

/// How often something happened.
#[entity]
pub struct Count {
    id: ID,
    times: i64,
}

#[question(upstream = DESK, get = "/counts", key = "ids", row = Count, by = id, public)]
pub struct CountOf(pub ID);

/// Something is different.
#[entity(local)]
pub struct Changed {
    version: i64,
    #[graphql(skip)]
    id: ID,
}

/// What happened, for those who are signed in: there may be no null in it.
#[entity(local)]
pub struct Secret {
    #[graphql(guard = signed_in)]
    word: String,
}

fn signed_in(request: &RequestContext) -> Result<(), Fault> {
    request.caller().subject().map(|_| ()).ok_or_else(Fault::unauthenticated)
}

#[edges]
impl Changed {
    fn note(&self) -> Ask<NoteById> {
        NoteById(self.id.clone()).ask()
    }

    fn count(&self) -> Ask<CountOf> {
        CountOf(self.id.clone()).ask()
    }
}

pub struct Query;

#[Object]
impl Query {
    async fn echo(&self, text: String) -> String {
        text
    }

    async fn note(&self, id: ID) -> Ask<NoteById> {
        NoteById(id).ask()
    }
}

#[derive(Clone, Default)]
pub struct Pressed(Arc<AtomicUsize>);

#[Object(name = "Mutation")]
impl Pressed {
    async fn press(&self) -> usize {
        self.0.fetch_add(1, Relaxed) + 1
    }
}

pub struct Changes;

fn changed(id: ID) -> impl FnMut(Value) -> Changed {
    move |event| Changed { version: event["version"].as_i64().unwrap_or(0), id: id.clone() }
}

#[Subscription]
impl Changes {
    /// For those who may read the note.
    async fn note_changed(
        &self,
        ctx: &Context<'_>,
        id: ID,
    ) -> async_graphql::Result<impl Stream<Item = Changed>> {
        let events = ctx.events(&DESK, format!("/changes?ids={}", id.as_str()))?;
        Ok(events.for_those_who_see(NoteById(id.clone())).json().await?.map(changed(id)))
    }

    /// For everybody.
    async fn counted(&self, ctx: &Context<'_>, id: ID) -> async_graphql::Result<impl Stream<Item = Changed>> {
        let events = ctx.events(&DESK, format!("/counted?ids={}", id.as_str()))?;
        Ok(events.for_everybody().json().await?.map(changed(id)))
    }

    /// The caller's own.
    async fn mine(&self, ctx: &Context<'_>) -> async_graphql::Result<impl Stream<Item = Changed>> {
        let events = ctx.events(&DESK, "/mine")?.json().await?;
        Ok(events.map(changed(ID::from("n1"))))
    }

    /// 1, 2, … and it is over.
    async fn to(&self, n: i32) -> impl Stream<Item = i32> {
        stream::iter(1..=n)
    }

    /// As long a text as that, again and again.
    async fn flood(&self, bytes: usize) -> impl Stream<Item = String> {
        stream::repeat_with(move || "x".repeat(bytes))
    }

    /// Two events, to be read by those who are signed in.
    async fn secrets(&self) -> impl Stream<Item = Secret> {
        stream::iter(["a", "b"]).map(|word| Secret { word: word.to_owned() })
    }

    /// One event, then a panic.
    async fn breaks(&self) -> impl Stream<Item = i32> {
        stream::iter(0..2).inspect(|n| assert_eq!(*n, 0, "the database password is hunter2"))
    }

    /// Nothing ever happens.
    async fn never(&self) -> impl Stream<Item = i32> {
        stream::pending()
    }
}

pub fn bff(pressed: &Pressed) -> Bff {
    Bff::new("listeners", "deadline_ms = 5000").upstreams(&[DESK]).schema(Query, pressed.clone(), Changes)
}

pub struct World {
    pub desk: Fake,
    pub issuer: Issuer,
    pub bff: Running,
    pressed: Pressed,
}

impl World {
    pub async fn start() -> Self {
        Self::with(|server| server).await
    }

    /// `/notes` are everybody's who is signed in, and `/counts` are 7.
    pub async fn with(change: impl FnOnce(Server) -> Server) -> Self {
        let (desk, issuer, pressed) = (Fake::start().await, Issuer::start().await, Pressed::default());
        desk.get("/notes", |call| notes(call, |subject, _| !subject.is_empty()));
        desk.get("/counts", |call| {
            let rows: Vec<_> = call.list("ids").iter().map(|id| json!({"id": id, "times": 7})).collect();
            json!({"items": rows})
        });
        // As it is served: answers without an account of what they cost.
        let server = Server::of(bff(&pressed)).upstream("desk", &desk).issuer(&issuer).production();
        let bff = change(server).start().await;
        Self { desk, issuer, bff, pressed }
    }

    /// Waits until so many subscriptions listen, of all that this process has.
    pub async fn listening(&self, subscriptions: usize) {
        self.until_measured(&format!(
            "event_listeners{{service=\"listeners\",upstream=\"desk\"}} {subscriptions}"
        ))
        .await;
    }

    /// Waits until a socket is about to be closed because its client does not read.
    pub async fn until_closing(&self) {
        self.until_measured("sockets_closed_total{service=\"listeners\",code=\"1013\"} 1").await;
    }

    async fn until_measured(&self, line: &str) {
        let come = async {
            while !self.bff.admin("/metrics").await.text.lines().any(|metric| metric.ends_with(line)) {}
        };
        let in_time = tokio::time::timeout(kit::PATIENCE, come).await;
        assert!(in_time.is_ok(), "waited for {line}:\n{}", self.bff.admin("/metrics").await.text);
    }

    /// How often the button was pressed.
    pub fn pressed(&self) -> usize {
        self.pressed.0.load(Relaxed)
    }
}

/// The notes that are asked for and that this caller may read.
pub fn notes(call: &Call, may: impl Fn(&str, &str) -> bool) -> Reply {
    let reader = subject(call);
    let ids = call.list("ids");
    let rows = ids.iter().filter(|id| may(&reader, id));
    let rows: Vec<_> =
        rows.map(|id| json!({"id": id, "text": format!("{id} for {reader}"), "reader": reader})).collect();
    json!({"items": rows}).into()
}

/// Who calls, as the token says; nobody is "".
pub fn subject(call: &Call) -> String {
    call.caller().unwrap_or_default()
}
