//! Nothing that the guard does grows faster than the document: steps are counted, and held against its bytes.

use super::{steps::counted, *};
use rand::{Rng, SeedableRng, rngs::StdRng};
use std::fmt::Write;

const SCHEMA: &str = "
    interface Thing { name(first: Int, words: [Int]): String next(any: In): Thing many(first: Int, last: Int): [Thing] }
    type Shelf implements Thing { name(first: Int, words: [Int]): String next(any: In): Thing many(first: Int, last: Int): [Thing] books(first: Int): [Thing] }
    type Pen implements Thing { name(first: Int, words: [Int]): String next(any: In): Thing many(first: Int, last: Int): [Thing] }
    input In { a: Int b: In c: [In] }
    type Query { thing: Thing shelf: Shelf things(first: Int): [Thing] }";

/// For each byte of the text, so many steps at most.
const EACH: u64 = 2;

struct World {
    guard: Guard,
    schema: Valid<Schema>,
}

impl World {
    /// With limits that stop nothing but what is hostile.
    fn new() -> Self {
        let schema = Schema::parse_and_validate(SCHEMA, "schema.graphql").unwrap();
        let limits = Limits {
            document_bytes: 1 << 20,
            tokens: 1 << 20,
            aliases: 1 << 20,
            directives: 1 << 20,
            root_fields: 1 << 20,
            depth: 1 << 20,
            cost: u64::MAX,
            ..Limits::default()
        };
        let registry = Registry { query_type: String::from("Query"), ..Registry::default() };
        let guard = Guard::new(limits, true, &schema, &registry).unwrap();
        Self { guard, schema }
    }

    fn holds(&self, name: &str, text: &str) {
        let bytes = text.len() as u64;
        let told = || format!("{name}, of {bytes} bytes: {}", text.chars().take(300).collect::<String>());
        let (outcome, steps) = counted(|| self.guard.text(text));
        assert!(steps <= bytes, "{steps} steps for {}", told());
        let Ok(document) = ast::Document::parse(text, "document.graphql") else { return };
        if outcome.is_err() {
            return;
        }
        let mut place = Place::new(text);
        let (_, steps) = counted(|| {
            let walk = walk::Walk::new(&self.guard, &self.schema, &document, &mut place)?;
            Ok::<_, Refusal>(OperationCost::at_least(&walk.operations()?))
        });
        assert!(steps <= EACH * bytes, "{steps} steps for {}", told());
        // What meets under one key is looked at within a budget, whatever the document is.
        let budget = 10 * self.guard.limits.selections;
        let (_, steps) = counted(|| self.guard.weigh(&self.schema, &document, &mut place));
        assert!(steps <= 2 * EACH * bytes + 2 * budget, "{steps} steps for {}", told());
    }
}

