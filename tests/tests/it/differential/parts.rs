//! Random documents whose fragments are put off, over random rows with random failures: our parts, put together, are what
//! graphql-js 17 tells part by part, in both forms; and where nothing fails, what is answered when nothing is put off.

use super::{Case, documents::Document, judge::Judge, ours, seeds, started, world::World};
use kit::{Value, json, put_together};
use rand::{SeedableRng, rngs::StdRng};
use std::sync::Arc;

const FORMS: [(&str, &str); 2] = [
    ("current", "multipart/mixed; incrementalSpec=v0.2, application/json"),
    ("former", "multipart/mixed; deferSpec=20220824, application/json"),
];

#[tokio::test]
async fn parts_are_what_graphql_js_tells_and_make_up_the_whole() {
    let (fake, bff, sdl) = started(ours::bff_in_parts()).await;
    let mut judge = Judge::of_parts(&sdl).await;
    let (mut in_parts, mut nested, mut failed, mut unfailed) = (0, 0, 0, 0);
    for seed in seeds() {
        let mut rng = StdRng::seed_from_u64(seed);
        // Every other world is whole.
        let world = Arc::new(World::random(&mut rng, seed % 2 == 0));
        let document = Document::in_parts(&mut rng);
        world.serve(&fake);
        let query = || {
            let query = bff.query(&document.text).variables(document.variables.clone());
            if seed % 2 == 0 { query } else { query.header("graphql-client-name", "friend") }
        };
        let whole = query().await;
        let mut ours = Vec::new();
        for (form, accept) in FORMS {
            let parts = query().in_parts(accept).await;
            let parts = if parts.media().starts_with("multipart/mixed") {
                parts.rest().await
            } else {
                vec![parts.whole().await.json]
            };
            ours.push((form, parts));
        }
        let case = Case { seed, world, document, answer: format!("{ours:#?}") };
        let theirs = judge.ask(&case, &[]).await;
        for (form, ours) in &ours {
            let theirs = theirs[*form].as_array().expect("parts").as_slice();
            let (told, expected) = (Told::of(ours), Told::of(theirs));
            if told != expected {
                case.wrong(
                    &format!("{form}: not what graphql-js tells"),
                    &format!("ours: {told:#?}\ntheirs: {expected:#?}"),
                );
            }
            let errors = ours.iter().any(|part| part.to_string().contains("\"errors\":"));
            if !errors && put_together(ours)["data"] != whole.json["data"] {
                case.wrong(&format!("{form}: the parts are not the whole"), &format!("{whole}"));
            }
            in_parts += usize::from(ours.len() > 1);
            nested += usize::from(ours.iter().skip(1).any(|part| part.get("pending").is_some()));
            failed += usize::from(!told.failed.is_empty());
            unfailed += usize::from(!errors && ours.len() > 1);
        }
    }
    // Guards the generator.
    if option_env!("DIFFERENTIAL_SEED").is_none() {
        assert!(
            in_parts > 100 && nested > 10 && failed > 5 && unfailed > 40,
            "{in_parts} in parts, {nested} nested, {failed} with failed fragments, {unfailed} without errors"
        );
    }
}

/// What does not depend on which part comes when. What is promised does: a fragment is not, if all its fields have come
/// with others by then.
#[derive(PartialEq, Debug)]
struct Told {
    data: Value,
    /// Path and label of each fragment that failed.
    failed: Vec<String>,
}

impl Told {
    fn of(parts: &[Value]) -> Self {
        let list = |part: &Value, key: &str| part[key].as_array().cloned().unwrap_or_default();
        let name = |fragment: &Value| json!([fragment["path"], fragment.get("label")]).to_string();
        let promised: Vec<Value> = parts.iter().flat_map(|part| list(part, "pending")).collect();
        let by_id =
            |id: &Value| promised.iter().find(|promise| promise["id"] == *id).map_or(String::new(), name);
        let mut failed = Vec::new();
        for part in parts {
            let completed = list(part, "completed");
            failed
                .extend(completed.iter().filter(|it| it.get("errors").is_some()).map(|it| by_id(&it["id"])));
            let items = list(part, "incremental");
            failed.extend(items.iter().filter(|it| it["data"].is_null()).map(name));
        }
        failed.sort();
        Self { data: as_javascript(&put_together(parts)["data"]), failed }
    }
}

/// With numbers as JavaScript has them: `1.0` is `1`.
fn as_javascript(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.iter().map(as_javascript).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(key, field)| (key.clone(), as_javascript(field))).collect()
        }
        other => other.clone(),
    }
}
