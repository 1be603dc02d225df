//! A schema with every shape, on the fan-out executor.

use async_graphql::{EmptyMutation, EmptySubscription, Enum, ID, Object};
use bff::{
    Ask, Bff, Deferrable, Fault, First, Have, IntoAsk, Leaf, Many, ManyMaybe, Maybe, One, OptionalManyMaybe,
    RequestContext, Then, Told, Upstream, edges, entity,
    fanout::{AsKey, Bubble, Key, Out, Path},
    question,
};
use serde::Deserialize;

// No breaker: async-graphql's own executor, which this is compared with, has none either.
const REST: Upstream = Upstream::named("rest").open_after(0).open_percent(0);

#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Colour {
    Red,
    DarkBlue,
}

impl Colour {
    pub fn name(self) -> &'static str {
        match self {
            Colour::Red => "RED",
            Colour::DarkBlue => "DARK_BLUE",
        }
    }

    pub fn wire(self) -> &'static str {
        match self {
            Colour::Red => "red",
            Colour::DarkBlue => "dark_blue",
        }
    }
}

impl Leaf for Colour {
    fn put(&self, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
        self.name().put(out, path)
    }
}

#[entity]
pub struct Thing {
    id: ID,
    name: Option<String>,
    label: String,
    size: Option<i64>,
    mass: i64,
    tags: Vec<String>,
    flags: Option<Vec<Option<bool>>>,
    colour: Option<Colour>,
    ratio: f64,
    part: Option<Part>,
    whole: Part,
    parts: Vec<Part>,
    spares: Option<Vec<Part>>,
    #[graphql(guard = friends)]
    secret: Option<i32>,
    #[graphql(guard = friends)]
    hidden: Hidden,
    #[graphql(skip)]
    parent_id: Option<ID>,
    #[graphql(skip)]
    owner_id: ID,
    #[graphql(skip)]
    single_id: Option<ID>,
    #[graphql(skip)]
    of: Option<ID>,
    cursor: Option<String>,
}

/// Refused as a whole: an object behind a guard, where null may not stand.
#[entity]
pub struct Hidden {
    depth: i32,
}

fn friends(request: &RequestContext) -> Result<(), Fault> {
    match request.client().name.as_deref() {
        Some("friend") => Ok(()),
        _ => Err(Fault::forbidden("Friends only.")),
    }
}

#[edges]
impl Thing {
    fn parent(&self) -> Option<Ask<ThingById>> {
        Some(ThingById(self.parent_id.clone()?).ask())
    }

    fn owner(&self) -> Ask<ThingById, One> {
        ThingById(self.owner_id.clone()).ask()
    }

    fn single(&self) -> Option<Ask<Single>> {
        Some(Single(self.single_id.clone()?).ask())
    }

    fn children(&self, #[graphql(default = 2)] first: First) -> Ask<Children> {
        Children { of: self.id.clone(), first: Some(first) }.ask()
    }

    fn must_children(&self, first: Option<First>) -> Ask<Children, Many> {
        Children { of: self.id.clone(), first }.ask()
    }

    fn maybe_children(&self) -> Ask<Children, OptionalManyMaybe> {
        Children { of: self.id.clone(), first: None }.ask()
    }

    fn all_children(&self) -> Ask<Children, ManyMaybe> {
        Children { of: self.id.clone(), first: None }.ask()
    }

    fn any(&self) -> Ask<Anys, Maybe> {
        Anys(self.id.clone()).ask()
    }

    fn anys(&self) -> Ask<Anys> {
        Anys(self.id.clone()).ask()
    }

    fn faces(&self) -> Ask<Faces> {
        Faces(self.id.clone()).ask()
    }

    fn page(&self, #[graphql(default = 2)] first: First, after: Option<String>) -> Ask<Page> {
        Page { of: self.id.clone(), first, after }.ask()
    }

    fn hello(&self, #[graphql(default = "you")] name: String, loud: Option<bool>) -> String {
        format!("{} {name}{}", self.label, if loud == Some(true) { "!" } else { "" })
    }

    fn count(&self) -> Told<Children, Option<i32>> {
        Children { of: self.id.clone(), first: None }.ask().tell(|rows, _| i32::try_from(rows.len()).ok())
    }

    fn must_count(&self) -> Told<Children, i32> {
        Children { of: self.id.clone(), first: None }
            .ask()
            .tell(|rows, _| rows.len().try_into().unwrap_or(i32::MAX))
    }

