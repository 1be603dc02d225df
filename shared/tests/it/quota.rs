//! Quotas at the front door: never over by one, settled at what was touched, told in every answer; shared by replicas, and
//! without Redis a share of it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use async_graphql::{Context, EmptyMutation, ID, Object, Subscription};
use bff::{
    Bff, ContextExt, Have, Many,
    auth::HasScope,
    config::{PlanSettings, Secret, Section, Settings},
    edges, entity,
};
use futures::{Stream, future::join_all, stream};
use kit::{Answer, Issuer, Place, RedisServer, Running, Server, json};

/// So long that nothing comes back while a test runs.
const DAY: u64 = 86_400;

#[entity(local)]
pub struct Thing {
    id: ID,
}

#[edges]
impl Thing {
    /// No object, and dear all the same.
    #[graphql(tag = "cost:3")]
    fn weight(&self) -> i32 {
        1
    }

    /// Each is as dear as ten.
    #[graphql(tag = "cost:10")]
    fn parts(&self, first: usize, there: usize) -> Have<Thing, Many> {
        Have::many(some(first.min(there)))
    }

    #[graphql(tag = "cost:20", guard = HasScope("parts"))]
    fn guarded(&self) -> Option<i32> {
        Some(1)
    }
}

fn some(things: usize) -> Vec<Thing> {
    (0..things).map(|at| Thing { id: at.to_string().into() }).collect()
}

#[derive(Clone, Default)]
struct Ran(Arc<AtomicUsize>);

#[derive(Clone, Default)]
struct Query(Ran);

#[Object]
impl Query {
    /// As many as there are, and no more than `first`.
    async fn things(&self, first: usize, there: Option<usize>) -> Vec<Thing> {
        self.0.0.fetch_add(1, Relaxed);
        some(first.min(there.unwrap_or(first)))
    }

    #[graphql(tag = "cost:5")]
    async fn heavy_things(&self, first: usize, there: usize) -> Have<Thing, Many> {
        Have::many(some(first.min(there)))
    }

    #[graphql(tag = "cost:2", tag = "items:4")]
    async fn numbers(&self) -> Vec<i32> {
        vec![1]
    }

    #[graphql(tag = "cost:30")]
    async fn dear(&self) -> i32 {
        1
    }

    /// What this operation may cost, and what is left with that taken.
    async fn left(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Vec<u64>>> {
        Ok(ctx.request()?.rate_limit().map(|(cost, standing)| vec![cost, standing.remaining]))
    }
}

struct Changes;

#[Subscription]
impl Changes {
    async fn things(&self) -> impl Stream<Item = Thing> {
        stream::iter((0..100).map(|at: i32| Thing { id: at.to_string().into() }))
    }
}

struct World {
    issuer: Issuer,
    ran: Ran,
    bff: Running,
}

fn plan(limit: u64) -> PlanSettings {
    PlanSettings { limit, window_s: DAY }
}

/// Plans of 100 (`small`, the default) and 1,000 (`great`), 10 for who brings no credential.
fn server(issuer: &Issuer, ran: &Ran, change: impl FnOnce(&mut Settings)) -> Server {
    let bff = Bff::new("metered", "").schema(Query(ran.clone()), EmptyMutation, Changes);
    Server::of(bff).issuer(issuer).settings(|settings| {
        settings.quota.plans = [("small", 100), ("great", 1_000), ("nobody", 10)]
            .map(|(name, limit)| (name.to_owned(), plan(limit)))
            .into();
        settings.quota.default = "small".to_owned();
        settings.quota.anonymous = "nobody".to_owned();
        change(settings);
    })
}

impl World {
    async fn start() -> Self {
        Self::with(|_| ()).await
    }

    async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let (issuer, ran) = (Issuer::start().await, Ran::default());
        let bff = server(&issuer, &ran, change).start().await;
        Self { issuer, ran, bff }
    }

    fn token(&self, client: &str, plan: &str) -> String {
        self.issuer.token_with(client, json!({"client_id": client, "plan": plan}))
    }

    async fn ask(&self, token: &str, document: &str) -> Answer {
        self.bff.query(document).bearer(token).await
    }
}

fn things(first: usize) -> String {
    format!("{{ things(first: {first}) {{ id }} }}")
}

fn cost(answer: &Answer) -> [u64; 4] {
    ["requested", "actual", "limit", "remaining"].map(|name| {
        answer.json["extensions"]["cost"][name].as_u64().unwrap_or_else(|| panic!("{name}: {answer}"))
    })
}