type Family = (&'static str, fn(usize) -> String);

fn join(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect()
}

fn spread(levels: usize, each: &str) -> String {
    let mut text = format!("{{ shelf {{ ...F0 }} }} fragment F{levels} on Shelf {{ name }}");
    for n in 0..levels {
        let each = each.replace("NEXT", &format!("...F{}", n + 1));
        let _ = write!(text, " fragment F{n} on Shelf {{ {each} }}");
    }
    text
}

const FAMILIES: &[Family] = &[
    ("fragments that multiply", |n| spread(n, "NEXT NEXT")),
    ("fragments that multiply below fields", |n| {
        spread(n, "a: next { ... on Shelf { NEXT } } b: next { ... on Shelf { NEXT } }")
    }),
    ("fragments in a ring", |n| spread(n, "NEXT").replace("{ name }", "{ ...F0 }")),
    ("fragments that all spread all later ones", |n| {
        let spreads =
            |from: usize| join(n, |to| if to > from { format!("...F{to} ") } else { String::new() });
        format!(
            "{{ shelf {{ ...F0 }} }} {}",
            join(n, |from| format!("fragment F{from} on Shelf {{ name {} }} ", spreads(from)))
        )
    }),
    ("sets in each other", |n| format!("{{ thing {{ {} name {} }} }}", "next { ".repeat(n), "} ".repeat(n))),
    ("fields side by side", |n| format!("{{ shelf {{ {} }} }}", "name ".repeat(n))),
    ("aliases", |n| format!("{{ shelf {{ {} }} }}", join(n, |n| format!("a{n}: name ")))),
    ("the same alias", |n| format!("{{ shelf {{ {} }} }}", "a: next { name } ".repeat(n))),
    ("directives", |n| format!("{{ shelf {{ name {} }} }}", "@a ".repeat(n))),
    ("arguments", |n| format!("{{ shelf {{ name({}) }} }}", join(n, |n| format!("a{n}: 1 ")))),
    ("arguments, and the same in another order", |n| {
        let one = join(n, |at| format!("a{at}: 1 "));
        let other = join(n, |at| format!("a{}: 1 ", n - 1 - at));
        format!("{{ shelf {{ name({one}) name({other}) }} }}")
    }),
    ("fields of an input, and the same in another order", |n| {
        let one = join(n, |at| format!("a{at}: 1 "));
        let other = join(n, |at| format!("a{}: 1 ", n - 1 - at));
        format!("{{ shelf {{ next(any: {{{one}}}) {{ name }} next(any: {{{other}}}) {{ name }} }} }}")
    }),
    ("lists whose length a variable says", |n| {
        format!(
            "query($n: Int) {{ {} }}",
            join(n, |n| format!("a{n}: things(first: $n) {{ many(last: $n) {{ name }} }} "))
        )
    }),
    ("operations", |n| join(n, |n| format!("query Q{n} {{ shelf {{ name }} }} "))),
    ("operations with lists whose length a variable says", |n| {
        join(n, |n| format!("query Q{n}($n: Int) {{ things(first: $n) {{ name }} }} "))
    }),
    ("operations that spread one fragment", |n| {
        let operations = join(n, |n| format!("query Q{n}($n: Int) {{ ...F }} "));
        format!(
            "{operations} fragment F on Query {{ {} }}",
            join(n, |n| format!("a{n}: things(first: $n) {{ name }} "))
        )
    }),
    ("fragments that nobody defines", |n| format!("{{ shelf {{ {} }} }}", join(n, |n| format!("...F{n} ")))),
    ("fragments of one name", |n| {
        format!("{{ shelf {{ ...F }} }} {}", "fragment F on Shelf { name } ".repeat(n))
    }),
    ("types side by side", |n| {
        format!(
            "{{ thing {{ {} }} }}",
            "... on Shelf { name next { name } } ... on Pen { name next { name } } next { name } ".repeat(n)
        )
    }),
    ("strings", |n| format!("{{ shelf {{ name(first: \"{}\") }} }}", "x".repeat(n))),
    ("comments", |n| format!("{{ shelf {{ name }} }} {}", "#\n".repeat(n))),
    ("introspection", |n| format!("{{ {} }}", "__schema { types { fields { type { name } } } } ".repeat(n))),
];

#[test]
fn steps_grow_no_faster_than_the_document_whatever_it_is_full_of() {
    let world = World::new();
    for (name, family) in FAMILIES {
        for n in [1, 2, 5, 12, 30, 60, 120, 500, 1_500] {
            let text = family(n);
            if text.len() > 256 * 1_024 {
                continue;
            }
            world.holds(name, &text);
        }
    }
}

#[test]
fn steps_of_documents_made_by_chance_are_no_more_than_their_bytes_account_for() {
    let world = World::new();
    let seed = rand::random();
    println!("documents from seed {seed}");
    let mut chance = StdRng::seed_from_u64(seed);
    for _ in 0..300 {
        world.holds("made by chance", &document(&mut chance));
    }
}

/// Operations and fragments that spread each other at random; much of it is invalid.
fn document(chance: &mut StdRng) -> String {
    let fragments = chance.random_range(0..12);
    let mut text = String::new();
    for n in 0..chance.random_range(1..4) {
        let _ = write!(text, "query Q{n}($n: Int) {{ thing {{ ");
        set(chance, fragments, 4, &mut text);
        text.push_str("} } ");
    }
    for n in 0..fragments {
        let on = ["Thing", "Shelf", "Pen"][chance.random_range(0..3)];
        let _ = write!(text, "fragment F{n} on {on} {{ ");
        // Mostly those before it alone: what goes in rings ends at once.
        let reach = if chance.random_bool(0.05) { fragments } else { n };
        set(chance, reach, 3, &mut text);
        text.push_str("} ");
    }
    text
}

fn set(chance: &mut StdRng, fragments: usize, depth: usize, text: &mut String) {
    for _ in 0..chance.random_range(1..6) {
        match chance.random_range(0..8) {
            0 if fragments > 0 => {
                let _ = write!(text, "...F{} ", chance.random_range(0..fragments));
            }
            1 if depth > 0 => {
                text.push_str(["... { ", "... on Shelf { ", "... on Pen @a { "][chance.random_range(0..3)]);
                set(chance, fragments, depth - 1, text);
                text.push_str("} ");
            }
            2 | 3 if depth > 0 => {
                let lead = [
                    "next { ",
                    "next(any: {a: 1, b: {a: 2}}) { ",
                    "many(first: $n) { ",
                    "many(last: 3) @a @b { ",
                ];
                text.push_str(lead[chance.random_range(0..lead.len())]);
                set(chance, fragments, depth - 1, text);
                text.push_str("} ");
            }
            4 => {
                let _ = write!(
                    text,
                    "a{}: name(words: [1, 2, {}]) ",
                    chance.random_range(0..3),
                    chance.random_range(0..2)
                );
            }
            _ => text.push_str("name "),
        }
    }
}
