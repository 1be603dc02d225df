//! Random trees of questions, held, failing and abandoned at random: every waiter gets exactly its own answer, and no
//! call is made twice without a reason.

use super::world::World;
use kit::{Answer, Call, Gate, Reply, Value, json};
use parking_lot::Mutex;
use rand::{Rng, SeedableRng, rngs::StdRng};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    future::IntoFuture,
    sync::Arc,
};

const ITEMS: usize = 9;

fn row(n: usize) -> Value {
    let next = (!n.is_multiple_of(4)).then(|| format!("i{}", (n * 5 + 1) % ITEMS));
    json!({"id": format!("i{n}"), "name": format!("the {n}"), "next_id": next})
}

fn number(id: &str) -> usize {
    id.trim_start_matches('i').parse().unwrap()
}

/// What is selected of an item.
#[derive(Default)]
struct OfItem {
    next: Option<Box<OfItem>>,
    parts: Option<Box<OfPart>>,
    stock: bool,
}

struct OfPart {
    item: Option<Box<OfItem>>,
}

enum Root {
    Item(usize, OfItem),
    Items(Vec<usize>, OfItem),
    Parts(usize, OfPart),
    Stock(usize),
    Latest(usize, OfItem),
}

impl OfItem {
    fn any(rng: &mut StdRng, depth: usize) -> Self {
        let deeper = depth > 0;
        Self {
            next: (deeper && rng.random_bool(0.5)).then(|| Box::new(Self::any(rng, depth - 1))),
            parts: (deeper && rng.random_bool(0.5)).then(|| Box::new(OfPart::any(rng, depth - 1))),
            stock: rng.random_bool(0.4),
        }
    }

    fn text(&self, out: &mut String) {
        out.push_str("{ name ");
        if let Some(next) = &self.next {
            out.push_str("next ");
            next.text(out);
        }
        if let Some(parts) = &self.parts {
            out.push_str("parts ");
            parts.text(out);
        }
        out.push_str(if self.stock { "stock { copies } } " } else { "} " });
    }

    fn expect(&self, n: usize) -> Value {
        let row = row(n);
        let mut object = json!({"name": row["name"]});
        if let Some(next) = &self.next {
            object["next"] = row["next_id"].as_str().map_or(Value::Null, |id| next.expect(number(id)));
        }
        if let Some(parts) = &self.parts {
            object["parts"] = parts.expect(n);
        }
        if self.stock {
            object["stock"] = json!({"copies": n});
        }
        object
    }
}

impl OfPart {
    fn any(rng: &mut StdRng, depth: usize) -> Self {
        Self { item: (depth > 0 && rng.random_bool(0.6)).then(|| Box::new(OfItem::any(rng, depth - 1))) }
    }

    fn text(&self, out: &mut String) {
        out.push_str("{ id ");
        if let Some(item) = &self.item {
            out.push_str("item ");
            item.text(out);
        }
        out.push_str("} ");
    }

    fn expect(&self, n: usize) -> Value {
        let part = |of: &str| {
            let mut part = json!({"id": format!("i{n}.{of}")});
            if let Some(item) = &self.item {
                part["item"] = item.expect(n);
            }
            part
        };
        json!([part("left"), part("right")])
    }
}

impl Root {
    fn any(rng: &mut StdRng) -> Self {
        let n = rng.random_range(0..ITEMS);
        match rng.random_range(0..6) {
            0 | 1 => Self::Item(n, OfItem::any(rng, 3)),
            2 => {
                let many = (0..rng.random_range(1..5)).map(|_| rng.random_range(0..ITEMS)).collect();
                Self::Items(many, OfItem::any(rng, 2))
            }
            3 => Self::Parts(n, OfPart::any(rng, 3)),
            4 => Self::Stock(n),
            _ => Self::Latest(n, OfItem::any(rng, 2)),
        }
    }

    fn text(&self, out: &mut String) {
        let _ = match self {
            Self::Item(n, of) => write!(out, "item(id: \"i{n}\") ").map(|()| of.text(out)),
            Self::Items(many, of) => {
                let ids: Vec<_> = many.iter().map(|n| format!("\"i{n}\"")).collect();
                write!(out, "items(ids: [{}]) ", ids.join(",")).map(|()| of.text(out))
            }
            Self::Parts(n, of) => write!(out, "parts(of: \"i{n}\") ").map(|()| of.text(out)),
            Self::Stock(n) => write!(out, "stock(id: \"i{n}\") {{ copies }} "),
            Self::Latest(n, of) => write!(out, "latest(first: {n}) ").map(|()| of.text(out)),
        };
    }

