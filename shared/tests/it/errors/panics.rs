//! A panic anywhere in a team's code is one masked error where it happened, and the server goes on: nothing that requests
//! share is the worse for it.

use super::world::{told, told_in};
use async_graphql::{EmptyMutation, ID, Object, Subscription};
use bff::{
    Ask, Bff, Fault, Have, IntoAsk, Many, RequestContext, Told, Upstream,
    config::SharingSettings,
    edges, entity,
    fanout::url::{Param, UrlBuilder},
    graphql::Only,
    question,
};
use futures::{Stream, StreamExt, stream};
use kit::{Fake, Running, Server, Value, json};
use serde::Deserialize;

const SHOP: Upstream = Upstream::named("shop");
/// No client is to see this.
const HIDDEN: &str = "hunter2";

fn bang<T>() -> T {
    panic!("the password is {HIDDEN}")
}

/// A parameter that cannot be written.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Unspeakable;

impl Param for Unspeakable {
    fn push(&self, _: &str, _: &mut UrlBuilder<'_>) {
        bang()
    }
}

/// A text that some rows have, and that cannot be read.
#[derive(Clone, Debug)]
pub struct Unreadable;

impl<'de> Deserialize<'de> for Unreadable {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if Option::<bool>::deserialize(from)? == Some(true) { bang() } else { Ok(Self) }
    }
}

/// Everything in it that may panic does.
#[entity]
pub struct Thing {
    pub id: ID,
    name: String,
    #[graphql(skip)]
    #[serde(default)]
    unreadable: Option<Unreadable>,
    #[graphql(guard = explode)]
    guarded: Option<String>,
}

#[edges]
impl Thing {
    fn leaf(&self) -> Option<i32> {
        bang()
    }

    fn edge(&self) -> Option<Ask<ThingById>> {
        bang()
    }

    fn url(&self) -> Ask<Unaskable> {
        Unaskable { id: self.id.clone(), how: Unspeakable }.ask()
    }

    fn callers_url(&self) -> Ask<CallersUnaskable> {
        CallersUnaskable { id: self.id.clone(), how: Unspeakable }.ask()
    }

    fn told(&self) -> Told<ThingById, Option<i32>> {
        ThingById(self.id.clone()).ask().tell(|_, _| bang())
    }

    fn other(&self) -> Ask<ThingById> {
        ThingById(format!("{}-other", self.id.as_str()).into()).ask()
    }

    fn odd_edge(&self) -> Ask<ThingById> {
        ThingById(format!("of-{}", self.even()).into()).ask()
    }

    fn odd_leaf(&self) -> Option<i32> {
        Some(self.even())
    }

    fn odd_must(&self) -> i32 {
        self.even()
    }

    fn readable(&self) -> bool {
        self.unreadable.is_some()
    }
}

impl Thing {
    /// Its number, if it is even.
    fn even(&self) -> i32 {
        self.name.parse().ok().filter(|number: &i32| number % 2 == 0).unwrap_or_else(bang)
    }
}

#[question(upstream = SHOP, get = "/things", key = "ids", row = Thing, by = id, public)]
pub struct ThingById(pub ID);

#[question(upstream = SHOP, get = "/mine", key = "ids", row = Thing, by = id, caller)]
pub struct MineById(pub ID);

#[question(upstream = SHOP, get = "/things", row = Thing, by = id, public)]
pub struct Unaskable {
    #[key("ids")]
    id: ID,
    how: Unspeakable,
}

#[question(upstream = SHOP, get = "/things", row = Thing, by = id, caller)]
pub struct CallersUnaskable {
    #[key("ids")]
    id: ID,
    how: Unspeakable,
}

fn explode(_: &RequestContext) -> Result<(), Fault> {
    bang()
}

struct Query;

#[Object]
impl Query {
    async fn thing(&self, id: ID) -> Ask<ThingById> {
        ThingById(id).ask()
    }

    async fn mine(&self, id: ID) -> Ask<MineById> {
        MineById(id).ask()
    }

    async fn url(&self) -> Ask<Unaskable> {
        Unaskable { id: "t1".into(), how: Unspeakable }.ask()
    }

    async fn callers_url(&self) -> Ask<CallersUnaskable> {
        CallersUnaskable { id: "t1".into(), how: Unspeakable }.ask()
    }

    async fn things(&self, first: i32) -> Have<Thing, Many> {
        Have::many(
            (0..first)
                .map(|number| Thing {
                    id: number.to_string().into(),
                    name: number.to_string(),
                    unreadable: None,
                    guarded: None,
                })
                .collect(),
        )
    }

