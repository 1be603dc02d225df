//! The BFF that these tests ask: things in colours, some of which old apps do not know.

use async_graphql::{Context, Enum, ID, Object, Subscription};
use bff::{
    Ask, Bff, ContextExt, Deferrable, Fault, IntoAsk, Leaf, RequestContext, Since, Told, Upstream,
    config::{ClientSettings, SharingSettings},
    edges, entity,
    fanout::{Bubble, Out, Path},
    question,
};
use futures::{Stream, StreamExt, stream};
use kit::{Call, Fake, Query as Asked, Reply, Running, Server, Value, json};
use serde::Deserialize;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Patient: what a test holds back does not fail meanwhile.
pub const SHOP: Upstream = Upstream::named("shop").timeout_ms(20_000);

/// What a thing looks like.
#[derive(Enum, Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub enum Colour {
    Grey,
    Red,
    #[graphql(directive = Since::apply("2.3", "RED"))]
    Infrared,
    /// Two steps back.
    #[graphql(directive = Since::apply("3", "INFRARED"))]
    Terahertz,
}

impl Leaf for Colour {
    fn put(&self, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
        let name = match self {
            Self::Grey => "GREY",
            Self::Red => "RED",
            Self::Infrared => "INFRARED",
            Self::Terahertz => "TERAHERTZ",
        };
        name.put(out, path)
    }
}

/// Something to look at.
#[entity]
pub struct Thing {
    pub id: ID,
    name: String,
    colour: Colour,
    colours: Vec<Option<Colour>>,
    frame: Option<Frame>,
    #[graphql(directive = Since::apply("2.3", "null"))]
    stock: Option<i32>,
    #[graphql(directive = Since::apply("2.3", "0"))]
    rating: i32,
    #[graphql(directive = Since::apply("2.3", "\"none\""))]
    label: String,
    /// What stands for it is itself not known to the oldest.
    #[graphql(directive = Since::apply("3", "INFRARED"))]
    best: Colour,
    #[graphql(guard = nobody, directive = Since::apply("2.3", "null"))]
    secret: Option<String>,
}

/// Stands in the thing's row.
#[entity]
pub struct Frame {
    colour: Colour,
}

fn nobody(_: &RequestContext) -> Result<(), Fault> {
    Err(Fault::forbidden("Nobody sees this."))
}

#[edges]
impl Thing {
    /// Its colour, or grey.
    fn painted(&self, grey: bool) -> Colour {
        if grey { Colour::Grey } else { self.colour }
    }

    /// Told by its parts.
    fn told(&self) -> Told<PartsOf, Vec<Colour>> {
        PartsOf(self.id.clone()).ask().tell(|parts, _| parts.iter().map(|part| part.colour).collect())
    }

    fn parts(&self) -> Ask<PartsOf> {
        PartsOf(self.id.clone()).ask()
    }

    #[graphql(directive = Since::apply("2.3", "[]"))]
    fn new_parts(&self) -> Ask<PartsOf> {
        PartsOf(self.id.clone()).ask()
    }

    #[graphql(directive = Since::apply("2.3", "null"))]
    fn maker(&self) -> Ask<MakerOf> {
        MakerOf(self.id.clone()).ask()
    }
}

/// Of a thing.
#[entity]
pub struct Part {
    #[graphql(skip)]
    thing_id: ID,
    colour: Colour,
}

/// Of things, and what is in their place.
#[entity]
pub struct Maker {
    #[graphql(skip)]
    id: ID,
    name: String,
}

/// What is on a shelf.
#[entity(interface("name", "stock"))]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Item {
    Jar(Jar),
    Tin(Tin),
}

#[entity]
pub struct Jar {
    name: String,
    #[graphql(directive = Since::apply("2.3", "null"))]
    stock: Option<i32>,
}

#[entity]
pub struct Tin {
    name: String,
    colour: Colour,
    #[graphql(directive = Since::apply("2.3", "null"))]
    stock: Option<i32>,
}

#[question(upstream = SHOP, get = "/things", key = "ids", row = Thing, by = id, public)]
pub struct ThingById(pub ID);

#[question(upstream = SHOP, get = "/parts", key = "ids", row = Part, by = thing_id, many, public)]
pub struct PartsOf(pub ID);

#[question(upstream = SHOP, get = "/makers", key = "ids", row = Maker, by = id, public)]
pub struct MakerOf(pub ID);

#[question(upstream = SHOP, get = "/items", row = Item, many, public, all_fields)]
pub struct Items {}

#[derive(Default)]
pub struct Query;

#[Object]
impl Query {
    async fn thing(&self, id: ID) -> Ask<ThingById> {
        ThingById(id).ask()
    }

    async fn items(&self) -> Ask<Items> {
        Items {}.ask()
    }

    #[graphql(directive = Since::apply("2.3", "null"))]
    async fn new_thing(&self, id: ID) -> Ask<ThingById> {
        ThingById(id).ask()
    }

    #[graphql(directive = Since::apply("3", "-1"))]
    async fn count(&self) -> i32 {
        3
    }

    /// By hand.
    async fn colour(&self) -> Option<Colour> {
        Some(Colour::Terahertz)
    }