    fn expect(&self) -> Value {
        match self {
            Self::Item(n, of) => of.expect(*n),
            Self::Items(many, of) => many.iter().map(|n| of.expect(*n)).collect(),
            Self::Parts(n, of) => of.expect(*n),
            Self::Stock(n) => json!({"copies": n}),
            Self::Latest(n, of) => json!([of.expect(*n)]),
        }
    }
}

/// A document, and what it must be answered.
fn any_document(rng: &mut StdRng) -> (String, Value) {
    let (mut text, mut expected) = (String::from("{ "), json!({}));
    for at in 0..rng.random_range(1..5) {
        let root = Root::any(rng);
        let _ = write!(text, "r{at}: ");
        root.text(&mut text);
        expected[format!("r{at}")] = root.expect();
    }
    (text + "}", expected)
}

/// The expected value, or null where an error says so.
fn agrees(actual: &Value, expected: &Value, path: &str, failed: &[String]) -> Result<(), String> {
    let below = |step: &str| if path.is_empty() { step.to_owned() } else { format!("{path}.{step}") };
    match (actual, expected) {
        (Value::Null, expected) if !expected.is_null() && failed.iter().any(|at| at == path) => Ok(()),
        (Value::Object(actual), Value::Object(expected)) if actual.keys().eq(expected.keys()) => actual
            .iter()
            .zip(expected.values())
            .try_for_each(|((key, value), expected)| agrees(value, expected, &below(key), failed)),
        (Value::Array(actual), Value::Array(expected)) if actual.len() == expected.len() => {
            let mut pairs = actual.iter().zip(expected).enumerate();
            pairs.try_for_each(|(at, (value, expected))| {
                agrees(value, expected, &below(&at.to_string()), failed)
            })
        }
        (actual, expected) if actual == expected => Ok(()),
        _ => Err(format!("at {path}: {actual}, not {expected}")),
    }
}

/// What one round's upstream does, and what it has seen.
struct Store {
    rng: StdRng,
    fails: bool,
    cache_control: Option<&'static str>,
    /// Held answers, with the keys they will answer.
    held: Vec<(Gate, Vec<String>)>,
    /// Keys of calls that are not answered.
    under_way: BTreeSet<String>,
    asked: BTreeMap<String, usize>,
    /// Keys that were asked while they were under way.
    twice: Vec<String>,
}

impl Store {
    fn answer(&mut self, call: &Call) -> Reply {
        let (keys, body) = match call.path.as_str() {
            "/items" => {
                let ids = call.list("ids");
                (ids.clone(), ids.iter().map(|id| row(number(id))).collect())
            }
            "/parts" => {
                let ids = call.list("item_ids");
                let parts = ids.iter().flat_map(|id| {
                    ["left", "right"].map(|of| json!({"id": format!("{id}.{of}"), "item_id": id}))
                });
                (ids.clone(), parts.collect())
            }
            "/latest" => {
                let first = call.param("first").unwrap();
                (vec![first.clone()], json!([row(first.parse().unwrap())]))
            }
            _ => {
                let id = call.segment("id");
                (vec![id.clone()], json!({"id": id, "copies": number(&id)}))
            }
        };
        let path = call.path.split('/').nth(1).unwrap_or_default();
        let keys: Vec<String> = keys.iter().map(|key| format!("{path} {key}")).collect();
        for key in &keys {
            *self.asked.entry(key.clone()).or_default() += 1;
            if !self.under_way.insert(key.clone()) {
                self.twice.push(key.clone());
            }
        }
        let mut reply =
            if self.fails && self.rng.random_bool(0.15) { Reply::problem(503, "no") } else { body.into() };
        if let Some(cache_control) = self.cache_control {
            reply = reply.header("cache-control", cache_control);
        }
        let gate = Gate::closed();
        self.held.push((gate.clone(), keys));
        reply.after(&gate)
    }

