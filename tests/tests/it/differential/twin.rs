//! The same schema as async-graphql alone has it: plain objects over the same rows, on its own executor.

use super::{
    ours::Colour,
    world::{self, World, behind},
};
use async_graphql::{Context, ID, Interface, Object, SimpleObject, Union};
use bff::First;
use std::sync::Arc;

#[derive(Clone)]
pub struct Thing(Arc<World>, world::Thing);

#[derive(Clone)]
pub struct Part(Arc<World>, world::Part);

#[derive(Clone)]
pub struct Other(Arc<World>, world::Other);

#[derive(Union)]
#[expect(clippy::large_enum_variant, reason = "rows of a test")]
pub enum Any {
    Thing(Thing),
    Other(Other),
}

#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID"))]
#[expect(clippy::large_enum_variant, reason = "rows of a test")]
pub enum Face {
    Thing(Thing),
    Other(Other),
}

#[derive(SimpleObject)]
pub struct Hidden {
    depth: i32,
}

#[derive(SimpleObject)]
pub struct ThingConnection {
    edges: Vec<ThingEdge>,
    nodes: Vec<Thing>,
    page_info: PageInfo,
}

#[derive(SimpleObject)]
pub struct ThingEdge {
    cursor: String,
    node: Thing,
}

#[derive(SimpleObject)]
pub struct PageInfo {
    has_next_page: bool,
    has_previous_page: bool,
    start_cursor: Option<String>,
    end_cursor: Option<String>,
}

trait Find {
    fn find(&self, id: &str) -> Option<Thing>;
    fn things(&self, ids: &[String]) -> Vec<Thing>;
    fn page(&self, ids: &[String], first: First, after: Option<&str>) -> ThingConnection;
}

impl Find for Arc<World> {
    fn find(&self, id: &str) -> Option<Thing> {
        self.thing(id).map(|thing| Thing(self.clone(), thing.clone()))
    }

    fn things(&self, ids: &[String]) -> Vec<Thing> {
        ids.iter().filter_map(|id| self.find(id)).collect()
    }

    fn page(&self, ids: &[String], first: First, after: Option<&str>) -> ThingConnection {
        let first = usize::try_from(first.get()).unwrap_or(usize::MAX);
        let rest: Vec<_> = self.things(ids).into_iter().enumerate().skip(behind(after)).collect();
        let edges: Vec<_> = rest
            .iter()
            .take(first)
            .map(|(at, node)| ThingEdge { cursor: format!("c{at}"), node: node.clone() })
            .collect();
        ThingConnection {
            nodes: edges.iter().map(|edge| edge.node.clone()).collect(),
            page_info: PageInfo {
                has_next_page: rest.len() > first,
                has_previous_page: after.is_some(),
                start_cursor: edges.first().map(|edge| edge.cursor.clone()),
                end_cursor: edges.last().map(|edge| edge.cursor.clone()),
            },
            edges,
        }
    }
}

fn limited(mut things: Vec<Thing>, first: Option<First>) -> Vec<Thing> {
    things.truncate(first.and_then(|first| first.get().try_into().ok()).unwrap_or(usize::MAX));
    things
}

fn narrow(number: i64) -> i32 {
    number.try_into().unwrap_or_default()
}

