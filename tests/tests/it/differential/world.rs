//! Random rows and failures, served as REST and described to the judge.

use super::ours::Colour;
use kit::{Call, Fake, Reply, Value, json};
use rand::{Rng, rngs::StdRng, seq::IndexedRandom};
use std::collections::BTreeSet;

/// What can be broken as a whole: every call of that path fails.
pub const PATHS: [&str; 6] = ["things", "children", "anys", "faces", "page", "all"];

#[derive(Debug, Default)]
pub struct World {
    pub things: Vec<Thing>,
    pub others: Vec<Other>,
    /// Ids of things and others, in the root list of unions.
    pub anys: Vec<String>,
    pub broken: BTreeSet<&'static str>,
    /// Things whose single read fails.
    pub broken_singles: BTreeSet<String>,
    pub guarded: bool,
}

#[derive(Clone, Debug)]
pub struct Thing {
    pub id: String,
    pub name: Option<String>,
    pub label: String,
    pub size: Option<i64>,
    pub mass: i64,
    pub tags: Vec<String>,
    pub flags: Option<Vec<Option<bool>>>,
    pub colour: Option<Colour>,
    pub ratio: f64,
    pub part: Option<Part>,
    pub whole: Part,
    pub parts: Vec<Part>,
    pub spares: Option<Vec<Part>>,
    pub secret: Option<i32>,
    pub parent: Option<String>,
    pub owner: String,
    pub single: Option<String>,
    pub children: Vec<String>,
    pub anys: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Part {
    pub name: String,
    pub weight: Option<i64>,
    pub thing: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Other {
    pub id: String,
    pub title: Option<String>,
    pub thing: Option<String>,
}

impl World {
    pub fn random(rng: &mut StdRng, failures: bool) -> Self {
        let count = rng.random_range(1..6);
        let ids: Vec<String> = (0..count).map(|n| format!("t{n}")).collect();
        let others: Vec<String> = (0..rng.random_range(0..3)).map(|n| format!("o{n}")).collect();
        let both: Vec<String> = ids.iter().chain(&others).cloned().collect();
        let mut world = Self { guarded: failures, ..Self::default() };
        world.things = ids.iter().map(|id| Thing::random(rng, id, &ids, &both, failures)).collect();
        world.others = others
            .iter()
            .map(|id| Other {
                id: id.clone(),
                title: maybe(rng, text),
                thing: maybe(rng, |rng| some_id(rng, &ids)),
            })
            .collect();
        world.anys = some(rng, &both);
        if failures {
            world.broken = PATHS.into_iter().filter(|_| rng.random_ratio(1, 8)).collect();
            world.broken_singles = ids.iter().filter(|_| rng.random_ratio(1, 4)).cloned().collect();
        }
        world
    }

    pub fn thing(&self, id: &str) -> Option<&Thing> {
        self.things.iter().find(|thing| thing.id == id)
    }

    pub fn other(&self, id: &str) -> Option<&Other> {
        self.others.iter().find(|other| other.id == id)
    }

    /// Answers the calls of [`super::ours`].
    pub fn serve(self: &std::sync::Arc<Self>, fake: &Fake) {
        let serve = |path: &'static str, answer: fn(&Self, &Call) -> Vec<Value>| {
            let world = self.clone();
            fake.get(&format!("/{path}"), move |call| {
                if world.broken.contains(path) {
                    return Reply::problem(500, "broken");
                }
                json!({"items": answer(&world, call)}).into()
            });
        };
        serve("things", |world, call| {
            call.list("ids").iter().filter_map(|id| Some(world.thing(id)?.row(None, None))).collect()
        });
        serve("all", |world, _| world.things.iter().map(|thing| thing.row(None, None)).collect());
        serve("children", |world, call| world.children(call));
        serve("page", |world, call| world.children(call));
        serve("anys", |world, call| world.unions(call));
        serve("faces", |world, call| world.unions(call));
        let world = self.clone();
        fake.get("/singles/{id}", move |call| {
            let id = call.segment("id");
            match world.thing(&id) {
                _ if world.broken_singles.contains(&id) => Reply::problem(503, "broken"),
                Some(thing) => thing.row(None, None).into(),
                None => Reply::problem(404, "none"),
            }
        });
    }

    fn children(&self, call: &Call) -> Vec<Value> {
        let limit = call.param("limit").and_then(|limit| limit.parse().ok()).unwrap_or(usize::MAX);
        let after = call.param("after");
        let all: Vec<String> = self.things.iter().map(|thing| thing.id.clone()).collect();
        let lists: Vec<(Option<String>, &[String])> = match call.param("of_ids") {
            // The root's page is of all things.
            None => vec![(None, &all)],
            Some(_) => call
                .list("of_ids")
                .into_iter()
                .map(|id| {
                    let children = self.thing(&id).map(|thing| thing.children.as_slice()).unwrap_or_default();
                    (Some(id), children)
                })
                .collect(),
        };
        lists
            .iter()
            .flat_map(|(of, children)| {
                let rows = children.iter().enumerate().skip(behind(after.as_deref())).take(limit);
                rows.filter_map(|(at, id)| Some(self.thing(id)?.row(of.as_deref(), Some(at))))
            })
            .collect()
    }

    fn unions(&self, call: &Call) -> Vec<Value> {
        let row = |id: &String, of: Option<&str>| match (self.thing(id), self.other(id)) {
            (Some(thing), _) => Some(tagged(thing.row(of, None), "thing")),
            (_, Some(other)) => Some(tagged(other.row(of), "other")),
            _ => None,
        };
        match call.param("of_ids") {
            None => self.anys.iter().filter_map(|id| row(id, None)).collect(),
            Some(_) => {
                let of = call.list("of_ids");
                of.iter()
                    .filter_map(|of| self.thing(of))
                    .flat_map(|thing| thing.anys.iter().filter_map(|id| row(id, Some(&thing.id))))
                    .collect()
            }
        }
    }

    pub fn described(&self) -> String {
        format!("{self:#?}")
    }
}

/// Cursors are places: `c0` stands for the first.
pub fn behind(after: Option<&str>) -> usize {
    after.and_then(|after| after.strip_prefix('c')?.parse::<usize>().ok()).map_or(0, |at| at + 1)
}

fn tagged(mut row: Value, kind: &str) -> Value {
    row["type"] = kind.into();
    row
}

impl Thing {
    fn random(rng: &mut StdRng, id: &str, ids: &[String], both: &[String], failures: bool) -> Self {
        Self {
            id: id.to_owned(),
            name: maybe(rng, text),
            label: text(rng),
            size: maybe(rng, |rng| number(rng, failures)),
            mass: number(rng, failures && rng_bool(id)),
            tags: list(rng, text),
            flags: maybe(rng, |rng| list(rng, |rng| maybe(rng, |rng| rng.random()))),
            colour: maybe(rng, |rng| if rng.random() { Colour::Red } else { Colour::DarkBlue }),
            ratio: f64::from(rng.random_range(-8..8)) / 4.0,
            part: maybe(rng, |rng| Part::random(rng, ids, failures)),
            whole: Part::random(rng, ids, failures),
            parts: list(rng, |rng| Part::random(rng, ids, failures)),
            spares: maybe(rng, |rng| list(rng, |rng| Part::random(rng, ids, failures))),
            secret: maybe(rng, |rng| rng.random_range(0..9)),
            parent: maybe(rng, |rng| some_id(rng, ids)),
            owner: if failures { some_id(rng, ids) } else { ids.choose(rng).cloned().unwrap_or_default() },
            single: maybe(rng, |rng| some_id(rng, ids)),
            children: some(rng, ids),
            anys: some(rng, both),
        }
    }

