//! What an operation costs: 1 for each object that it may ask for, times the sizes of the lists that they stand in.
//!
//! A list is as long as `first`, `last` or `limit` say. They may stand at the list itself, or at the object around it (a
//! connection: `things(first: 5) { nodes { … } }`). Without them it is [`LIST`] long, or what the field's tag says.
//! Where a variable says it, the cost is known when the variables are; the document is walked once all the same.

use super::steps;
use async_graphql::{
    Name, Value, Variables,
    registry::{MetaField, Registry},
};
use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

/// The arguments that say how long a list is.
pub const SIZES: [&str; 3] = ["first", "last", "limit"];
/// How long a list is if nobody says.
const LIST: u64 = 10;

/// What fields say of their cost, by type and field; most say nothing.
#[derive(Default)]
pub struct Tags(HashMap<String, HashMap<String, Tag>>);

/// What a field says of its cost.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Tag {
    /// `cost:5`: of the field itself, or of each of its items.
    pub weight: Option<u64>,
    /// `items:25`: how long its list is.
    pub items: Option<u64>,
}

impl Tags {
    /// # Errors
    /// The field whose tag is no number.
    pub fn of(registry: &Registry) -> Result<Self, String> {
        let mut tags = HashMap::<String, HashMap<String, Tag>>::new();
        for (ty, meta) in &registry.types {
            for (field, meta) in meta.fields().into_iter().flatten() {
                let tag = Tag::of(meta).map_err(|wrong| format!("{ty}.{field} {wrong}"))?;
                if tag != Tag::default() {
                    tags.entry(ty.clone()).or_default().insert(field.clone(), tag);
                }
            }
        }
        Ok(Self(tags))
    }

    pub fn get(&self, ty: &str, field: &str) -> Tag {
        self.0.get(ty).and_then(|fields| fields.get(field)).copied().unwrap_or_default()
    }
}

impl Tag {
    /// # Errors
    /// Which tag is no number, and how to write it.
    pub fn of(field: &MetaField) -> Result<Self, String> {
        let mut tag = Self::default();
        for text in &field.tags {
            let Some((kind, number)) = text.split_once(':') else { continue };
            let place = match kind {
                "cost" => &mut tag.weight,
                "items" => &mut tag.items,
                _ => continue,
            };
            *place = Some(
                number
                    .trim()
                    .parse()
                    .map_err(|_| format!("has the tag \"{text}\": write a number, such as `{kind}:5`"))?,
            );
        }
        Ok(tag)
    }

    /// What a field without objects costs each time that it is answered. How many items a list of such has is not looked
    /// at: it counts for as many as it is usually long.
    pub fn of_leaf(&self, list: bool) -> u64 {
        let items = if list { self.items.unwrap_or(LIST) } else { 1 };
        self.weight.unwrap_or(0).saturating_mul(items)
    }

    /// What each object costs that a field leads to.
    pub fn of_object(&self) -> u64 {
        self.weight.unwrap_or(1)
    }
}

/// How long a list is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Size {
    Known(u64),
    Variable {
        name: Name,
        /// Where the variable has no value.
        otherwise: u64,
    },
}

impl Size {
    fn of(&self, variables: &Variables) -> u64 {
        match self {
            Self::Known(size) => *size,
            Self::Variable { name, otherwise } => match variables.get(name) {
                Some(Value::Number(number)) => {
                    number.as_i64().map_or(u64::MAX, |size| u64::try_from(size).unwrap_or(0))
                }
                _ => *otherwise,
            },
        }
    }
}

/// A cost: known, or one of the [`Sums`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    Known(u64),
    Sum(usize),
}

impl Cost {
    fn of(self, totals: &[u64]) -> u64 {
        match self {
            Self::Known(cost) => cost,
            Self::Sum(at) => totals.get(at).copied().unwrap_or(u64::MAX),
        }
    }
}

impl Default for Cost {
    fn default() -> Self {
        Self::Known(0)
    }
}

/// `known` and all parts, each times its size.
#[derive(Clone, Default, Debug)]
pub struct Sum {
    known: u64,
    parts: Vec<(Size, Cost)>,
}

impl Sum {
    pub fn add(&mut self, size: Size, cost: Cost) {
        steps::take(1);
        match (size, cost) {
            (Size::Known(size), Cost::Known(cost)) => {
                self.known = self.known.saturating_add(size.saturating_mul(cost));
            }
            part => self.parts.push(part),
        }
    }

    pub fn once(&mut self, cost: Cost) {
        self.add(Size::Known(1), cost);
    }
}

/// All sums of a document that hang on variables, each after those that it is made of.
#[derive(Clone, Default, Debug)]
pub struct Sums {
    list: Vec<Sum>,
    /// A field of the document says itself what it costs.
    weighed: bool,
}