    /// By hand.
    async fn colours(&self) -> Vec<Vec<Colour>> {
        vec![vec![Colour::Grey, Colour::Infrared], vec![Colour::Terahertz]]
    }

    /// Of the executor.
    async fn told(&self, id: ID) -> Told<PartsOf, Vec<Colour>> {
        PartsOf(id).ask().tell(|parts, _| parts.iter().map(|part| part.colour).collect())
    }
}

pub struct Mutation;

#[Object]
impl Mutation {
    async fn look(&self, id: ID) -> Ask<ThingById> {
        ThingById(id).ask()
    }
}

pub struct Subscription;

/// Something is different.
#[entity(local)]
pub struct Changed {
    #[graphql(skip)]
    id: ID,
}

#[edges]
impl Changed {
    fn thing(&self) -> Ask<ThingById> {
        ThingById(self.id.clone()).ask()
    }
}

#[Subscription]
impl Subscription {
    async fn changed(&self, ctx: &Context<'_>) -> async_graphql::Result<impl Stream<Item = Changed>> {
        let events = ctx.events(&SHOP, "/changes")?.for_everybody().json::<Value>().await?;
        Ok(events.map(|event| Changed { id: ID::from(event["id"].as_str().unwrap_or_default()) }))
    }

    async fn colours(&self) -> impl Stream<Item = Colour> {
        stream::iter([Colour::Infrared, Colour::Terahertz])
    }
}

/// The BFF over a shop whose answers are fresh for a minute. Of its apps it knows one.
pub struct World {
    pub shop: Fake,
    pub bff: Running,
    service: String,
}

impl World {
    pub async fn start() -> Self {
        Self::sharing(SharingSettings { batches_in_flight: 0, operations: false, answers_bytes: 0 }).await
    }

    pub async fn sharing(sharing: SharingSettings) -> Self {
        // Metrics are the process's: each world has a name of its own.
        static WORLDS: AtomicUsize = AtomicUsize::new(0);
        let service = format!("paints-{}", WORLDS.fetch_add(1, Relaxed));
        let shop = Fake::start().await;
        shop.get("/things", |call| fresh(rows(call, thing)));
        shop.get("/parts", |call| fresh(rows(call, |id| json!({"thing_id": id, "colour": "terahertz"}))));
        shop.get("/makers", |call| fresh(rows(call, |id| json!({"id": id, "name": "Ada"}))));
        shop.get("/items", |_| {
            fresh(json!([
                {"type": "jar", "name": "Jam", "stock": 5},
                {"type": "tin", "name": "Tea", "stock": 6, "colour": "infrared"},
            ]))
        });
        let bff = Bff::new("paints", "deadline_ms = 20000").public_schema().upstreams(&[SHOP]).schema(
            Deferrable(Query),
            Mutation,
            Subscription,
        );
        // In development answers tell how they were made, and so differ.
        let server = Server::of(bff).upstream("shop", &shop).production();
        let named = service.clone();
        let server = server.settings(move |settings| {
            settings.sharing = sharing;
            settings.service = named;
            settings.clients.insert("ios".to_owned(), ClientSettings::default());
        });
        Self { shop, bff: server.start().await, service }
    }

    /// Asks as a version of the app that is known.
    pub fn query(&self, version: &str, document: &str) -> Asked {
        self.query_of("ios", version, document)
    }

    pub fn query_of(&self, app: &str, version: &str, document: &str) -> Asked {
        let query = self.bff.query(document).header("graphql-client-name", app);
        query.header("graphql-client-version", version)
    }

    /// Waits until so many subscriptions listen.
    pub async fn listening(&self, subscriptions: usize) {
        let line =
            format!("event_listeners{{service=\"{}\",upstream=\"shop\"}} {subscriptions}", self.service);
        let come = async {
            while !self.bff.admin("/metrics").await.text.lines().any(|metric| metric.ends_with(&line)) {}
        };
        assert!(tokio::time::timeout(kit::PATIENCE, come).await.is_ok(), "waited for {line}");
    }

    /// How many operations were shared like this.
    pub async fn shared(&self, how: &str) -> usize {
        let text = self.bff.admin("/metrics").await.text;
        let (service, how) = (format!("service=\"{}\"", self.service), format!("how=\"{how}\""));
        let lines = text.lines().filter(|line| {
            line.starts_with("graphql_operations_shared_total{")
                && line.contains(&service)
                && line.contains(&how)
        });
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok()).sum()
    }
}

/// Fresh for a minute.
pub fn fresh(rows: Value) -> Reply {
    Reply::json(200, rows).header("cache-control", "max-age=60")
}

/// What is asked for exists.
pub fn rows(call: &Call, row: impl Fn(&str) -> Value) -> Value {
    call.list("ids").iter().map(|id| row(id)).collect()
}

pub fn thing(id: &str) -> Value {
    json!({
        "id": id, "name": format!("Thing {id}"), "colour": "terahertz",
        "colours": ["red", null, "infrared", "terahertz"], "frame": {"colour": "infrared"},
        "stock": 7, "rating": 5, "label": "fine", "best": "terahertz", "secret": "hunter2",
    })
}
