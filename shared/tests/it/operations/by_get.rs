//! What an answer to a GET says to caches: how long, for whom, and whether it is still the same.

use super::world::{ALONE, IN_FLIGHT, KEPT, World, fresh, notes};
use bff::config::SharingSettings;
use http_cache_semantics::{BeforeRequest, CacheOptions, CachePolicy};
use kit::{Answer, Place, Reply, Value, json};
use sha2::{Digest, Sha256};
use std::time::SystemTime;

const ALL: [SharingSettings; 3] = [ALONE, IN_FLIGHT, KEPT];

/// `Cache-Control`, with the seconds of `max-age` between these as `n`.
fn control(answer: &Answer, seconds: std::ops::RangeInclusive<u64>) -> String {
    let text = answer.header("cache-control").unwrap_or_default();
    let Some((before, age)) = text.split_once("max-age=") else { return text.to_owned() };
    let age: u64 = age.parse().unwrap_or_else(|_| panic!("{text}"));
    assert!(seconds.contains(&age), "{text}");
    format!("{before}max-age=n")
}

#[tokio::test]
async fn public_rows_may_be_kept_as_long_as_the_first_of_them_is_fresh() {
    for sharing in ALL {
        let world = World::start(sharing.clone()).await;
        world
            .shop
            .get("/parts", |_| Reply::json(200, json!([])).header("cache-control", "max-age=7, public"));
        for (document, seconds) in [
            ("{ thing(id: \"t1\") { name greeting } }", 55..=60),
            ("{ thing(id: \"t1\") { name parts { label } } }", 3..=7),
            ("{ a: thing(id: \"t1\") { parts { label } } b: things { name } __typename }", 3..=7),
        ] {
            for _ in 0..3 {
                let answer = world.bff.query(document).by_get().await;
                assert_eq!(control(&answer, seconds.clone()), "public, max-age=n", "{sharing:?}: {document}");
                assert_eq!(answer.status, 200);
            }
        }
    }
}

#[tokio::test]
async fn what_upstreams_do_not_allow_is_not_allowed() {
    for sharing in ALL {
        for (upstream, said) in [
            ("max-age=60, stale-while-revalidate=60", "public, max-age=n"),
            ("max-age=60, no-cache", "public, no-cache"),
            ("max-age=0", "public, no-cache"),
            ("public", "public, no-cache"),
            ("no-store", "no-store"),
            ("private, max-age=60", "no-store"),
        ] {
            let world = World::start(sharing.clone()).await;
            world.shop.get("/parts", move |_| Reply::json(200, json!([])).header("cache-control", upstream));
            let document = "{ thing(id: \"t1\") { name parts { label } } }";
            for _ in 0..2 {
                let answer = world.bff.query(document).by_get().await;
                assert_eq!(control(&answer, 55..=60), said, "{sharing:?}: {upstream}");
            }
        }
    }
}

/// Everything by which an answer is a caller's own.
const PRIVATE: [&str; 17] = [
    "{ thing(id: \"t1\") { secret } }",
    "{ thing(id: \"t1\") { note { by } } }",
    "{ thing(id: \"t1\") { noted } }",
    "{ thing(id: \"t1\") { noteAfterParts { by } } }",
    "{ thing(id: \"t1\") { notedBesideParts } }",
    "{ thing(id: \"t1\") { hiddenParts { label } } }",
    "{ thing(id: \"t1\") { isMine } }",
    "{ thing(id: \"t1\") { partsIfMine { label } } }",
    "{ thing(id: \"t1\") { toldOfMe } }",
    "{ thing(id: \"t1\") { seenThrough } }",
    "{ thing(id: \"t1\") { seenInACopy } }",
    "{ note(thing: \"t1\") { by } }",
    "{ guardedThings { name } }",
    "{ who }",
    "{ nameOf(id: \"t1\") }",
    "{ partsByHand(id: \"t1\") { label } }",
    "{ constant }",
];

#[tokio::test]
async fn a_callers_own_is_kept_by_nobody() {
    for sharing in ALL {
        let world = World::start(sharing.clone()).await;
        // Even where the upstream would let it be kept.
        world.shop.get("/notes", |call| fresh(notes(call)));
        let token = world.issuer.token("us-1");
        for document in PRIVATE {
            for _ in 0..2 {
                let answer = world.bff.query(document).by_get().bearer(&token).await;
                answer.ok();
                assert_eq!(control(&answer, 0..=0), "private, no-store", "{sharing:?}: {document}");
            }
        }
    }
}