/// How many were answered; the others were refused as they should be.
fn answered(answers: &[Answer]) -> usize {
    let refused = answers.iter().filter(|answer| answer.status == 429).inspect(|answer| {
        assert_eq!(answer.codes(), ["RATE_LIMITED"]);
        assert!(answer.header("retry-after").is_some_and(|seconds| seconds.parse::<u64>().unwrap() > 0));
    });
    let (refused, all) = (refused.count(), answers.len());
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), all - refused);
    all - refused
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_at_once_get_what_there_is_and_not_one_more() {
    let world = World::start().await;
    let token = world.token("acme", "small");
    let document = things(3);
    let answers = join_all((0..64).map(|_| world.ask(&token, &document))).await;
    // 33 times 3 of 100.
    assert_eq!(answered(&answers), 33);
    assert_eq!(world.ran.0.load(Relaxed), 33);
    assert_eq!(cost(&world.ask(&token, &things(1)).await), [1, 1, 100, 0]);
    assert_eq!(world.ask(&token, &things(1)).await.status, 429);
}

#[tokio::test]
async fn what_was_not_touched_is_given_back() {
    let world = World::start().await;
    let token = world.token("acme", "small");
    let answer = world.ask(&token, "{ things(first: 50, there: 3) { id } }").await;
    assert_eq!(cost(&answer), [50, 3, 100, 97]);
    assert_eq!(answer.header("ratelimit-limit"), Some("100"));
    assert_eq!(answer.header("ratelimit-remaining"), Some("97"));
    // Three of a hundred come back in three hundredths of a day.
    assert_eq!(answer.header("ratelimit-reset"), Some("2592"));
    assert_eq!(answer.header("ratelimit-policy"), Some("\"small\";q=100;w=86400"));
    assert!(answer.json["extensions"]["cost"]["resetAt"].as_str().unwrap().ends_with('Z'));
    // Nothing at all still is a request.
    assert_eq!(cost(&world.ask(&token, "{ things(first: 50, there: 0) { id } }").await), [50, 1, 100, 96]);
    // What has no objects costs what it says.
    assert_eq!(cost(&world.ask(&token, "{ dear }").await), [30, 30, 100, 66]);
    // While it runs, all that it may cost is taken.
    let answer = world.ask(&token, "{ left things(first: 20, there: 1) { id } }").await;
    assert_eq!((answer.data("left"), cost(&answer)), (&json!([20, 46]), [20, 1, 100, 65]));
}

#[tokio::test]
async fn what_weighs_more_counts_for_what_was_there_of_it() {
    let world = World::with(|settings| settings.quota.default = "great".to_owned()).await;
    let token = world.token("acme", "great");
    for (document, requested, actual) in [
        // A root's objects, and those of an edge below, beside others that weigh nothing more.
        ("{ heavyThings(first: 20, there: 3) { id } }", 100, 15),
        ("{ things(first: 5, there: 2) { id parts(first: 4, there: 1) { id } } }", 205, 22),
        ("{ heavyThings(first: 4, there: 2) { parts(first: 4, there: 1) { id } } }", 180, 30),
        // What is no object: for each row that it stands in.
        ("{ things(first: 10, there: 2) { id weight } }", 40, 8),
        ("{ things(first: 10, there: 2) { a: weight b: weight weight } }", 100, 20),
        // At the root; how many items there are of what is no object is not looked at.
        ("{ dear numbers things(first: 10, there: 0) { id } }", 48, 38),
        // None of it, and so nothing for it.
        ("{ things(first: 10, there: 2) { id weight @skip(if: true) } }", 40, 2),
        (
            "query($no: Boolean = false) { things(first: 10, there: 2) { id weight @include(if: $no) } }",
            40,
            2,
        ),
        ("query($no: Boolean = false) { dear @include(if: $no) things(first: 10, there: 2) { id } }", 40, 2),
        ("{ things(first: 10, there: 2) { id guarded } }", 210, 2),
    ] {
        let answer = world.ask(&token, document).await;
        let [told, was, ..] = cost(&answer);
        assert_eq!((told, was), (requested, actual), "{document}: {answer}");
    }
    let scoped = json!({"client_id": "acme", "plan": "great", "scope": "parts"});
    let token = world.issuer.token_with("acme", scoped);
    let answer = world.ask(&token, "{ things(first: 10, there: 2) { id guarded } }").await;
    assert_eq!(cost(&answer)[..2], [210, 42], "{answer}");
}

