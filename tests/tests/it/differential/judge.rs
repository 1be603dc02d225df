//! A world as the judge wants it told (tests/judge/README.md).

use super::{
    Case,
    world::{Other, Part, Thing, World, behind},
};
use kit::{Value, json};
use serde_json::Map;

pub struct Judge {
    process: crate::judge::Judge,
    sdl: String,
}

/// Arguments `first` that documents use; 0 is out of bounds.
pub const FIRSTS: [i32; 4] = [0, 1, 2, 3];
/// Arguments `id` that documents use; some worlds have no `t1`.
pub const IDS: [&str; 3] = ["t0", "t1", "missing"];
/// Arguments `after` that documents use.
pub const AFTERS: [&str; 3] = ["c0", "c1", "c7"];
/// Arguments `name` that documents use.
pub const NAMES: [&str; 2] = ["you", "me"];

impl Judge {
    pub async fn start(sdl: &str) -> Self {
        Self { process: crate::judge::Judge::start().await, sdl: sdl.to_owned() }
    }

    /// graphql-js 17, of answers in parts.
    pub async fn of_parts(sdl: &str) -> Self {
        Self { process: crate::judge::Judge::of_parts().await, sdl: sdl.to_owned() }
    }

    /// The verdict on a case with these answers, which are passed on as they are: the order of keys counts.
    pub async fn ask(&mut self, case: &Case, answers: &[(&str, &str)]) -> Value {
        let told = Told(&case.world);
        let answers: Vec<_> = answers.iter().map(|(name, answer)| format!("\"{name}\":{answer}")).collect();
        let line = format!(
            "{{\"id\":{},\"schema\":\"shapes\",\"sdl\":{},\"document\":{},\"variables\":{},\"root\":{},\"rows\":{},\"answers\":{{{}}}}}",
            case.seed,
            json!(self.sdl),
            json!(case.document.text),
            case.document.variables,
            told.root(),
            told.rows(),
            answers.join(",")
        );
        let verdict = self.process.ask(&line).await;
        if verdict.get("fault").is_some() || verdict.get("invalid").is_some() {
            case.wrong("this case is no case", &format!("{verdict:#}"));
        }
        verdict
    }
}

struct Told<'w>(&'w World);

fn failed() -> Value {
    json!({"$error": "fails"})
}

fn reference(id: &str) -> Value {
    json!({"$ref": id})
}

fn references(ids: &[String]) -> Value {
    ids.iter().map(|id| reference(id)).collect()
}