#[tokio::test]
async fn whoever_is_signed_in_gets_what_is_public_as_everybody_does() {
    let world = World::start(ALONE).await;
    let token = world.issuer.token("us-1");
    let query = || world.bff.query("{ thing(id: \"t1\") { name } }").by_get();
    let (theirs, anybodys) = (query().bearer(&token).await, query().await);
    assert_eq!(control(&theirs, 55..=60), "public, max-age=n");
    assert_eq!(theirs.header("etag"), anybodys.header("etag"));
}

#[tokio::test]
async fn nothing_that_went_wrong_is_kept() {
    for sharing in ALL {
        let world = World::start(sharing.clone()).await;
        world.shop.get("/parts", |_| Reply::problem(503, "down").header("cache-control", "max-age=60"));
        let partial = world.bff.query("{ thing(id: \"t1\") { name parts { label } } }").by_get().await;
        assert_eq!(partial.codes(), ["UPSTREAM_UNAVAILABLE"]);
        assert_eq!(control(&partial, 0..=0), "no-store", "{sharing:?}");
        assert_eq!(partial.header("etag"), None);
    }
    let world = World::start(ALONE).await;
    for (refused, status) in [
        (world.bff.query("{ nothing }").by_get(), 200),
        (world.bff.query("{ nothing }").by_get().header("accept", "application/graphql-response+json"), 400),
        (world.bff.query("mutation { rename(id: \"t1\", name: \"x\") }").by_get(), 405),
        (world.bff.query("{ constant }").by_get().header("accept", "text/html"), 406),
        (world.bff.query("query($id: ID!) { thing(id: $id) { name } }").by_get(), 200),
    ] {
        let refused = refused.await;
        assert_eq!(
            (refused.status, refused.header("cache-control")),
            (status, Some("no-store")),
            "{refused}"
        );
        assert_eq!(refused.header("etag"), None);
    }
    let posted = world.bff.query("{ thing(id: \"t1\") { name } }").await;
    assert_eq!((posted.header("cache-control"), posted.header("etag")), (None, None), "only a GET is kept");
}

#[tokio::test]
async fn a_tag_is_made_of_the_answers_bytes() {
    let world = World::start(ALONE).await;
    let get = async |id: &str, known: Option<&str>| {
        let query =
            world.bff.query("query($id: ID!) { thing(id: $id) { name } }").variables(json!({"id": id}));
        let query = query.by_get();
        let query = known.into_iter().fold(query, |query, known| query.header("if-none-match", known));
        query.await
    };
    let (one, other) = (get("t1", None).await, get("t2", None).await);
    let tag = one.header("etag").unwrap().to_owned();
    // Weak: in another coding the bytes are others, and it is the same answer.
    assert!(tag.starts_with("W/\"") && tag.ends_with('"') && tag.len() > 20, "{tag}");
    assert_ne!(other.header("etag"), Some(&*tag));
    for known in [tag.clone(), tag.replace("W/", ""), format!("\"x\", {tag}"), "*".to_owned()] {
        let same = get("t1", Some(&known)).await;
        assert_eq!((same.status, same.text.as_str()), (304, ""), "{known}");
        assert_eq!(same.header("etag"), Some(&*tag));
        assert_eq!(control(&same, 55..=60), "public, max-age=n");
        assert_eq!(same.header("vary"), one.header("vary"));
    }
    for known in ["\"x\"", tag.replace('"', "").as_str(), ""] {
        assert_eq!(get("t1", Some(known)).await.status, 200, "{known}");
    }
    world.shop.get("/things", |call| fresh(json!([{"id": call.list("ids")[0], "name": "Renamed"}])));
    let changed = get("t1", Some(&tag)).await;
    assert_eq!((changed.status, changed.data("thing.name")), (200, &json!("Renamed")));
    // A caller's own may be asked for again like that, too.
    let who = world.bff.query("{ who }").by_get().await;
    let same = world.bff.query("{ who }").by_get().header("if-none-match", who.header("etag").unwrap()).await;
    assert_eq!((same.status, same.header("cache-control")), (304, Some("private, no-store")));
}