    /// As an upstream writes it: for which key, and where in that key's list.
    fn row(&self, of: Option<&str>, at: Option<usize>) -> Value {
        json!({
            "id": self.id, "name": self.name, "label": self.label, "size": self.size, "mass": self.mass,
            "tags": self.tags, "flags": self.flags, "colour": self.colour.map(|colour| colour.wire()),
            "ratio": self.ratio, "hidden": {"depth": 0}, "part": self.part.as_ref().map(Part::row), "whole": self.whole.row(),
            "parts": rows(&self.parts), "spares": self.spares.as_deref().map(rows), "secret": self.secret,
            "parent_id": self.parent, "owner_id": self.owner, "single_id": self.single,
            "of": of, "cursor": at.map(|at| format!("c{at}")),
        })
    }
}

fn rows(parts: &[Part]) -> Vec<Value> {
    parts.iter().map(Part::row).collect()
}

impl Part {
    fn random(rng: &mut StdRng, ids: &[String], failures: bool) -> Self {
        Self {
            name: text(rng),
            weight: maybe(rng, |rng| number(rng, failures)),
            thing: maybe(rng, |rng| some_id(rng, ids)),
        }
    }

    fn row(&self) -> Value {
        json!({"name": self.name, "weight": self.weight, "thing_id": self.thing})
    }
}

impl Other {
    fn row(&self, of: Option<&str>) -> Value {
        json!({"id": self.id, "title": self.title, "thing_id": self.thing, "of": of})
    }
}

fn rng_bool(id: &str) -> bool {
    // Not every thing may be too heavy, or no list would ever be whole.
    id.ends_with(['1', '3'])
}

fn maybe<T>(rng: &mut StdRng, make: impl FnOnce(&mut StdRng) -> T) -> Option<T> {
    rng.random_ratio(3, 4).then(|| make(rng))
}

fn list<T>(rng: &mut StdRng, mut make: impl FnMut(&mut StdRng) -> T) -> Vec<T> {
    (0..rng.random_range(0..3)).map(|_| make(rng)).collect()
}

fn some(rng: &mut StdRng, of: &[String]) -> Vec<String> {
    (0..rng.random_range(0..4)).filter_map(|_| of.choose(rng).cloned()).collect()
}

fn some_id(rng: &mut StdRng, ids: &[String]) -> String {
    if rng.random_ratio(1, 6) { "missing".to_owned() } else { ids.choose(rng).cloned().unwrap_or_default() }
}

fn text(rng: &mut StdRng) -> String {
    const TEXTS: [&str; 6] =
        ["", "plain", "\"q\" \\", "é 🎵", "line\nbreak\u{1}", "a much longer text than the others"];
    TEXTS.choose(rng).map(|text| (*text).to_owned()).unwrap_or_default()
}

fn number(rng: &mut StdRng, failures: bool) -> i64 {
    const FAR: [i64; 3] = [1 << 31, -(1 << 31) - 1, i64::MAX / 1_024];
    if failures && rng.random_ratio(1, 4) {
        FAR.choose(rng).copied().unwrap_or_default()
    } else {
        *[0, -1, 7, i64::from(i32::MAX), i64::from(i32::MIN)].choose(rng).unwrap_or(&0)
    }
}
