//! A service that is killed takes along only its own fields; the rest of the screen arrives, and says what is missing.

use super::house::{House, example, operation, soon};
use kit::{Answer, Process, Value, json};

/// A screen, and what of it is null while a service is dead. `*` stands for every index.
struct Case {
    dead: &'static str,
    bff: &'static str,
    document: String,
    variables: Value,
    missing: &'static [&'static str],
}

fn cases() -> Vec<Case> {
    let case = |dead, bff, name, variables, missing| Case {
        dead,
        bff,
        document: operation(bff, name),
        variables,
        missing,
    };
    let album = json!({"id": "al-1"});
    let page = json!({"path": "/tracks/tr-1"});
    vec![
        case("library", "mobile", "album_screen", album.clone(), &["albumScreen.tracks.*.liked"]),
        case("activity", "mobile", "album_screen", album, &["albumScreen.tracks.*.playCountLabel"]),
        case("identity", "mobile", "playlist_screen", json!({"id": "pl-1"}), &["playlistScreen.ownerName"]),
        case(
            "catalog",
            "mobile",
            "home_screen",
            json!({}),
            &[
                "homeScreen.sections.*.recent.*.track",
                "homeScreen.sections.*.albums",
                "homeScreen.sections.*.hits.*.track",
                "homeScreen.sections.*.charts",
            ],
        ),
        case(
            "library",
            "web",
            "TrackPage",
            page.clone(),
            &["page.thing.likeCount", "page.thing.viewerLikes"],
        ),
        case("activity", "web", "TrackPage", page, &["page.thing.playCount", "page.thing.comments"]),
        case(
            "catalog",
            "web",
            "PlaylistEditor",
            json!({"playlist": "pl-1"}),
            &["playlist.entries.nodes.*.track"],
        ),
    ]
}

#[tokio::test]
async fn only_the_dead_services_fields_are_missing() {
    let mut house = House::start().await;
    let (mobile, web) = (house.bff("mobile").await, house.bff("web").await);
    let mika = house.token("us-1").await;
    let ask = async |case: &Case| {
        let bff = if case.bff == "mobile" { &mobile } else { &web };
        bff.query(&case.document).variables(case.variables.clone()).bearer(&mika).await
    };
    for dead in ["library", "activity", "identity", "catalog"] {
        let cases: Vec<_> = cases().into_iter().filter(|case| case.dead == dead).collect();
        let mut whole = Vec::new();
        for case in &cases {
            let answer = ask(case).await;
            answer.ok();
            whole.push(answer);
        }
        house.kill(dead).await;
        for (case, whole) in cases.iter().zip(&whole) {
            let answer = ask(case).await;
            let mut missing = Vec::new();
            compare(whole.data(""), answer.data(""), String::new(), &mut missing);
            explained(&house, &answer, &missing);
            let name = format!("{} without {dead}: {answer}", case.bff);
            assert!(missing.iter().all(|path| case.missing.contains(&starred(path).as_str())), "{name}");
            let starred: Vec<_> = missing.iter().map(|path| starred(path)).collect();
            assert!(case.missing.iter().all(|path| starred.iter().any(|missing| missing == path)), "{name}");
        }
        house.restart(dead).await;
        for (case, whole) in cases.iter().zip(&whole) {
            soon("what it answered is back", async || ask(case).await.data("") == whole.data("")).await;
        }
    }
}

/// Whatever is null now and was not before; everything else must be as it was.
fn compare(before: &Value, now: &Value, path: String, missing: &mut Vec<String>) {
    match (before, now) {
        (_, Value::Null) if !before.is_null() => missing.push(path.trim_start_matches('.').to_owned()),
        (Value::Object(before), Value::Object(now)) => {
            assert!(before.keys().eq(now.keys()), "{path}: {before:?} was, {now:?} is");
            for (key, value) in before {
                compare(value, &now[key], format!("{path}.{key}"), missing);
            }
        }
        (Value::Array(before), Value::Array(now)) => {
            assert_eq!(before.len(), now.len(), "{path}");
            for (index, (before, now)) in before.iter().zip(now).enumerate() {
                compare(before, now, format!("{path}.{index}"), missing);
            }
        }
        _ => assert_eq!(before, now, "{path}"),
    }
}

/// Each missing value is told; where it is an error, that has a code, and tells nothing of the house.
fn explained(house: &House, answer: &Answer, missing: &[String]) {
    assert_eq!(answer.status, 200);
    let told = answer.degraded();
    let mut paths: Vec<_> =
        told.iter().filter_map(|told| told.split_once(' ')).map(|(_, path)| path).collect();
    paths.sort_unstable();
    let mut missing = missing.to_vec();
    missing.sort();
    assert_eq!(paths, missing, "{answer}");
    for error in answer.errors() {
        assert_eq!(error["extensions"]["code"], "UPSTREAM_UNAVAILABLE", "{error}");
        let text = error.to_string().to_lowercase();
        let internal =
            ["http", "catalog", "identity", "library", "activity", "connect", "reqwest", "refused"];
        let internal = internal.map(str::to_owned).into_iter().chain(house.addresses());
        let words = error["message"].as_str().unwrap().to_lowercase();
        for word in internal {
            assert!(!words.contains(&word), "{word}: {text}");
        }
        let mut told = error["extensions"].as_object().unwrap().keys();
        assert!(
            told.all(|key| ["code", "traceId", "retryable", "retryAfter"].contains(&key.as_str())),
            "{error}"
        );
    }
}

/// `albumScreen.tracks.3.liked` → `albumScreen.tracks.*.liked`.
fn starred(path: &str) -> String {
    let steps = path.split('.').map(|step| if step.parse::<usize>().is_ok() { "*" } else { step });
    steps.collect::<Vec<_>>().join(".")
}

#[tokio::test]
async fn where_everything_comes_from_the_dead_one_there_is_an_answer_all_the_same() {
    let mut house = House::start().await;
    let partner = house.bff("partner").await;
    let document = example("partner");
    let whole = partner.query(&document).await;
    whole.ok();
    house.kill("catalog").await;
    let answer = partner.query(&document).await;
    assert_eq!(answer.data(""), &json!({"charts": null}));
    explained(&house, &answer, &["charts".to_owned()]);
    house.restart("catalog").await;
    soon("all of it is back", async || partner.query(&document).await.data("") == whole.ok()).await;
}

/// Without the token provider whoever has been seen stays known; the others are told to come back.
#[tokio::test]
async fn tokens_are_checked_while_the_provider_is_dead() {
    let mut house = House::start().await;
    let (mobile, web) = (house.bff("mobile").await, house.bff("web").await);
    let (mika, jonas) = (house.token("us-1").await, house.token("us-2").await);
    let signed_in = async |bff: &Process, token: &str| bff.query("{ __typename }").bearer(token).await.status;
    assert_eq!(signed_in(&mobile, &mika).await, 200);
    house.kill("identity").await;
    // This one has the keys already, and checks anybody's token with them.
    assert_eq!(signed_in(&mobile, &jonas).await, 200);
    assert_eq!(signed_in(&web, &jonas).await, 503);
    assert_eq!(web.query("{ __typename }").await.status, 200);
    house.restart("identity").await;
}