impl Sums {
    pub fn close(&mut self, sum: Sum) -> Cost {
        if sum.parts.is_empty() {
            return Cost::Known(sum.known);
        }
        self.list.push(sum);
        Cost::Sum(self.list.len() - 1)
    }

    /// What the first so many come to.
    fn totals(&self, first: usize, size: impl Fn(&Size) -> u64) -> Vec<u64> {
        let mut totals = Vec::with_capacity(first.min(self.list.len()));
        for sum in self.list.iter().take(first) {
            steps::take(1 + sum.parts.len());
            let parts = sum.parts.iter().map(|(length, cost)| size(length).saturating_mul(cost.of(&totals)));
            totals.push(parts.fold(sum.known, u64::saturating_add));
        }
        totals
    }
}

/// The cost of one operation.
#[derive(Clone, Default, Debug)]
pub struct OperationCost {
    sums: Arc<Sums>,
    cost: Cost,
    /// Those that say how long a list is, found when it first runs: of many operations most never do.
    sizes: OnceLock<Box<[Name]>>,
}

impl OperationCost {
    pub fn new(sums: Arc<Sums>, cost: Cost) -> Self {
        Self { sums, cost, sizes: OnceLock::new() }
    }

    /// The variables that say how long a list is.
    pub fn sizes(&self) -> &[Name] {
        self.sizes.get_or_init(|| self.find_sizes())
    }

    fn find_sizes(&self) -> Box<[Name]> {
        let mut sizes = Vec::<Name>::new();
        let mut reached = vec![false; self.sums.list.len()];
        let mut open = vec![self.cost];
        while let Some(cost) = open.pop() {
            let Cost::Sum(at) = cost else { continue };
            let Some(sum) = self.sums.list.get(at) else { continue };
            if reached.get_mut(at).is_none_or(|reached| std::mem::replace(reached, true)) {
                continue;
            }
            for (size, cost) in &sum.parts {
                open.push(*cost);
                if let Size::Variable { name, .. } = size {
                    sizes.push(name.clone());
                }
            }
        }
        sizes.sort_unstable();
        sizes.dedup();
        sizes.into()
    }

    /// A field of its document says itself what it costs.
    pub fn is_weighed(&self) -> bool {
        self.sums.weighed
    }

    /// With these variables, coerced.
    pub fn with(&self, variables: &Variables) -> u64 {
        let sums = if let Cost::Sum(root) = self.cost { root + 1 } else { 0 };
        self.cost.of(&self.sums.totals(sums, |size| size.of(variables)))
    }

    /// All operations of one document, whatever the variables are.
    pub fn at_least(operations: &[Self]) -> Vec<u64> {
        let Some(first) = operations.first() else { return Vec::new() };
        let least = |size: &Size| match size {
            Size::Known(size) => *size,
            Size::Variable { .. } => 0,
        };
        let totals = first.sums.totals(usize::MAX, least);
        operations.iter().map(|operation| operation.cost.of(&totals)).collect()
    }
}

/// What a selection set costs: by itself, and for each item that the lists right in it have, whose length is said around
/// the set.
#[derive(Clone, Copy, Default, Debug)]
pub struct SetCost {
    pub own: Cost,
    pub per_item: Cost,
}

/// A set's cost in the making.
#[derive(Default)]
pub struct SetSum {
    own: Sum,
    per_item: Sum,
}

/// What is known of a selected field.
pub struct FieldCost {
    /// An object, an interface or a union.
    pub composite: bool,
    pub list: bool,
    pub tag: Tag,
    /// As an argument says.
    pub size: Option<Size>,
}

impl SetSum {
    pub fn field(&mut self, field: FieldCost, below: SetCost, sums: &mut Sums) {
        sums.weighed |= field.tag.weight.is_some();
        let weight = Cost::Known(field.tag.weight.unwrap_or(u64::from(field.composite)));
        let said = field.size.or(field.tag.items.map(Size::Known));
        let mut one = Sum::default();
        one.once(weight);
        one.once(below.own);
        if field.list {
            // What is said here is this list's length; those right below have none.
            one.add(Size::Known(LIST), below.per_item);
            let one = sums.close(one);
            match said {
                Some(size) => self.own.add(size, one),
                None => self.per_item.once(one),
            }
        } else {
            one.add(said.unwrap_or(Size::Known(LIST)), below.per_item);
            let one = sums.close(one);
            self.own.once(one);
        }
    }

    pub fn spread(&mut self, below: SetCost) {
        self.own.once(below.own);
        self.per_item.once(below.per_item);
    }

    pub fn close(self, sums: &mut Sums) -> SetCost {
        SetCost { own: sums.close(self.own), per_item: sums.close(self.per_item) }
    }
}

/// A whole set's cost, with nothing said around it.
pub fn whole(set: SetCost, sums: &mut Sums) -> Cost {
    let mut sum = Sum::default();
    sum.once(set.own);
    sum.add(Size::Known(LIST), set.per_item);
    sums.close(sum)
}
