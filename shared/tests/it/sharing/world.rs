//! A BFF over one upstream, and requests of it: items with parts, and notes that are their writer's alone.

use async_graphql::{Context, ID, Object, Subscription};
use bff::{
    Ask, AskEach, Bff, ContextExt, Have, IntoAsk, RequestContext, Upstream,
    config::Settings,
    edges, entity,
    fanout::{Loader, Stats},
    question,
    upstream::Upstreams,
};
use futures::{Stream, StreamExt};
use kit::{Answer, Call, Fake, Gate, Issuer, Place, Reply, Running, Server, Value, json};
use std::{future::IntoFuture, sync::Arc, time::Duration};

/// Patient: what is held back by a gate is not given up.
/// Its failures are what is tested: nobody stops asking it for them.
pub const STORE: Upstream = Upstream::named("store").timeout_ms(60_000).open_after(0).open_percent(0);
/// The same, asked by somebody who is not.
pub const HASTY: Upstream = Upstream::named("hasty").timeout_ms(400);

/// Something with parts.
#[entity]
pub struct Item {
    pub id: ID,
    pub name: String,
    #[graphql(skip)]
    next_id: Option<ID>,
}

#[edges]
impl Item {
    fn parts(&self) -> Ask<PartsOf> {
        PartsOf { item: self.id.clone(), first: 10 }.ask()
    }

    fn next(&self) -> Option<Ask<ItemById>> {
        Some(ItemById(self.next_id.clone()?).ask())
    }

    /// The caller's own.
    fn notes(&self) -> Ask<NotesOn> {
        NotesOn(self.id.clone()).ask()
    }

    fn stock(&self) -> Ask<StockOf> {
        StockOf(self.id.clone()).ask()
    }
}

/// Of an item.
#[entity]
pub struct Part {
    id: ID,
    #[graphql(skip)]
    item_id: ID,
}

#[edges]
impl Part {
    fn item(&self) -> Ask<ItemById> {
        ItemById(self.item_id.clone()).ask()
    }
}

/// Written by the caller.
#[entity]
pub struct Note {
    text: String,
    #[graphql(skip)]
    item_id: ID,
}

/// How many there are.
#[entity]
pub struct Stock {
    id: ID,
    copies: i32,
}

#[question(upstream = STORE, get = "/items", key = "ids", row = Item, by = id, public, page = 50)]
pub struct ItemById(pub ID);

#[question(upstream = STORE, get = "/parts", row = Part, by = item_id, many, public)]
pub struct PartsOf {
    #[key("item_ids")]
    pub item: ID,
    pub first: i32,
}

#[question(upstream = HASTY, get = "/items", key = "ids", row = Item, by = id, public)]
pub struct HastyItem(pub ID);

/// One URL for each.
#[question(upstream = STORE, get = "/latest", row = Item, many, public)]
pub struct Latest {
    pub first: i32,
}

