//! Random valid documents: fragments, aliases, merges, conditions, variables with and without defaults.

use super::judge::{AFTERS, FIRSTS, IDS, NAMES};
use kit::{Value, json};
use rand::{Rng, rngs::StdRng, seq::IndexedRandom};
use serde_json::Map;
use std::fmt::Write;

pub struct Document {
    pub text: String,
    pub variables: Value,
    defaults: Map<String, Value>,
}

impl Document {
    pub fn random(rng: &mut StdRng, failures: bool) -> Self {
        Self::made(rng, failures, false)
    }

    /// With fragments that are put off.
    pub fn in_parts(rng: &mut StdRng) -> Self {
        Self::made(rng, true, true)
    }

    fn made(rng: &mut StdRng, failures: bool, defers: bool) -> Self {
        let mut making = Making {
            rng,
            failures,
            defers,
            labels: 0,
            budget: 60,
            declared: Vec::new(),
            given: Map::new(),
            defaults: Map::new(),
            fragments: Vec::new(),
        };
        let selection = making.object("Query", 0);
        let mut text = String::from("query");
        if !making.declared.is_empty() {
            let _ = write!(text, "({})", making.declared.join(", "));
        }
        let _ = write!(text, " {selection}");
        for fragment in &making.fragments {
            let _ = write!(text, "\nfragment {} on {} {}", fragment.name, fragment.on, fragment.text);
        }
        Self { text, variables: Value::Object(making.given), defaults: making.defaults }
    }

    /// The variables with the defaults of those that are not given.
    pub fn with_defaults(&self) -> Value {
        let mut all = self.defaults.clone();
        all.extend(self.variables.as_object().cloned().unwrap_or_default());
        Value::Object(all)
    }
}

/// Name, arguments, type below (empty: a leaf).
type FieldOf = (&'static str, &'static [&'static str], &'static str);

fn fields(of: &str) -> &'static [FieldOf] {
    match of {
        "Query" => &[
            ("thing", &["id"], "Thing"),
            ("must", &["known"], "Thing"),
            ("all", &[], "Thing"),
            ("everything", &[], "Thing"),
            ("anys", &[], "Any"),
            ("page", &["first", "after"], "ThingConnection"),
            ("made", &[], "Part"),
            ("number", &[], ""),
        ],
        "Thing" => &[
            ("id", &[], ""),
            ("name", &[], ""),
            ("label", &[], ""),
            ("size", &[], ""),
            ("mass", &[], ""),
            ("tags", &[], ""),
            ("flags", &[], ""),
            ("colour", &[], ""),
            ("ratio", &[], ""),
            ("part", &[], "Part"),
            ("whole", &[], "Part"),
            ("parts", &[], "Part"),
            ("spares", &[], "Part"),
            ("secret", &[], ""),
            ("hidden", &[], "Hidden"),
            ("parent", &[], "Thing"),
            ("owner", &[], "Thing"),
            ("single", &[], "Thing"),
            ("children", &["first"], "Thing"),
            ("mustChildren", &["some"], "Thing"),
            ("maybeChildren", &[], "Thing"),
            ("allChildren", &[], "Thing"),
            ("any", &[], "Any"),
            ("anys", &[], "Any"),
            ("faces", &[], "Face"),
            ("page", &["first", "after"], "ThingConnection"),
            ("hello", &["name", "loud"], ""),
            ("count", &[], ""),
            ("mustCount", &[], ""),
            ("step", &[], "Thing"),
            ("made", &[], "Part"),
        ],
        "Part" => &[("name", &[], ""), ("weight", &[], ""), ("thing", &[], "Thing")],
        "Other" => &[("id", &[], ""), ("title", &[], ""), ("thing", &[], "Thing")],
        "Hidden" => &[("depth", &[], "")],
        "Face" => &[("id", &[], "")],
        "ThingConnection" => {
            &[("edges", &[], "ThingEdge"), ("nodes", &[], "Thing"), ("pageInfo", &[], "PageInfo")]
        }
        "ThingEdge" => &[("cursor", &[], ""), ("node", &[], "Thing")],
        "PageInfo" => &[
            ("hasNextPage", &[], ""),
            ("hasPreviousPage", &[], ""),
            ("startCursor", &[], ""),
            ("endCursor", &[], ""),
        ],
        _ => &[],
    }
}