#[tokio::test]
async fn what_never_fits_is_told_apart_from_what_fits_later() {
    let world = World::start().await;
    let token = world.token("acme", "small");
    let never = world.ask(&token, "{ a: things(first: 60) { id } b: things(first: 41) { id } }").await;
    assert_eq!(never.codes(), ["COST_LIMIT_EXCEEDED"]);
    assert_eq!((cost(&never), never.header("retry-after")), ([101, 0, 100, 100], None));
    world.ask(&token, &things(90)).await.ok();
    let later = world.ask(&token, &things(11)).await;
    assert_eq!((later.status, later.codes()), (429, vec!["RATE_LIMITED"]));
    // One of a hundred in a day.
    assert_eq!((cost(&later), later.header("retry-after")), ([11, 0, 100, 10], Some("864")));
    assert_eq!(world.ran.0.load(Relaxed), 1);
    world.ask(&token, &things(10)).await.ok();
}

#[tokio::test]
async fn a_price_is_told_without_running_and_costs_nothing() {
    let world = World::start().await;
    let token = world.token("acme", "small");
    let ask = || {
        world
            .bff
            .query("query($n: Int!) { things(first: $n) { id } }")
            .bearer(&token)
            .header("graphql-cost", "report")
    };
    let answer = ask().variables(json!({"n": 40})).await;
    assert_eq!((answer.status, &answer.json["data"], cost(&answer)), (200, &json!(null), [40, 0, 100, 100]));
    // More than there ever is, too.
    assert_eq!(
        cost(
            &world
                .bff
                .query("{ a: things(first: 100) { id } b: things(first: 50) { id } }")
                .bearer(&token)
                .header("graphql-cost", "report")
                .await
        ),
        [150, 0, 100, 100]
    );
    assert_eq!(world.ran.0.load(Relaxed), 0);
    assert_eq!(ask().variables(json!({"n": "x"})).await.codes(), ["BAD_USER_INPUT"]);
}

#[tokio::test]
async fn each_client_has_a_bucket_of_its_plan() {
    let world = World::start().await;
    let (acme, other) = (world.token("acme", "small"), world.token("other", "small"));
    world.ask(&acme, &things(100)).await.ok();
    assert_eq!(world.ask(&acme, &things(1)).await.status, 429);
    assert_eq!(cost(&world.ask(&other, &things(1)).await), [1, 1, 100, 99]);
    assert_eq!(cost(&world.ask(&world.token("rich", "great"), &things(1)).await), [1, 1, 1_000, 999]);
    // A plan that nobody knows here is the default.
    assert_eq!(cost(&world.ask(&world.token("odd", "unheard of"), &things(1)).await), [1, 1, 100, 99]);
    // A client that is called like an address is none.
    let nobody = world.bff.query(&things(10)).await;
    assert_eq!(cost(&nobody), [10, 10, 10, 0]);
    assert_eq!(cost(&world.ask(&world.token("127.0.0.1", "small"), &things(1)).await), [1, 1, 100, 99]);
    assert_eq!(world.bff.query(&things(1)).await.status, 429);
}

#[tokio::test]
async fn without_a_plan_for_them_callers_without_a_credential_are_refused() {
    let world = World::with(|settings| settings.quota.anonymous = String::new()).await;
    let nobody = world.bff.query(&things(1)).await;
    assert_eq!((nobody.status, nobody.codes()), (401, vec!["UNAUTHENTICATED"]));
    world.ask(&world.token("acme", "small"), &things(1)).await.ok();
}

#[tokio::test]
async fn no_way_in_is_free() {
    let world = World::start().await;
    let token = world.token("acme", "small");
    world.bff.query(&things(20)).bearer(&token).by_get().await.ok();
    world.bff.events(&things(20), json!({}), Some(&token)).await.answer().await.ok();
    let mut socket = world.bff.subscribe(&things(20), json!({}), Some(&token)).await;
    assert_eq!(cost(&socket.event().await), [20, 20, 100, 40]);
    // Each event of a subscription is one more: 40 of them, and then it is over.
    let mut events = world.bff.subscribe("subscription { things { id } }", json!({}), Some(&token)).await;
    for _ in 0..40 {
        events.event().await.ok();
    }
    assert_eq!(events.event().await.codes(), ["RATE_LIMITED"]);
    assert_eq!(world.bff.query(&things(1)).bearer(&token).by_get().await.status, 429);
}

#[tokio::test]
async fn without_a_quota_nothing_is_told_of_one() {
    let world = World::with(|settings| settings.quota.plans.clear()).await;
    let answer = world.bff.query("{ left things(first: 1) { id } }").header("graphql-cost", "report").await;
    assert_eq!(answer.data("left"), &json!(null));
    assert!(answer.header("ratelimit-limit").is_none() && answer.json["extensions"].get("cost").is_none());
}