    /// Lets any one answer go.
    fn open_any(&mut self) {
        if self.held.is_empty() || self.rng.random_bool(0.8) {
            return;
        }
        let any = self.rng.random_range(0..self.held.len());
        let (gate, keys) = self.held.swap_remove(any);
        for key in keys {
            self.under_way.remove(&key);
        }
        gate.open();
    }
}

struct Round {
    seed: u64,
    fails: bool,
    leaves: bool,
    cache_control: Option<&'static str>,
    batches: usize,
}

async fn run(round: &Round) -> Store {
    let world = World::with(|settings| {
        settings.deadline_ms = 60_000;
        settings.sharing.batches_in_flight = round.batches;
    })
    .await;
    let store = Arc::new(Mutex::new(Store {
        rng: StdRng::seed_from_u64(round.seed + 1_000),
        fails: round.fails,
        cache_control: round.cache_control,
        held: Vec::new(),
        under_way: BTreeSet::new(),
        asked: BTreeMap::new(),
        twice: Vec::new(),
    }));
    for path in ["/items", "/parts", "/latest", "/stock/{id}"] {
        let store = store.clone();
        world.store.get(path, move |call| store.lock().answer(call));
    }
    let mut rng = StdRng::seed_from_u64(round.seed);
    let requests = (0..16).map(|_| {
        let (document, expected) = any_document(&mut rng);
        let leaves = round.leaves && rng.random_bool(0.3);
        let (start, patience) = (rng.random_range(0..60), rng.random_range(0..60));
        let query = world.bff.query(&document);
        async move {
            let pause = async |ticks: usize| {
                for _ in 0..ticks {
                    tokio::task::yield_now().await;
                }
            };
            pause(start).await;
            if leaves {
                tokio::select! {
                    biased;
                    _ = query.into_future() => {}
                    () = pause(patience) => {}
                }
                return;
            }
            let answer: Answer = query.await;
            let paths = answer.paths();
            assert!(round.fails || paths.is_empty(), "seed {}: {document}\n{answer}", round.seed);
            if let Err(difference) = agrees(answer.data(""), &expected, "", &paths) {
                panic!("seed {}: {document}\n{difference}\n{answer}", round.seed);
            }
        }
    });
    let requests: Vec<_> = requests.collect();
    let opening = async {
        loop {
            store.lock().open_any();
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = futures::future::join_all(requests) => {}
        () = opening => {}
    }
    drop(world);
    let mut store = store.lock();
    let Store { fails, cache_control, .. } = *store;
    Store {
        rng: StdRng::seed_from_u64(0),
        fails,
        cache_control,
        held: Vec::new(),
        under_way: std::mem::take(&mut store.under_way),
        asked: std::mem::take(&mut store.asked),
        twice: std::mem::take(&mut store.twice),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_waiter_gets_its_own_answer_whatever_fails_and_whoever_leaves() {
    for seed in 0..10 {
        let cache_control = [None, Some("max-age=0, stale-while-revalidate=60"), Some("max-age=600")];
        let cache_control = cache_control[seed as usize % 3];
        let batches = [1, 2, 4, 0][seed as usize % 4];
        run(&Round { seed, fails: seed % 2 == 0, leaves: true, cache_control, batches }).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_question_is_under_way_twice() {
    for seed in 100..108 {
        let batches = [1, 4][seed as usize % 2];
        let fails = seed % 4 == 0;
        let store = run(&Round { seed, fails, leaves: false, cache_control: None, batches }).await;
        assert!(store.twice.is_empty(), "seed {seed}: {:?}", store.twice);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_be_kept_is_asked_once_by_all() {
    for seed in 200..206 {
        let batches = [1, 4][seed as usize % 2];
        let cache_control = Some("max-age=600");
        let store = run(&Round { seed, fails: false, leaves: false, cache_control, batches }).await;
        assert!(!store.asked.is_empty());
        assert!(store.asked.values().all(|times| *times == 1), "seed {seed}: {:?}", store.asked);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_sharing_questions_are_under_way_twice() {
    let store = run(&Round { seed: 100, fails: false, leaves: false, cache_control: None, batches: 0 }).await;
    assert!(!store.twice.is_empty(), "the other tests would see it");
}