#[tokio::test]
async fn what_an_answer_depends_on_is_said() {
    let world = World::start(ALONE).await;
    let get = async |accept: &str, language: &str| {
        let query = world.bff.query("{ thing(id: \"t1\") { greeting } }").by_get();
        query.header("accept", accept).header("accept-language", language).await
    };
    let english = get("application/json", "en").await;
    let named = english.headers.get_all("vary").iter().map(|value| value.to_str().unwrap());
    let mut named: Vec<_> =
        named.flat_map(|value| value.split(',')).map(|name| name.trim().to_lowercase()).collect();
    named.sort();
    // It is too short to be compressed for anybody.
    assert_eq!(named, ["accept", "accept-language"]);
    let german = get("application/json", "de").await;
    assert_ne!(english.data("thing.greeting"), german.data("thing.greeting"));
    assert_ne!(english.header("etag"), german.header("etag"));
}

/// A cache that many share, in front of a BFF: what it keeps and gives again is RFC 9111's word, not ours.
#[derive(Default)]
struct Cdn {
    kept: Vec<(String, CachePolicy, Value)>,
    passed: usize,
}

impl Cdn {
    async fn get(&mut self, world: &World, path: &str, headers: &[(&'static str, &str)]) -> Value {
        let mut request = http::Request::get(format!("{}{path}", world.bff.url()));
        for (name, value) in headers.iter().chain(&[("graphql-require-preflight", "true")]) {
            request = request.header(*name, *value);
        }
        let request = request.body(()).unwrap();
        let fresh = |policy: &CachePolicy| {
            matches!(policy.before_request(&request, SystemTime::now()), BeforeRequest::Fresh(_))
        };
        if let Some((_, _, body)) = self.kept.iter().find(|(of, policy, _)| of == path && fresh(policy)) {
            return body.clone();
        }
        self.passed += 1;
        let sent = world.bff.request(http::Method::GET, path).headers(request.headers().clone());
        let response = sent.send().await.unwrap();
        let mut head = http::Response::new(());
        (*head.status_mut(), *head.headers_mut()) = (response.status(), response.headers().clone());
        let body: Value = response.json().await.unwrap();
        let options = CacheOptions { shared: true, cache_heuristic: 0.0, ..CacheOptions::default() };
        let policy = CachePolicy::new_options(&request, &head, SystemTime::now(), options);
        if policy.is_storable() {
            self.kept.push((path.to_owned(), policy, body.clone()));
        }
        body
    }
}

/// Has the BFF store a document, and says where it is from then on.
async fn stored(world: &World, document: &str) -> String {
    let hash: String = Sha256::digest(document).iter().map(|byte| format!("{byte:02x}")).collect();
    let extensions = json!({"persistedQuery": {"version": 1, "sha256Hash": hash}});
    let body = json!({"query": document, "extensions": extensions});
    let response = world.bff.request(http::Method::POST, "/graphql").json(&body).send().await.unwrap();
    assert_eq!(response.status(), 200);
    world.shop.clear();
    format!("/graphql/sha256:{hash}")
}

#[tokio::test]
async fn a_cdn_serves_many_phones_of_one_call() {
    for sharing in ALL {
        let world = World::start(sharing.clone()).await;
        let path = stored(&world, "{ thing(id: \"t1\") { name parts { label } } }").await;
        let mut cdn = Cdn::default();
        let token = format!("Bearer {}", world.issuer.token("us-1"));
        for headers in [&[] as &[_], &[("authorization", token.as_str())], &[], &[("x-else", "1")]] {
            let answer = cdn.get(&world, &path, headers).await;
            assert_eq!(answer["data"]["thing"]["name"], "Thing t1", "{sharing:?}");
        }
        assert_eq!((cdn.passed, world.shop.total()), (1, 2), "{sharing:?}: of things, and of parts");
        // Another language, another answer.
        cdn.get(&world, &path, &[("accept-language", "de")]).await;
        assert_eq!(cdn.passed, 2);
        // Also if the first to ask was signed in.
        let mut cdn = Cdn::default();
        for headers in [&[("authorization", token.as_str())] as &[_], &[]] {
            cdn.get(&world, &path, headers).await;
        }
        assert_eq!(cdn.passed, 1);
    }
}

#[tokio::test]
async fn a_cdn_never_has_what_is_somebodys_own() {
    let world = World::start(KEPT).await;
    let mut cdn = Cdn::default();
    let mut asked = 0;
    for document in PRIVATE.iter().chain(&["{ thing(id: \"t1\") { nothing } }"]) {
        let path = format!("/graphql?query={}", percent(document));
        for person in ["us-1", "us-2", "us-1"] {
            let token = format!("Bearer {}", world.issuer.token(person));
            cdn.get(&world, &path, &[("authorization", &token)]).await;
            asked += 1;
        }
    }
    assert_eq!((cdn.passed, cdn.kept.len()), (asked, 0));
}

fn percent(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