impl Told<'_> {
    fn from(&self, path: &str, value: Value) -> Value {
        if self.0.broken.contains(path) { failed() } else { value }
    }

    /// By id, where there is something to ask for.
    fn thing(&self, id: Option<&String>) -> Value {
        id.map_or(Value::Null, |id| self.from("things", reference(id)))
    }

    fn rows(&self) -> Value {
        let things = self.0.things.iter().map(|thing| (thing.id.clone(), self.thing_row(thing)));
        let others = self.0.others.iter().map(|other| (other.id.clone(), self.other_row(other)));
        Value::Object(things.chain(others).collect())
    }

    fn root(&self) -> Value {
        let ids: Vec<String> = self.0.things.iter().map(|thing| thing.id.clone()).collect();
        let mut root = json!({
            "all": self.from("all", references(&ids)), "everything": self.from("all", references(&ids)),
            "anys": self.from("anys", references(&self.0.anys)), "number": 42,
            "made": {"name": "made", "weight": null, "thing": self.thing(Some(&"t0".to_owned()))},
        });
        if let Some(root) = root.as_object_mut() {
            for id in IDS {
                for name in ["thing", "must"] {
                    root.insert(format!("{name}({{\"id\":\"{id}\"}})"), self.from("things", reference(id)));
                }
            }
            self.pages(root, &ids);
        }
        root
    }

    /// A page for every window that documents ask for.
    fn pages(&self, row: &mut Map<String, Value>, ids: &[String]) {
        let afters = AFTERS.iter().map(|after| Some(Some(*after))).chain([Some(None), None]);
        for (after, first) in afters.flat_map(|after| FIRSTS.map(|first| (after, first))) {
            let mut args = json!({"first": first});
            if let Some(after) = after {
                args["after"] = after.into();
            }
            let after = after.flatten();
            let count = usize::try_from(first).unwrap_or(0);
            let rest: Vec<_> = ids.iter().enumerate().skip(behind(after)).collect();
            let cursor = |at: Option<&(usize, &String)>| at.map(|(at, _)| format!("c{at}"));
            let page = &rest[..rest.len().min(count)];
            let edges: Vec<_> = page
                .iter()
                .map(|(at, id)| json!({"cursor": format!("c{at}"), "node": reference(id)}))
                .collect();
            let value = json!({
                "edges": edges, "nodes": page.iter().map(|(_, id)| reference(id)).collect::<Vec<_>>(),
                "pageInfo": {
                    "hasNextPage": rest.len() > count, "hasPreviousPage": after.is_some(),
                    "startCursor": cursor(page.first()), "endCursor": cursor(page.last()),
                },
            });
            let value = if first == 0 { failed() } else { self.from("page", value) };
            row.insert(format!("page({args})"), value);
        }
    }

    fn thing_row(&self, thing: &Thing) -> Value {
        let children = self.from("children", references(&thing.children));
        let count = self.from("children", json!(thing.children.len()));
        let anys = |path| self.from(path, references(&thing.anys));
        let single = match &thing.single {
            Some(id) if self.0.broken_singles.contains(id) => failed(),
            Some(id) => reference(id),
            None => Value::Null,
        };
        let step = match &thing.parent {
            None => Value::Null,
            Some(parent) => {
                let ids = self.0.thing(parent).map(|parent| parent.children.as_slice()).unwrap_or_default();
                self.from("things", self.from("children", references(ids)))
            }
        };
        let guarded = |value| if self.0.guarded { failed() } else { value };
        let mut row = json!({
            "__typename": "Thing", "id": thing.id, "name": thing.name, "label": thing.label, "size": thing.size,
            "mass": thing.mass, "tags": thing.tags, "flags": thing.flags,
            "colour": thing.colour.map(|colour| colour.name()), "ratio": thing.ratio,
            "part": thing.part.as_ref().map(|part| self.part_row(part)), "whole": self.part_row(&thing.whole),
            "parts": self.part_rows(&thing.parts), "spares": thing.spares.as_deref().map(|parts| self.part_rows(parts)),
            "secret": guarded(json!(thing.secret)), "hidden": guarded(json!({"depth": 0})),
            "parent": self.thing(thing.parent.as_ref()), "owner": self.thing(Some(&thing.owner)), "single": single,
            "mustChildren": children, "maybeChildren": children, "allChildren": children,
            "any": self.from("anys", thing.anys.first().map_or(Value::Null, |id| reference(id))),
            "anys": anys("anys"), "faces": anys("faces"), "count": count, "mustCount": count, "step": step,
            "made": {"name": thing.label, "weight": thing.size, "thing": self.thing(Some(&thing.id))},
        });
        if let Some(row) = row.as_object_mut() {
            for first in FIRSTS {
                let some: Vec<_> =
                    thing.children.iter().take(usize::try_from(first).unwrap_or(0)).cloned().collect();
                let value = if first == 0 { failed() } else { self.from("children", references(&some)) };
                row.insert(format!("children({{\"first\":{first}}})"), value.clone());
                row.insert(format!("mustChildren({{\"first\":{first}}})"), value);
            }
            self.pages(row, &thing.children);
            for (name, loud) in NAMES.iter().flat_map(|name| {
                [None, Some(Value::Null), Some(json!(true)), Some(json!(false))].map(|loud| (name, loud))
            }) {
                let mut args = json!({"name": name});
                let mark = if loud == Some(json!(true)) { "!" } else { "" };
                if let Some(loud) = loud {
                    args["loud"] = loud;
                }
                row.insert(format!("hello({args})"), json!(format!("{} {name}{mark}", thing.label)));
            }
        }
        row
    }

    fn part_rows(&self, parts: &[Part]) -> Value {
        parts.iter().map(|part| self.part_row(part)).collect()
    }

    fn part_row(&self, part: &Part) -> Value {
        json!({"name": part.name, "weight": part.weight, "thing": self.thing(part.thing.as_ref())})
    }

    fn other_row(&self, other: &Other) -> Value {
        json!({"__typename": "Other", "id": other.id, "title": other.title, "thing": self.thing(other.thing.as_ref())})
    }
}