/// No batch read.
#[question(upstream = STORE, get = "/stock/{id}", row = Stock, public)]
pub struct StockOf(#[key("id")] pub ID);

#[question(upstream = STORE, get = "/notes", key = "item_ids", row = Note, by = item_id, many, caller)]
pub struct NotesOn(pub ID);

#[question(upstream = STORE, get = "/mine", row = Note, many, caller, all_fields)]
pub struct Mine {}

pub struct Query;

#[Object]
impl Query {
    async fn item(&self, id: ID) -> Ask<ItemById> {
        ItemById(id).ask()
    }

    async fn items(&self, ids: Vec<ID>) -> AskEach<ItemById> {
        AskEach::of(ids.into_iter().map(ItemById))
    }

    async fn parts(&self, of: ID, #[graphql(default = 10)] first: i32) -> Ask<PartsOf> {
        PartsOf { item: of, first }.ask()
    }

    async fn latest(&self, first: i32) -> Ask<Latest> {
        Latest { first }.ask()
    }

    async fn stock(&self, id: ID) -> Ask<StockOf> {
        StockOf(id).ask()
    }

    async fn notes(&self, on: ID) -> Ask<NotesOn> {
        NotesOn(on).ask()
    }

    async fn mine(&self) -> Ask<Mine> {
        Mine {}.ask()
    }
}

/// What was changed.
#[entity(local)]
pub struct Changed {
    #[graphql(skip)]
    id: ID,
}

#[edges]
impl Changed {
    fn item(&self) -> Ask<ItemById> {
        ItemById(self.id.clone()).ask()
    }
}

pub struct Mutation;

fn rename(ctx: &Context<'_>, id: &ID, name: &str) -> async_graphql::Result<bff::upstream::write::Write> {
    Ok(ctx.write(&STORE)?.put(format!("/items/{}", id.as_str())).json(&json!({"name": name})))
}

#[Object]
impl Mutation {
    /// Says which question has another answer now.
    async fn rename(&self, ctx: &Context<'_>, id: ID, name: String) -> async_graphql::Result<Have<Changed>> {
        let write = rename(ctx, &id, &name)?.makes_stale(&ItemById(id.clone()));
        write.send_and_forget().await?.done()?;
        Ok(Have::one(Changed { id }))
    }

    /// Says that of a whole type.
    async fn rename_any(
        &self,
        ctx: &Context<'_>,
        id: ID,
        name: String,
    ) -> async_graphql::Result<Have<Changed>> {
        rename(ctx, &id, &name)?.makes_all_stale::<ItemById>().send_and_forget().await?.done()?;
        Ok(Have::one(Changed { id }))
    }

    /// Says that of some.
    async fn drop_parts(&self, ctx: &Context<'_>, id: ID) -> async_graphql::Result<Have<Changed>> {
        let item = id.clone();
        let write = rename(ctx, &id, "")?.makes_stale_where(move |parts: &PartsOf| parts.item == item);
        write.send_and_forget().await?.done()?;
        Ok(Have::one(Changed { id }))
    }

    /// Says nothing.
    async fn rename_quietly(
        &self,
        ctx: &Context<'_>,
        id: ID,
        name: String,
    ) -> async_graphql::Result<Have<Changed>> {
        rename(ctx, &id, &name)?.send_and_forget().await?.done()?;
        Ok(Have::one(Changed { id }))
    }
}

pub struct Changes;

#[Subscription]
impl Changes {
    async fn changed(&self, ctx: &Context<'_>, id: ID) -> async_graphql::Result<impl Stream<Item = Changed>> {
        let events = ctx.events(&STORE, "/events")?.json::<Value>().await?;
        Ok(events.map(move |_| Changed { id: id.clone() }))
    }
}

pub fn bff() -> Bff {
    Bff::new("sharing", "deadline_ms = 60000").upstreams(&[STORE]).schema(Query, Mutation, Changes)
}

/// The BFF over a store that names an item after its id, and says nothing of how long that holds.
pub struct World {
    pub store: Fake,
    pub issuer: Issuer,
    pub bff: Running,
}

impl World {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// So many batches of a question at once, before keys gather.
    pub async fn at_most(batches: usize) -> Self {
        Self::with(|settings| settings.sharing.batches_in_flight = batches).await
    }

    pub async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let (store, issuer) = (Fake::start().await, Issuer::start().await);
        store.get("/items", items);
        store.get("/parts", |call| {
            let parts = call
                .list("item_ids")
                .into_iter()
                .flat_map(|item| (0..2).map(move |n| json!({"id": format!("{item}.{n}"), "item_id": item})));
            Value::Array(parts.collect())
        });
        store.get("/latest", |call| {
            json!([named(&format!("latest-{}", call.param("first").unwrap_or_default()))])
        });
        store.get("/stock/{id}", |call| json!({"id": call.segment("id"), "copies": 7}));
        let server = Server::of(bff()).upstream("store", &store).issuer(&issuer).settings(change);
        let bff = server.start().await;
        Self { store, issuer, bff }
    }

    /// Sends a request, which has asked all its roots' questions when this returns: its mark `latest(first: mark)`
    /// waits at the gate.
    pub async fn begin(&self, mark: i32, roots: &str, gate: &Gate) -> Begun {
        let held = gate.clone();
        let before = self.store.under_way("/latest");
        self.store.get("/latest", move |_| Reply::from(json!([])).after(&held));
        let query = self.bff.query(&format!("{{ {roots} mark: latest(first: {mark}) {{ id }} }}"));
        #[expect(clippy::disallowed_methods, reason = "a client of its own")]
        let request = Begun(tokio::spawn(query.into_future()));
        self.store.until_under_way("/latest", before + 1).await;
        request
    }
}

/// A request under way.
pub struct Begun(tokio::task::JoinHandle<Answer>);

impl Begun {
    pub async fn answer(self) -> Answer {
        self.0.await.unwrap()
    }

    /// The client leaves.
    pub fn leave(self) {
        self.0.abort();
    }
}

pub fn named(id: &str) -> Value {
    json!({"id": id, "name": format!("the {id}")})
}

/// All items of a call.
pub fn items(call: &Call) -> Value {
    Value::Array(call.list("ids").iter().map(|id| named(id)).collect())
}

/// The way out of a BFF, without the BFF: loaders on it are requests of it.
pub fn upstreams(store: &Fake, batches: usize) -> Arc<Upstreams> {
    let mut settings = Settings::ephemeral("sharing");
    settings.sharing.batches_in_flight = batches;
    for name in ["store", "hasty"] {
        settings.upstreams.insert(name.to_owned(), store.url().parse().unwrap());
    }
    Arc::new(Upstreams::new(&settings, &[STORE, HASTY]).unwrap())
}

/// A request that has so much time.
pub fn request(upstreams: &Arc<Upstreams>, patience: Duration) -> Arc<Loader> {
    let context = Arc::new(RequestContext::anonymous(patience));
    Arc::new(Loader::new(upstreams.clone(), context, Arc::new(Stats::default())))
}

/// Longer than any test takes.
pub const LONG: Duration = Duration::from_secs(60);