/// Types that a fragment inside `of` may be on.
fn conditions(of: &'static str, failures: bool) -> &'static [&'static str] {
    match of {
        // async-graphql does not spread a fragment on a union, or on another abstract type, into a member.
        "Any" if !failures => &["Thing", "Other", "Any"],
        "Face" if !failures => &["Thing", "Other", "Face"],
        "Thing" if !failures => &["Thing", "Face"],
        "Other" if !failures => &["Other", "Face"],
        "Any" | "Face" => &["Thing", "Other", "Face", "Any"],
        "Thing" => &["Thing", "Face", "Any"],
        "Other" => &["Other", "Face", "Any"],
        _ => &[],
    }
}

struct Fragment {
    name: String,
    on: &'static str,
    text: String,
}

struct Making<'r> {
    rng: &'r mut StdRng,
    failures: bool,
    /// Fragments are put off, every other one.
    defers: bool,
    labels: usize,
    /// How many more fields.
    budget: i32,
    declared: Vec<String>,
    given: Map<String, Value>,
    defaults: Map<String, Value>,
    /// Only those that are complete: so there are no cycles.
    fragments: Vec<Fragment>,
}

impl Making<'_> {
    fn chance(&mut self, of: u32) -> bool {
        self.rng.random_ratio(1, of)
    }

    /// All that is selected of an object, fragments aside.
    fn object(&mut self, on: &'static str, depth: u32) -> String {
        let mut selection = self.selection(on, depth);
        if !self.failures {
            // async-graphql takes an object of which nothing is selected for null.
            selection.truncate(selection.len() - 1);
            selection.push_str("always: __typename }");
        }
        selection
    }

    /// A selection set on a type; never empty.
    fn selection(&mut self, on: &'static str, depth: u32) -> String {
        let mut text = String::from("{");
        let wanted = if depth == 0 { self.rng.random_range(2..6) } else { self.rng.random_range(1..5) };
        let mut count = 0;
        for _ in 0..wanted {
            count += usize::from(self.item(&mut text, on, depth));
        }
        if count == 0 {
            text.push_str(" __typename");
        }
        text.push_str(" }");
        text
    }

    fn item(&mut self, text: &mut String, on: &'static str, depth: u32) -> bool {
        if self.budget <= 0 {
            return false;
        }
        self.budget -= 1;
        let conditions = conditions(on, self.failures);
        if self.chance(10) {
            let alias = if self.chance(2) { "kind: " } else { "" };
            let condition = self.condition();
            let _ = write!(text, " {alias}__typename{condition}");
            return true;
        }
        let often = if self.defers { 3 } else { 6 };
        if depth < 6 && self.chance(often) {
            // An inline fragment, with or without a type.
            let below = if self.chance(3) { None } else { conditions.choose(self.rng).copied() };
            let named = below.map(|below| format!(" on {below}")).unwrap_or_default();
            let condition = self.condition() + &self.defer();
            let selection = self.selection(below.unwrap_or(on), depth + 1);
            let _ = write!(text, " ...{named}{condition} {selection}");
            return true;
        }
        if depth < 6 && self.chance(6) {
            let below = conditions.choose(self.rng).copied().unwrap_or(on);
            let known: Vec<usize> =
                (0..self.fragments.len()).filter(|at| self.fragments[*at].on == below).collect();
            let at = match known.choose(self.rng).copied() {
                Some(at) if self.chance(2) => at,
                _ => {
                    let made = self.selection(below, depth + 1);
                    let name = format!("F{}", self.fragments.len());
                    self.fragments.push(Fragment { name, on: below, text: made });
                    self.fragments.len() - 1
                }
            };
            let condition = self.condition() + &self.defer();
            let _ = write!(text, " ...{}{condition}", self.fragments[at].name);
            return true;
        }
        let candidates: Vec<FieldOf> =
            fields(on).iter().filter(|(_, _, below)| depth < 5 || below.is_empty()).copied().collect();
        let Some((name, args, below)) = candidates.choose(self.rng).copied() else { return false };
        let args = self.arguments(args);
        // One key means one field with the same arguments, or the document would be invalid.
        let alias = match (&args, self.chance(4)) {
            (Some((key, _)), _) => format!("{name}_{key}: "),
            (None, true) => format!("{}_{name}: ", if self.chance(2) { "a" } else { "b" }),
            (None, false) => String::new(),
        };
        let args = args.map(|(_, args)| args).unwrap_or_default();
        let condition = self.condition();
        let _ = write!(text, " {alias}{name}{args}{condition}");
        if !below.is_empty() {
            let selection = self.object(below, depth + 1);
            let _ = write!(text, " {selection}");
        }
        true
    }

    /// A key that is the same for the same arguments, and the arguments.
    fn arguments(&mut self, names: &[&str]) -> Option<(String, String)> {
        let mut key = String::new();
        let mut args = Vec::new();
        for name in names {
            let required = matches!(*name, "id" | "known");
            if !required && self.chance(3) {
                continue;
            }
            let (argument, value) = match *name {
                "id" => ("id", json!(IDS.choose(self.rng))),
                // Always there: missing where it must be is a failure.
                "known" if !self.failures => ("id", json!("t0")),
                "known" => ("id", json!(IDS.choose(self.rng))),
                "some" | "first" => {
                    let from = if self.failures && self.chance(6) { 0 } else { 1 };
                    ("first", json!(FIRSTS[from..].choose(self.rng)))
                }
                "after" => ("after", json!(AFTERS.choose(self.rng))),
                "name" => ("name", json!(NAMES.choose(self.rng))),
                _ => ("loud", json!(self.rng.random::<bool>())),
            };
            let ty = match *name {
                "id" | "known" => "ID",
                "some" | "first" => "Int",
                "after" | "name" => "String",
                _ => "Boolean",
            };
            let nullable = matches!(*name, "some" | "after" | "loud");
            let has_default = matches!(*name, "first" | "name");
            let written = if self.chance(3) {
                self.variable(ty, value, nullable, has_default)
            } else if nullable && self.chance(6) {
                "null".to_owned()
            } else {
                value.to_string()
            };
            key.extend(argument.chars().chain(written.chars()).filter(char::is_ascii_alphanumeric));
            args.push(format!("{argument}: {written}"));
        }
        (!args.is_empty()).then(|| (key, format!("({})", args.join(", "))))
    }

    /// Declares a variable that may stand in a place of this type: given, left to its default, or left out.
    fn variable(&mut self, ty: &str, value: Value, nullable: bool, has_default: bool) -> String {
        let name = format!("v{}", self.declared.len());
        match self.rng.random_range(0..4) {
            0 => {
                self.declared.push(format!("${name}: {ty}!"));
                self.given.insert(name.clone(), value);
            }
            1 => {
                self.declared.push(format!("${name}: {ty} = {value}"));
                self.defaults.insert(name.clone(), value);
            }
            // async-graphql takes a variable without a value for null, also where the argument has a default.
            2 if nullable || (has_default && self.failures) => {
                // Without a value and a default, the argument's own default holds; null may stand where it may.
                self.declared.push(format!("${name}: {ty}"));
                if nullable && self.chance(2) {
                    self.given.insert(name.clone(), Value::Null);
                }
            }
            _ => {
                self.declared.push(format!("${name}: {ty}! = {value}"));
                self.defaults.insert(name.clone(), value.clone());
                if self.chance(2) {
                    self.given.insert(name.clone(), value);
                }
            }
        }
        format!("${name}")
    }

    /// Perhaps `@skip` or `@include`, or both.
    fn condition(&mut self) -> String {
        let mut text = String::new();
        for directive in ["skip", "include"] {
            if self.chance(10) {
                let value: bool = self.rng.random();
                let value = if self.chance(2) { self.boolean(value) } else { value.to_string() };
                let _ = write!(text, " @{directive}(if: {value})");
            }
        }
        text
    }

    /// Perhaps `@defer`.
    fn defer(&mut self) -> String {
        if !self.defers || self.chance(2) {
            return String::new();
        }
        let mut args = Vec::new();
        if self.chance(2) {
            self.labels += 1;
            args.push(format!("label: \"L{}\"", self.labels));
        }
        if self.chance(4) {
            let value = !self.chance(4);
            args.push(format!(
                "if: {}",
                if self.chance(2) { self.boolean(value) } else { value.to_string() }
            ));
        }
        if args.is_empty() { String::from(" @defer") } else { format!(" @defer({})", args.join(", ")) }
    }

    fn boolean(&mut self, value: bool) -> String {
        self.variable("Boolean", json!(value), false, false)
    }
}
