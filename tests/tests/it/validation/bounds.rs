//! What a request takes of the server, whatever it says, is bounded: so many bytes and allocations for what is always there,
//! so many for each byte that was sent, and so many for each field that it may select. They are counted, not timed: work that allocates nothing is counted by the
//! guard's own tests, as steps.
//!
//! The test's client and the server are one process, with one thread: what the client allocates is counted, too.

use super::{Court, Verdict, fuzz};
use crate::COUNTING;
use kit::{Value, json};
use rand::{Rng, SeedableRng, rngs::StdRng};
use stats_alloc::Region;
use std::fmt::Write;

/// For any request, its client's part included.
const BASE: Taken = Taken { bytes: 1 << 20, allocations: 3_000 };
/// For each byte of its document and its variables.
const EACH: Taken = Taken { bytes: 512, allocations: 5 };
/// For each field that a plan is made of.
const OF_A_FIELD: Taken = Taken { bytes: 4_096, allocations: 40 };
/// As many there may be: `limits.selections`.
const FIELDS: usize = 500;

/// What was allocated, whether or not it was given back at once.
#[derive(Clone, Copy, Debug)]
struct Taken {
    bytes: usize,
    allocations: usize,
}

impl Taken {
    async fn by(court: &Court, document: &str, variables: &Value) -> (Verdict, Self) {
        let region = Region::new(COUNTING);
        let (verdict, _) = court.ours(document, variables).await;
        let change = region.change();
        (
            verdict,
            Self { bytes: change.bytes_allocated, allocations: change.allocations + change.reallocations },
        )
    }

    fn most(sent: usize) -> Self {
        Self {
            bytes: BASE.bytes + sent * EACH.bytes + FIELDS * OF_A_FIELD.bytes,
            allocations: BASE.allocations + sent * EACH.allocations + FIELDS * OF_A_FIELD.allocations,
        }
    }

    fn is_within(self, most: Self) -> bool {
        self.bytes <= most.bytes && self.allocations <= most.allocations
    }
}

/// A document of chance that is made to grow: by much of the same, by sets in sets, by fragments that spread each other twice.
fn grown(rng: &mut StdRng) -> String {
    let mut text = String::new();
    match rng.random_range(0..7) {
        0 => (0..rng.random_range(1..60)).for_each(|_| text += &fuzz::document(rng)),
        1 => {
            let one = fuzz::document(rng);
            text = one.repeat(rng.random_range(1..400).min(200_000 / one.len().max(1)));
        }
        2 => {
            let levels = rng.random_range(1..1_000);
            let set = if rng.random() { "rival { " } else { "... on Dog { " };
            let _ = write!(text, "{{ pet {{ {}name{} }} }}", set.repeat(levels), " }".repeat(levels));
        }
        3 => {
            let (levels, twice) = (rng.random_range(1..200), rng.random::<bool>());
            text += "{ human { ...F0 } }";
            for level in 0..levels {
                let next = format!("...F{}", level + 1);
                let below = if twice { format!("a: pets {{ owner {{ {next} }} }} {next}") } else { next };
                let below = below.replace("owner", "... on Dog { owner").replace("} }", "} } }");
                let _ = write!(text, " fragment F{level} on Human {{ name {below} }}");
            }
            let _ = write!(text, " fragment F{levels} on Human {{ name }}");
        }
        4 => {
            text += "{ dog { name ";
            for at in 0..rng.random_range(1..3_000) {
                let _ = write!(text, "a{at}: doesKnowCommand(dogCommand: SIT) ");
            }
            text += "} }";
        }
        5 => {
            let lists = rng.random_range(1..2_000);
            let _ = write!(
                text,
                "{{ arguments {{ anyArgField(anyArg: {}1{}) }} }}",
                "[".repeat(lists),
                "]".repeat(lists)
            );
        }
        _ => {
            text += "query($v: Boolean) { dog { ";
            (0..rng.random_range(1..1_000)).for_each(|_| text += "name @include(if: $v) @skip(if: $v) ");
            text += "} }";
        }
    }
    text
}

fn grown_variables(rng: &mut StdRng) -> Value {
    let mut variables = fuzz::variables(rng);
    match rng.random_range(0..4) {
        0 => variables["v"] = json!(vec![variables["v"].clone(); rng.random_range(1..2_000)]),
        1 => variables["v"] = json!("x".repeat(rng.random_range(1..100_000))),
        2 => {
            for at in 0..rng.random_range(1..2_000) {
                variables[format!("v{at}")] = json!(at);
            }
        }
        _ => {}
    }
    variables
}

#[tokio::test]
async fn no_request_takes_more_than_its_length_accounts_for() {
    let court = Court::with(|server| server.settings(|settings| settings.limits.selections = FIELDS as u64));
    let court = court.await;
    // What is made once is nobody's.
    court.ours("{ dog { name } }", &json!({})).await;
    let (mut found, mut ran, mut limited) = (Vec::new(), 0, 0);
    for seed in fuzz::seeds() {
        let mut rng = StdRng::seed_from_u64(seed);
        let (document, variables) = match seed % 2 {
            0 => (fuzz::document(&mut rng), fuzz::variables(&mut rng)),
            _ => (grown(&mut rng), grown_variables(&mut rng)),
        };
        let sent = document.len() + variables.to_string().len();
        let most = Taken::most(sent);
        let (verdict, taken) = Taken::by(&court, &document, &variables).await;
        if !taken.is_within(most) {
            found.push(format!(
                "FUZZ_SEED={seed}: {taken:?} for {sent} bytes, where {most:?} is the most: {:.300}",
                document
            ));
        }
        match verdict {
            Verdict::Executed => ran += 1,
            Verdict::Limited => limited += 1,
            _ => {}
        }
    }
    super::none(&found);
    if option_env!("FUZZ_SEED").is_none() {
        assert!(
            ran > 50 && limited > 50,
            "only {ran} ran and {limited} were limited: these cases prove little"
        );
    }
}