    async fn root(&self) -> Option<i32> {
        bang()
    }

    #[graphql(guard = "Only(explode)")]
    async fn guarded(&self) -> Option<i32> {
        Some(1)
    }

    async fn fine(&self) -> i32 {
        1
    }
}

struct Events;

#[Subscription]
impl Events {
    async fn numbers(&self) -> impl Stream<Item = i32> {
        stream::iter([1, 2]).map(|number| if number == 2 { bang() } else { number })
    }

    async fn never(&self) -> impl Stream<Item = i32> {
        bang::<()>();
        stream::iter([1])
    }

    #[graphql(guard = "Only(explode)")]
    async fn guarded(&self) -> impl Stream<Item = i32> {
        stream::iter([1])
    }

    async fn things(&self) -> impl Stream<Item = Thing> {
        stream::iter(["t1", "t2"]).map(|id| Thing {
            id: id.into(),
            name: id.to_owned(),
            unreadable: None,
            guarded: None,
        })
    }
}

/// With everything shared that can be.
async fn start() -> (Fake, Running) {
    let shop = Fake::start().await;
    for path in ["/things", "/mine"] {
        shop.get(path, |call| {
            let row = |id: String| json!({"name": format!("name of {id}"), "unreadable": id.starts_with("bad"), "id": id});
            call.list("ids").into_iter().map(row).collect::<Value>()
        });
    }
    let bff =
        Bff::new("panics", "deadline_ms = 5000").upstreams(&[SHOP]).schema(Query, EmptyMutation, Events);
    let bff = Server::of(bff).upstream("shop", &shop).production().settings(|settings| {
        settings.sharing = SharingSettings { batches_in_flight: 1, operations: true, answers_bytes: 1 << 20 };
    });
    (shop, bff.start().await)
}

/// Asks several times, also at once; each time there is one error, where it happened or around it, and what is beside it
/// arrives.
async fn panics_at(document: &str, path: &str) {
    let (_shop, bff) = start().await;
    let document = format!("{{ fine {document} well: thing(id: \"well\") {{ name other {{ name }} }} }}");
    for _ in 0..3 {
        let (first, second) = tokio::join!(bff.query(&document), bff.query(&document));
        for answer in [first, second] {
            assert_eq!(
                (told(&answer), answer.status),
                (vec!["INTERNAL_SERVER_ERROR".to_owned()], 200),
                "{answer}"
            );
            assert_eq!(answer.paths(), [path], "{answer}");
            assert_eq!(answer.messages(), ["Internal server error"]);
            assert_eq!(answer.data("fine"), 1);
            if let Some(field) = path.strip_prefix("thing.") {
                assert_eq!(answer.data("thing"), &json!({"name": "name of t1", field: null}), "{answer}");
            }
            assert_eq!(
                answer.data("well"),
                &json!({"name": "name of well", "other": {"name": "name of well-other"}}),
                "{answer}"
            );
            assert!(!answer.text.contains(HIDDEN), "{answer}");
        }
        let answer = bff.query("{ thing(id: \"t1\") { name readable } mine(id: \"t1\") { name } }").await;
        assert_eq!(answer.ok()["thing"]["name"], "name of t1");
    }
    assert_eq!(bff.admin("/health/ready").await.status, 200);
}

#[tokio::test]
async fn in_a_root() {
    panics_at("root", "root").await;
}

#[tokio::test]
async fn in_an_edge_or_a_leaf_of_some_rows_it_is_of_these_rows_alone() {
    let (_shop, bff) = start().await;
    let names = |answer: &Value| {
        answer["things"].as_array().unwrap().iter().map(|thing| thing["at"].clone()).collect::<Vec<_>>()
    };
    let document = "{ things(first: 5) { at: name oddEdge { name } } }";
    let answer = bff.query(document).await;
    assert_eq!(answer.paths(), ["things.1.oddEdge", "things.3.oddEdge"], "{answer}");
    assert_eq!(names(answer.data("")), ["0", "1", "2", "3", "4"], "{answer}");
    assert_eq!(answer.data("things.0.oddEdge.name"), "name of of-0");
    assert_eq!(answer.data("things.1"), &json!({"at": "1", "oddEdge": null}));
    assert_eq!(answer.data("things.4.oddEdge.name"), "name of of-4");

    let answer = bff.query("{ things(first: 5) { at: name oddLeaf } }").await;
    assert_eq!(answer.paths(), ["things.1.oddLeaf", "things.3.oddLeaf"], "{answer}");
    assert_eq!(answer.data("things.1"), &json!({"at": "1", "oddLeaf": null}));
    assert_eq!(answer.data("things.4"), &json!({"at": "4", "oddLeaf": 4}));

    // Where there may be no null, what is around it goes.
    let answer = bff.query("{ things(first: 3) { oddMust } fine }").await;
    assert_eq!((answer.paths(), answer.data("")), (vec!["things.1.oddMust".to_owned()], &json!(null)));

    // What panics for every row is not run for thousands of them, but each is told.
    let answer = bff.query("{ things(first: 100) { leaf } }").await;
    assert_eq!(told(&answer), vec!["INTERNAL_SERVER_ERROR"; 100]);
}