#[Object]
impl Thing {
    async fn id(&self) -> ID {
        self.1.id.clone().into()
    }
    async fn name(&self) -> Option<&str> {
        self.1.name.as_deref()
    }
    async fn label(&self) -> &str {
        &self.1.label
    }
    async fn size(&self) -> Option<i32> {
        self.1.size.map(narrow)
    }
    async fn mass(&self) -> i32 {
        narrow(self.1.mass)
    }
    async fn tags(&self) -> &[String] {
        &self.1.tags
    }
    async fn flags(&self) -> Option<&[Option<bool>]> {
        self.1.flags.as_deref()
    }
    async fn colour(&self) -> Option<Colour> {
        self.1.colour
    }
    async fn ratio(&self) -> f64 {
        self.1.ratio
    }
    async fn part(&self) -> Option<Part> {
        self.1.part.clone().map(|part| Part(self.0.clone(), part))
    }
    async fn whole(&self) -> Part {
        Part(self.0.clone(), self.1.whole.clone())
    }
    async fn parts(&self) -> Vec<Part> {
        self.1.parts.iter().map(|part| Part(self.0.clone(), part.clone())).collect()
    }
    async fn spares(&self) -> Option<Vec<Part>> {
        let spares = self.1.spares.as_ref()?;
        Some(spares.iter().map(|part| Part(self.0.clone(), part.clone())).collect())
    }
    async fn secret(&self) -> Option<i32> {
        self.1.secret
    }
    async fn hidden(&self) -> Hidden {
        Hidden { depth: 0 }
    }
    async fn parent(&self) -> Option<Thing> {
        self.0.find(self.1.parent.as_deref()?)
    }
    async fn owner(&self) -> Thing {
        self.0.find(&self.1.owner).unwrap_or_else(|| self.clone())
    }
    async fn single(&self) -> Option<Thing> {
        self.0.find(self.1.single.as_deref()?)
    }
    async fn children(&self, #[graphql(default = 2)] first: First) -> Option<Vec<Thing>> {
        Some(limited(self.0.things(&self.1.children), Some(first)))
    }
    async fn must_children(&self, first: Option<First>) -> Vec<Thing> {
        limited(self.0.things(&self.1.children), first)
    }
    async fn maybe_children(&self) -> Option<Vec<Option<Thing>>> {
        Some(self.0.things(&self.1.children).into_iter().map(Some).collect())
    }
    async fn all_children(&self) -> Vec<Option<Thing>> {
        self.0.things(&self.1.children).into_iter().map(Some).collect()
    }
    async fn any(&self) -> Option<Any> {
        any(&self.0, self.1.anys.first()?)
    }
    async fn anys(&self) -> Option<Vec<Any>> {
        Some(self.1.anys.iter().filter_map(|id| any(&self.0, id)).collect())
    }
    async fn faces(&self) -> Option<Vec<Face>> {
        let face = |any| match any {
            Any::Thing(thing) => Face::Thing(thing),
            Any::Other(other) => Face::Other(other),
        };
        Some(self.1.anys.iter().filter_map(|id| any(&self.0, id).map(face)).collect())
    }
    async fn page(
        &self,
        #[graphql(default = 2)] first: First,
        after: Option<String>,
    ) -> Option<ThingConnection> {
        Some(self.0.page(&self.1.children, first, after.as_deref()))
    }
    async fn hello(&self, #[graphql(default = "you")] name: String, loud: Option<bool>) -> String {
        format!("{} {name}{}", self.1.label, if loud == Some(true) { "!" } else { "" })
    }
    async fn count(&self) -> Option<i32> {
        self.1.children.len().try_into().ok()
    }
    async fn must_count(&self) -> i32 {
        self.1.children.len().try_into().unwrap_or(i32::MAX)
    }
    async fn step(&self) -> Option<Vec<Thing>> {
        let parent = self.0.thing(self.1.parent.as_deref()?);
        Some(parent.map(|parent| self.0.things(&parent.children)).unwrap_or_default())
    }
    async fn made(&self) -> Part {
        let part =
            world::Part { name: self.1.label.clone(), weight: self.1.size, thing: Some(self.1.id.clone()) };
        Part(self.0.clone(), part)
    }
}

fn any(world: &Arc<World>, id: &str) -> Option<Any> {
    let other = || world.other(id).map(|other| Any::Other(Other(world.clone(), other.clone())));
    world.find(id).map(Any::Thing).or_else(other)
}

#[Object]
impl Part {
    async fn name(&self) -> &str {
        &self.1.name
    }
    async fn weight(&self) -> Option<i32> {
        self.1.weight.map(narrow)
    }
    async fn thing(&self) -> Option<Thing> {
        self.0.find(self.1.thing.as_deref()?)
    }
}

#[Object]
impl Other {
    async fn id(&self) -> ID {
        self.1.id.clone().into()
    }
    async fn title(&self) -> Option<&str> {
        self.1.title.as_deref()
    }
    async fn thing(&self) -> Option<Thing> {
        self.0.find(self.1.thing.as_deref()?)
    }
}

pub struct Query;

fn here(ctx: &Context<'_>) -> Arc<World> {
    ctx.data_unchecked::<Arc<World>>().clone()
}

#[Object]
impl Query {
    async fn thing(&self, ctx: &Context<'_>, id: ID) -> Option<Thing> {
        here(ctx).find(&id)
    }
    async fn must(&self, ctx: &Context<'_>, id: ID) -> async_graphql::Result<Thing> {
        here(ctx).find(&id).ok_or_else(|| "missing".into())
    }
    async fn all(&self, ctx: &Context<'_>) -> Option<Vec<Thing>> {
        let world = here(ctx);
        Some(world.things.iter().map(|thing| Thing(world.clone(), thing.clone())).collect())
    }
    async fn everything(&self, ctx: &Context<'_>) -> Vec<Option<Thing>> {
        let world = here(ctx);
        world.things.iter().map(|thing| Some(Thing(world.clone(), thing.clone()))).collect()
    }
    async fn anys(&self, ctx: &Context<'_>) -> Option<Vec<Any>> {
        let world = here(ctx);
        Some(world.anys.iter().filter_map(|id| any(&world, id)).collect())
    }
    async fn page(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 2)] first: First,
        after: Option<String>,
    ) -> Option<ThingConnection> {
        let world = here(ctx);
        let ids: Vec<String> = world.things.iter().map(|thing| thing.id.clone()).collect();
        Some(world.page(&ids, first, after.as_deref()))
    }
    async fn made(&self, ctx: &Context<'_>) -> Part {
        let part = world::Part { name: "made".to_owned(), weight: None, thing: Some("t0".to_owned()) };
        Part(here(ctx), part)
    }
    async fn number(&self) -> i32 {
        42
    }
}