fn over(redis: &RedisServer) -> impl FnOnce(&mut Settings) {
    let url = redis.url();
    move |settings| {
        settings.redis.url = Secret::new(url);
        settings.redis.timeout_ms = 10_000;
        settings.redis.retry_ms = 1;
        settings.quota.replicas = 2;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_share_a_bucket_and_together_give_not_one_more() {
    let redis = RedisServer::start().await;
    let world = World::with(over(&redis)).await;
    let replica = server(&world.issuer, &world.ran, over(&redis)).start().await;
    let (token, document) = (world.token("acme", "small"), things(3));
    let answers = join_all((0..64).map(|at| {
        let server = if at % 2 == 0 { &world.bff } else { &replica };
        server.query(&document).bearer(&token).into_future()
    }))
    .await;
    assert_eq!(answered(&answers), 33);
    assert!(answers.iter().all(|answer| answer.json["extensions"]["cost"].get("local").is_none()));
    assert_eq!(cost(&world.ask(&token, &things(1)).await), [1, 1, 100, 0]);
    assert_eq!(replica.query(&things(1)).bearer(&token).await.status, 429);
    // What one gives back, the other has.
    let other = world.token("other", "small");
    assert_eq!(cost(&world.ask(&other, "{ things(first: 60, there: 2) { id } }").await), [60, 2, 100, 98]);
    assert_eq!(cost(&replica.query(&things(1)).bearer(&other).await), [1, 1, 100, 97]);
    let kept = redis.dump().await;
    assert!(kept.contains("metered:quota:small:client:acme = "), "{kept}");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_redis_is_gone_each_replica_gives_its_share_and_says_so() {
    let mut redis = RedisServer::start().await;
    let world = World::with(over(&redis)).await;
    let token = world.token("acme", "small");
    assert_eq!(cost(&world.ask(&token, &things(10)).await), [10, 10, 100, 90]);
    redis.stop().await;
    // Half of it, exactly.
    let document = things(3);
    let answers = join_all((0..64).map(|_| world.ask(&token, &document))).await;
    assert_eq!(answered(&answers), 16);
    let local = answers.iter().filter(|answer| answer.json["extensions"]["cost"]["local"] == true).count();
    assert_eq!(local, 64);
    assert_eq!(cost(&world.ask(&token, &things(1)).await)[2..], [50, 1]);
    // What would fit into the whole is told to come later, and not that it never fits.
    assert_eq!(world.ask(&token, &things(80)).await.codes(), ["RATE_LIMITED"]);
    let never = world.ask(&token, "{ a: things(first: 60) { id } b: things(first: 60) { id } }").await;
    assert_eq!(never.codes(), ["COST_LIMIT_EXCEEDED"]);
    assert_eq!(never.json["extensions"]["cost"]["local"], true);
    let metrics = world.bff.admin("/metrics").await.text;
    assert!(
        metrics.contains("graphql_quota_total{service=\"metered\",outcome=\"granted\",bucket=\"local\"} 17"),
        "{metrics}"
    );

    redis.start_again().await;
    let back =
        async { while world.ask(&token, &things(1)).await.json["extensions"]["cost"]["local"] == true {} };
    tokio::time::timeout(kit::PATIENCE, back).await.unwrap();
    assert_eq!(cost(&world.ask(&token, &things(1)).await)[2], 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_stalls_holds_up_nobody_for_long() {
    let redis = RedisServer::start().await;
    let change = over(&redis);
    let world = World::with(|settings| {
        change(settings);
        settings.redis.timeout_ms = 50;
        settings.redis.retry_ms = 600_000;
        settings.deadline_ms = 60_000;
    })
    .await;
    let token = world.token("acme", "great");
    redis.stall();
    for _ in 0..20 {
        assert_eq!(world.ask(&token, &things(1)).await.json["extensions"]["cost"]["local"], true);
    }
    redis.go_on();
}

type Change<'c> = &'c dyn Fn(&mut Settings);

#[test]
fn quotas_that_cannot_be_are_told_at_once() {
    let problems = |change: Change<'_>| {
        let mut settings = Settings::ephemeral("metered");
        settings.quota.plans.insert("small".to_owned(), plan(10));
        change(&mut settings);
        settings.check().join("\n")
    };
    assert_eq!(problems(&|_| ()), "");
    let cases: [(Change<'_>, &str); 5] = [
        (&|settings| settings.quota.default = "smal".to_owned(), "`quota.default`"),
        (&|settings| settings.quota.anonymous = "x".to_owned(), "`quota.anonymous`"),
        (&|settings| settings.quota.replicas = 0, "`quota.replicas`"),
        (&|settings| settings.quota.plans.get_mut("small").unwrap().limit = 0, "`quota.plans.small`"),
        (&|settings| settings.quota.plans.get_mut("small").unwrap().limit = 1 << 40, "`quota.plans.small`"),
    ];
    for (change, key) in cases {
        assert!(problems(change).contains(key), "{key}: {}", problems(change));
    }
}