#[tokio::test]
async fn in_a_roots_guard() {
    panics_at("guarded", "guarded").await;
}

#[tokio::test]
async fn in_an_edge() {
    panics_at("thing(id: \"t1\") { name edge { name } }", "thing.edge").await;
}

#[tokio::test]
async fn in_a_leaf() {
    panics_at("thing(id: \"t1\") { name leaf }", "thing.leaf").await;
}

#[tokio::test]
async fn in_a_fields_guard() {
    panics_at("thing(id: \"t1\") { name guarded }", "thing.guarded").await;
}

#[tokio::test]
async fn in_what_is_told_of_an_answer() {
    panics_at("thing(id: \"t1\") { name told }", "thing.told").await;
}

#[tokio::test]
async fn in_the_url_of_a_public_question_under_the_lock_of_all() {
    panics_at("url { name }", "url").await;
    panics_at("thing(id: \"t1\") { name url { name } }", "thing.url").await;
}

#[tokio::test]
async fn in_the_url_of_a_callers_question() {
    panics_at("callersUrl { name }", "callersUrl").await;
    panics_at("thing(id: \"t1\") { name callersUrl { name } }", "thing.callersUrl").await;
}

#[tokio::test]
async fn in_reading_a_page_that_several_wait_for() {
    panics_at("mine(id: \"bad-1\") { name }", "mine").await;
    // Both keys were on the page: each has its error, and each is told once.
    let (_shop, bff) = start().await;
    for _ in 0..2 {
        let answer = bff.query("{ a: thing(id: \"bad-1\") { name } b: thing(id: \"good\") { name } }").await;
        assert_eq!((told(&answer).len(), answer.data("")), (2, &json!({"a": null, "b": null})));
    }
    assert_eq!(bff.query("{ thing(id: \"good\") { name } }").await.ok()["thing"]["name"], "name of good");
    let answer = bff.query("{ a: mine(id: \"bad-1\") { name } b: mine(id: \"bad-2\") { name } fine }").await;
    assert_eq!(
        (told(&answer), answer.paths()),
        (vec!["INTERNAL_SERVER_ERROR".to_owned(); 2], vec!["a".to_owned(), "b".to_owned()])
    );
    assert_eq!(answer.data(""), &json!({"a": null, "b": null, "fine": 1}));
}

#[tokio::test]
async fn in_a_stream_of_events() {
    let (_shop, bff) = start().await;
    let mut numbers = bff.subscribe("subscription { numbers }", json!({}), None).await;
    assert_eq!(numbers.event().await.ok(), &json!({"numbers": 1}));
    let last = numbers.event().await;
    assert_eq!(
        (told_in(&last, None), last.paths()),
        (vec!["INTERNAL_SERVER_ERROR".to_owned()], vec!["numbers".to_owned()])
    );
    for document in ["subscription { never }", "subscription { guarded }"] {
        let mut failing = bff.subscribe(document, json!({}), None).await;
        let event = failing.event().await;
        assert_eq!(told_in(&event, None), ["INTERNAL_SERVER_ERROR"], "{document}");
        assert!(!event.text.contains(HIDDEN), "{event}");
    }
    // A panic in a field of an event is that field's, and the stream goes on.
    let mut things = bff.subscribe("subscription { things { name leaf } }", json!({}), None).await;
    for name in ["t1", "t2"] {
        let event = things.event().await;
        assert_eq!(
            (told_in(&event, None), event.paths()),
            (vec!["INTERNAL_SERVER_ERROR".to_owned()], vec!["things.leaf".to_owned()])
        );
        assert_eq!(event.data("things"), &json!({"name": name, "leaf": null}));
    }
    assert_eq!(bff.query("{ fine }").await.ok(), &json!({"fine": 1}));
    let mut again = bff.subscribe("subscription { things { name } }", json!({}), None).await;
    assert_eq!(again.event().await.ok(), &json!({"things": {"name": "t1"}}));
}