    fn step(&self) -> Option<Then<Ask<ThingById>, Ask<Children>>> {
        Some(ThingById(self.parent_id.clone()?).ask().then(|rows, _| {
            let of = rows.first().map(|parent| parent.id.clone()).unwrap_or_default();
            Children { of, first: None }.ask()
        }))
    }

    fn made(&self) -> Have<Part> {
        Have::one(Part { name: self.label.clone(), weight: self.size, thing_id: Some(self.id.clone()) })
    }
}

#[entity]
pub struct Part {
    name: String,
    weight: Option<i64>,
    #[graphql(skip)]
    thing_id: Option<ID>,
}

#[edges]
impl Part {
    fn thing(&self) -> Option<Ask<ThingById>> {
        Some(ThingById(self.thing_id.clone()?).ask())
    }
}

#[entity]
pub struct Other {
    id: ID,
    title: Option<String>,
    #[graphql(skip)]
    thing_id: Option<ID>,
    #[graphql(skip)]
    of: Option<ID>,
}

#[edges]
impl Other {
    fn thing(&self) -> Option<Ask<ThingById>> {
        Some(ThingById(self.thing_id.clone()?).ask())
    }
}

#[entity]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "rows of a test")]
pub enum Any {
    Thing(Thing),
    Other(Other),
}

#[entity(interface("id"))]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "rows of a test")]
pub enum Face {
    Thing(Thing),
    Other(Other),
}

fn of_any(any: &Any) -> Key<'_> {
    match any {
        Any::Thing(Thing { of, .. }) | Any::Other(Other { of, .. }) => of.as_key(),
    }
}

fn of_face(face: &Face) -> Key<'_> {
    match face {
        Face::Thing(Thing { of, .. }) | Face::Other(Other { of, .. }) => of.as_key(),
    }
}

#[question(upstream = REST, get = "/things", key = "ids", row = Thing, by = id, public, page = 2)]
pub struct ThingById(ID);

#[question(upstream = REST, get = "/singles/{id}", row = Thing, public, at_once = 2)]
pub struct Single(#[key("id")] ID);

#[question(upstream = REST, get = "/children", row = Thing, by = of, many, public)]
pub struct Children {
    #[key("of_ids")]
    of: ID,
    #[query("limit")]
    first: Option<First>,
}

#[question(upstream = REST, get = "/page", row = Thing, by = of, connection, public)]
pub struct Page {
    #[key("of_ids")]
    of: ID,
    #[query("limit")]
    first: First,
    after: Option<String>,
}

#[question(upstream = REST, get = "/page", row = Thing, connection, public)]
pub struct RootPage {
    #[query("limit")]
    first: First,
    after: Option<String>,
}

#[question(upstream = REST, get = "/anys", key = "of_ids", row = Any, by = self::of_any, many, all_fields, public)]
pub struct Anys(ID);

#[question(upstream = REST, get = "/faces", key = "of_ids", row = Face, by = self::of_face, many, all_fields, public)]
pub struct Faces(ID);

#[question(upstream = REST, get = "/anys", row = Any, many, all_fields, public)]
pub struct AllAnys {}

#[question(upstream = REST, get = "/all", row = Thing, many, public)]
pub struct All {}

pub struct Query;

#[Object]
impl Query {
    async fn thing(&self, id: ID) -> Ask<ThingById> {
        ThingById(id).ask()
    }

    async fn must(&self, id: ID) -> Ask<ThingById, One> {
        ThingById(id).ask()
    }

    async fn all(&self) -> Ask<All> {
        All {}.ask()
    }

    async fn everything(&self) -> Ask<All, ManyMaybe> {
        All {}.ask()
    }

    async fn anys(&self) -> Ask<AllAnys> {
        AllAnys {}.ask()
    }

    async fn page(&self, #[graphql(default = 2)] first: First, after: Option<String>) -> Ask<RootPage> {
        RootPage { first, after }.ask()
    }

    async fn made(&self) -> Part {
        Part { name: "made".to_owned(), weight: None, thing_id: Some("t0".into()) }
    }

    async fn number(&self) -> i32 {
        42
    }
}

pub fn bff() -> Bff {
    Bff::new("shapes", "").upstreams(&[REST]).schema(Query, EmptyMutation, EmptySubscription)
}

/// The same, of which fragments may be put off.
pub fn bff_in_parts() -> Bff {
    Bff::new("shapes", "").upstreams(&[REST]).schema(Deferrable(Query), EmptyMutation, EmptySubscription)
}
