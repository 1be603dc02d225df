//! Documents and variables that chance makes: of the examples, with parts exchanged, dropped, doubled and nested; and of
//! nothing at all.

use super::{Court, Verdict, examples, none, values};
use kit::{Value, json};
use rand::{Rng, RngCore, SeedableRng, rngs::StdRng, seq::IndexedRandom};

/// So many the same every time, and as many that are new each time.
const CASES: u64 = 400;

/// What documents are made of.
const WORDS: &[&str] = &[
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ":",
    "$",
    "!",
    "=",
    "@",
    "...",
    "|",
    "&",
    ",",
    "\"",
    "\"\"\"",
    "#",
    "\n",
    "\\",
    "query",
    "mutation",
    "subscription",
    "fragment",
    "on",
    "true",
    "false",
    "null",
    "Q",
    "F",
    "a",
    "$v",
    "$w",
    "dog",
    "pet",
    "name",
    "owner",
    "rival",
    "arguments",
    "intArgField",
    "intArg",
    "complexArgField",
    "complexArg",
    "required",
    "inner",
    "tags",
    "anyArgField",
    "anyArg",
    "findPet",
    "by",
    "Dog",
    "Cat",
    "Pet",
    "Query",
    "Int",
    "String",
    "[Int!]",
    "ComplexInput",
    "PetBy!",
    "@skip(if: true)",
    "@include(if: $v)",
    "... on Dog",
    "...F",
    "__typename",
    "__schema",
    "0",
    "-1",
    "1.5",
    "1e400",
    "2147483648",
    "\"text\"",
    "SIT",
    "é",
    "\u{0}",
    "\u{feff}",
];

pub(super) fn seeds() -> Vec<u64> {
    let number = |text: Option<&str>| text?.parse::<u64>().ok();
    if let Some(seed) = number(option_env!("FUZZ_SEED")) {
        return vec![seed];
    }
    let cases = number(option_env!("FUZZ_CASES")).unwrap_or(CASES);
    let new = rand::rng().next_u64() >> 1;
    println!("new cases from seed {new}");
    (0..cases).chain((0..cases).map(|n| new.wrapping_add(n))).collect()
}

/// A document as a list of tokens, roughly: enough to exchange parts.
fn tokens(document: &str) -> Vec<String> {
    let mut tokens = Vec::<String>::new();
    let mut word = String::new();
    for char in document.chars() {
        if char.is_alphanumeric() || char == '_' {
            word.push(char);
            continue;
        }
        if !word.is_empty() {
            tokens.push(std::mem::take(&mut word));
        }
        tokens.push(char.to_string());
    }
    tokens.extend((!word.is_empty()).then_some(word));
    tokens
}

fn example<'a>(rng: &mut StdRng) -> &'a str {
    let (_, good, bad) = examples::ALL.choose(rng).expect("rules");
    let from = if good.is_empty() || rng.random_bool(0.2) { bad } else { good };
    from.choose(rng).or(good.choose(rng)).copied().unwrap_or("{ dog { name } }")
}

pub(super) fn document(rng: &mut StdRng) -> String {
    match rng.random_range(0..20) {
        0 => (0..rng.random_range(0..60)).map(|_| *WORDS.choose(rng).expect("words")).collect(),
        1 => {
            (0..rng.random_range(1..60)).map(|_| format!("{} ", WORDS.choose(rng).expect("words"))).collect()
        }
        2 => (0..rng.random_range(1..200)).map(|_| rng.random::<char>()).collect(),
        _ => mutated(rng),
    }
}

fn mutated(rng: &mut StdRng) -> String {
    let mut text = tokens(example(rng));
    for _ in 0..rng.random_range(0..4) {
        let at = rng.random_range(0..=text.len());
        match rng.random_range(0..7) {
            0 => {
                text.drain(at..(at + rng.random_range(0..3)).min(text.len()));
            }
            1 => text.insert(at, format!(" {} ", WORDS.choose(rng).expect("words"))),
            2 => {
                let other = WORDS.choose(rng).expect("words");
                if let Some(token) = text.get_mut(at) {
                    *token = format!(" {other} ");
                }
            }
            3 => {
                let end = (at + rng.random_range(1..12)).min(text.len());
                let part: Vec<String> = text.get(at..end).unwrap_or_default().to_vec();
                let to = rng.random_range(0..=text.len());
                text.splice(to..to, part);
            }
            4 => {
                let other = tokens(example(rng));
                let from = rng.random_range(0..=other.len());
                let end = (from + rng.random_range(1..15)).min(other.len());
                text.splice(at..at, other.get(from..end).unwrap_or_default().to_vec());
            }
            5 => {
                text.push(" ".to_owned());
                text.extend(tokens(example(rng)));
            }
            _ => {
                let to = rng.random_range(0..=text.len());
                if at < text.len() && to < text.len() {
                    text.swap(at, to);
                }
            }
        }
    }
    text.concat()
}

pub(super) fn variables(rng: &mut StdRng) -> Value {
    let values = values::all();
    let value = |rng: &mut StdRng| values.choose(rng).cloned().unwrap_or_default();
    match rng.random_range(0..3) {
        0 => json!({}),
        1 => json!({"v": value(rng)}),
        _ => json!({"v": value(rng), "a": value(rng), "by": value(rng), "name": value(rng)}),
    }
}

#[tokio::test]
async fn chance_is_judged_as_by_graphql_js() {
    let mut court = Court::start().await;
    let (mut found, mut ran, mut refused) = (Vec::new(), 0, 0);
    for seed in seeds() {
        let mut rng = StdRng::seed_from_u64(seed);
        let (document, variables) = (document(&mut rng), variables(&mut rng));
        let told = court.disagreement(&document, &variables).await;
        found.extend(told.map(|told| format!("FUZZ_SEED={seed}: {document:?}\n{told}")));
        match court.ours(&document, &variables).await.0 {
            Verdict::Executed => ran += 1,
            _ => refused += 1,
        }
    }
    none(&found);
    if option_env!("FUZZ_SEED").is_none() {
        assert!(ran > 50 && refused > 50, "only {ran} ran, {refused} were refused: these cases prove little");
    }
}
