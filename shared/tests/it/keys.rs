//! API keys, presented at the front door: good ones are somebody's, bad ones are told nothing, revoked ones end within
//! seconds whatever is open, and the directory is neither flooded nor waited for.

use std::sync::Arc;

use async_graphql::{Context, EmptyMutation, Object, Subscription};
use bff::{
    Bff, ContextExt,
    auth::key::{self, ApiKey, hex},
    config::{KeySettings, Scheme, Secret},
};
use futures::{Stream, future::join_all, stream};
use kit::{Answer, Fake, Gate, Place, Query as Request, Reply, Running, Server, Value, json};
use parking_lot::Mutex;

struct Query;

#[Object]
impl Query {
    /// Owner, plan, whether the scope `read` is there.
    async fn me(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<String>> {
        let caller = ctx.request()?.caller();
        let Some(owner) = caller.subject() else { return Ok(None) };
        assert_eq!(caller.client_id(), Some(owner));
        Ok(Some(format!("{owner} {} {}", caller.plan().unwrap_or("-"), caller.has_scope("read"))))
    }
}

struct Changes;

#[Subscription]
impl Changes {
    async fn never(&self) -> impl Stream<Item = i32> {
        stream::pending()
    }
}

/// A directory of keys, and a backend that asks it.
struct World {
    directory: Fake,
    rows: Arc<Mutex<Vec<Value>>>,
    bff: Running,
}

impl World {
    /// Which asks again at once: each request hears the directory's latest word.
    async fn start() -> Self {
        Self::with(|keys| keys.fresh_ms = 1).await
    }

    async fn with(change: impl FnOnce(&mut KeySettings)) -> Self {
        let directory = Fake::start().await;
        let rows: Arc<Mutex<Vec<Value>>> = Arc::default();
        let all = Arc::clone(&rows);
        directory.get("/keys", move |call| {
            let asked = call.list("ids");
            let found =
                all.lock().iter().filter(|row| asked.iter().any(|id| row["id"] == *id)).cloned().collect();
            json!({"items": Value::Array(found)})
        });
        let bff = server(&directory, change).start().await;
        Self { directory, rows, bff }
    }

    /// A key that the directory tells of, with more said of it.
    fn key(&self, more: Value) -> String {
        let key = key::generate();
        let read = ApiKey::read(&key).unwrap();
        let mut row = json!({"id": read.id(), "digest": hex(&read.digest()), "owner": "acme", "plan": "pro",
            "scope": "read write", "expires_at": null, "revoked": false});
        row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.rows.lock().push(row);
        key
    }

    fn change(&self, key: &str, member: &str, value: Value) {
        let mut rows = self.rows.lock();
        let id = ApiKey::read(key).unwrap().id();
        rows.iter_mut().find(|row| row["id"] == id).unwrap()[member] = value;
    }

    fn ask(&self) -> Request {
        self.bff.query("{ me }")
    }

    fn lookups(&self) -> usize {
        self.directory.count("/keys")
    }
}

fn server(directory: &Fake, change: impl FnOnce(&mut KeySettings)) -> Server {
    let bff = Bff::new("keys", "").schema(Query, EmptyMutation, Changes);
    Server::of(bff).settings(|settings| {
        settings.auth.schemes = vec![Scheme::Key];
        settings.auth.keys.url = Some(format!("{}/keys", directory.url()).parse().unwrap());
        settings.auth.keys.secret = Secret::new("between us");
        // For the tests of what takes long, and no other.
        settings.auth.keys.timeout_ms = 60_000;
        change(&mut settings.auth.keys);
    })
}

fn refused(answer: &Answer) -> String {
    assert_eq!(answer.status, 401, "{answer:?}");
    assert!(answer.header("www-authenticate").is_some());
    answer.codes().join(" ")
}

#[tokio::test]
async fn a_key_is_its_owners_in_either_header() {
    let world = World::start().await;
    let key = world.key(json!({}));
    assert_eq!(world.ask().bearer(&key).await.data("me"), "acme pro true");
    assert_eq!(world.ask().header("x-api-key", &key).await.data("me"), "acme pro true");
    assert_eq!(
        world.ask().header("authorization", &format!("bearer  {key}")).await.data("me"),
        "acme pro true"
    );
    assert_eq!(world.ask().await.data("me"), &Value::Null);
    let call = &world.directory.calls()[0];
    assert_eq!(call.header("authorization"), Some("Bearer between us"));
    // What is told to the directory opens nothing.
    let secret = &key[ApiKey::read(&key).unwrap().id().len() + 1..];
    assert!(!world.directory.urls().join(" ").contains(secret));
}

#[tokio::test]
async fn a_key_that_is_not_good_is_refused_and_it_is_not_told_why() {
    let world = World::start().await;
    let good = world.key(json!({}));
    let revoked = world.key(json!({"revoked": true}));
    let stranger = key::generate();
    // Of a key that there is, with another's secret; and of one that there is not.
    let other = format!("{}{}", &good[..12], &stranger[12..]);
    let unlike = format!("{}x", &good[..54]);
    let mut told = Vec::new();
    for key in [&revoked, &stranger, &other, &unlike] {
        let answer = world.ask().bearer(key).await;
        refused(&answer);
        assert!(!answer.text.contains(key.as_str()) && !answer.text.contains(&key[12..]));
        told.push(refused(&answer));
    }
    told.dedup();
    assert_eq!(told, ["TOKEN_INVALID"]);
    assert_eq!(world.ask().bearer(&good).await.data("me"), "acme pro true");
    // What cannot be a key is refused without a word to anybody.
    world.directory.clear();
    for text in ["bk_", "bk_short_secret", "BK_abcdefgh", "", "secret"] {
        assert_eq!(world.ask().header("x-api-key", text).await.status, 401, "{text}");
    }
    assert_eq!(world.lookups(), 0);
}

#[tokio::test]
async fn an_expired_key_is_refused_and_one_that_will_expire_is_not() {
    let world = World::start().await;
    let key = world.key(json!({"expires_at": "2999-01-01T00:00:00Z"}));
    assert_eq!(world.ask().bearer(&key).await.data("me"), "acme pro true");
    world.change(&key, "expires_at", json!("2020-01-01T00:00:00Z"));
    assert_eq!(refused(&world.ask().bearer(&key).await), "TOKEN_EXPIRED");
    // Who has not the secret is not told that there was such a key.
    let guessed = format!("{}{}", &key[..12], &key::generate()[12..]);
    let nothing = world.ask().bearer(&key::generate()).await;
    assert_eq!(refused(&world.ask().bearer(&guessed).await), refused(&nothing));
}

#[tokio::test]
async fn two_keys_overlap_while_one_replaces_the_other() {
    let world = World::start().await;
    let (old, new) = (world.key(json!({"expires_at": "2999-01-01T00:00:00Z"})), world.key(json!({})));
    for key in [&old, &new] {
        assert_eq!(world.ask().bearer(key).await.data("me"), "acme pro true");
    }
    world.change(&old, "revoked", json!(true));
    refused(&world.ask().bearer(&old).await);
    assert_eq!(world.ask().bearer(&new).await.data("me"), "acme pro true");
}

#[tokio::test]
async fn two_credentials_are_none() {
    let world = World::start().await;
    let key = world.key(json!({}));
    let twice = world.ask().bearer(&key).header("x-api-key", &key).await;
    refused(&twice);
    refused(&world.ask().header("x-api-key", &key).header("x-api-key", &key).await);
    refused(&world.ask().bearer(&key).bearer(&key).await);
    assert_eq!(world.lookups(), 0);
}

#[tokio::test]
async fn where_keys_are_not_taken_one_is_refused_and_not_ignored() {
    let bff = Bff::new("no-keys", "").schema(Query, EmptyMutation, Changes);
    let bff = Server::of(bff).start().await;
    refused(&bff.query("{ me }").header("x-api-key", &key::generate()).await);
    refused(&bff.query("{ me }").bearer(&key::generate()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_directory_is_asked_once_for_all_who_come_at_once_and_not_again_while_its_word_is_fresh() {
    let world = World::with(|_| ()).await;
    let key = world.key(json!({}));
    for answer in join_all((0..64).map(|_| world.ask().bearer(&key).into_future())).await {
        assert_eq!(answer.data("me"), "acme pro true");
    }
    assert_eq!(world.lookups(), 1);
    // Nor for one that there is not.
    let stranger = key::generate();
    for _ in 0..10 {
        refused(&world.ask().bearer(&stranger).await);
    }
    assert_eq!(world.lookups(), 2);
    // Nor for a known one's name with any secret.
    for _ in 0..100 {
        refused(&world.ask().bearer(&format!("{}{}", &key[..12], &key::generate()[12..])).await);
    }
    assert_eq!(world.lookups(), 2);
}

#[tokio::test]
async fn guessing_floods_nobody_and_disturbs_no_key_in_use() {
    let world = World::with(|keys| {
        keys.fresh_ms = 1;
        keys.strangers_per_s = 1;
    })
    .await;
    let key = world.key(json!({}));
    assert_eq!(world.ask().bearer(&key).await.data("me"), "acme pro true");
    let mut statuses = Vec::new();
    for _ in 0..100 {
        let answer = world.ask().bearer(&key::generate()).await;
        if answer.status == 503 {
            assert_eq!(answer.codes(), ["AUTHENTICATION_UNAVAILABLE"]);
        }
        statuses.push(answer.status);
        assert_eq!(world.ask().bearer(&key).await.data("me"), "acme pro true");
    }
    let asked = world.directory.calls().iter().filter(|call| call.list("ids")[0] != key[..11]).count();
    assert!(asked < 50 && statuses.contains(&503), "{asked}");
}

#[tokio::test]
async fn over_an_outage_a_key_in_use_goes_on_and_a_new_one_waits() {
    for reply in [|| Reply::problem(500, "no"), Reply::html, Reply::reset, || Reply::garbage("{\"items\":")] {
        let world = World::start().await;
        let (used, unused) = (world.key(json!({})), world.key(json!({})));
        assert_eq!(world.ask().bearer(&used).await.data("me"), "acme pro true");
        world.directory.get("/keys", move |_| reply());
        assert_eq!(world.ask().bearer(&used).await.data("me"), "acme pro true");
        let unknown = world.ask().bearer(&unused).await;
        assert_eq!((unknown.status, unknown.codes()), (503, vec!["AUTHENTICATION_UNAVAILABLE"]));
        assert!(unknown.header("retry-after").is_some());
    }
}

#[tokio::test]
async fn an_outage_is_bridged_for_a_while_only() {
    let world = World::with(|keys| {
        keys.fresh_ms = 1;
        keys.bridge_s = 0;
    })
    .await;
    let key = world.key(json!({}));
    assert_eq!(world.ask().bearer(&key).await.data("me"), "acme pro true");
    world.directory.get("/keys", |_| Reply::problem(500, "no"));
    assert_eq!(world.ask().bearer(&key).await.status, 503);
}

#[tokio::test]
async fn a_directory_that_hangs_is_not_waited_for() {
    let world = World::with(|keys| {
        keys.fresh_ms = 1;
        keys.timeout_ms = 50;
    })
    .await;
    world.directory.get("/keys", |_| Reply::hang());
    assert_eq!(world.ask().bearer(&key::generate()).await.status, 503);
    // Nor asked again at once.
    for _ in 0..10 {
        assert_eq!(world.ask().bearer(&key::generate()).await.status, 503);
    }
    assert!(world.lookups() < 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_while_the_directory_is_asked_spoils_it_for_nobody() {
    let world = World::with(|_| ()).await;
    let key = world.key(json!({}));
    let gate = Gate::closed();
    let row = world.rows.lock()[0].clone();
    let held = gate.clone();
    world.directory.get("/keys", move |_| Reply::json(200, json!({"items": [row]})).after(&held));
    let url = world.bff.url();
    let request = reqwest::Client::new()
        .post(format!("{url}/graphql"))
        .bearer_auth(&key)
        .json(&json!({"query": "{ me }"}));
    let leaving = tokio::spawn(request.send());
    while world.directory.under_way("/keys") == 0 {
        tokio::task::yield_now().await;
    }
    let staying = tokio::spawn(world.ask().bearer(&key).into_future());
    leaving.abort();
    gate.open();
    assert_eq!(staying.await.unwrap().data("me"), "acme pro true");
    assert_eq!(world.ask().bearer(&key).await.data("me"), "acme pro true");
}

#[tokio::test]
async fn a_subscription_ends_when_its_key_is_revoked() {
    let world = World::with(|keys| keys.fresh_ms = 5).await;
    let key = world.key(json!({}));
    let mut socket = world.bff.socket(Some(&key)).await;
    socket.start("1", "subscription { never }", json!({})).await;
    let mut events = world.bff.events("subscription { never }", json!({}), Some(&key)).await;
    world.change(&key, "revoked", json!(true));
    assert_eq!(socket.closed().await.0, 4403);
    let last = events.answer().await;
    assert_eq!(last.errors().len(), 1, "{last:?}");
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn in_production_nobody_has_the_demos_keys_and_the_directory_wants_a_secret() {
    let world = World::start().await;
    let demo = format!("bk_demo1234{}", &key::generate()[11..]);
    let read = ApiKey::read(&demo).unwrap();
    world.rows.lock().push(json!({"id": read.id(), "digest": hex(&read.digest()), "owner": "acme"}));
    assert_eq!(world.ask().bearer(&demo).await.data("me"), "acme - false");
    let production = server(&world.directory, |_| ()).production().start().await;
    world.directory.clear();
    refused(&production.query("{ me }").bearer(&demo).await);
    assert_eq!(world.lookups(), 0);
}
