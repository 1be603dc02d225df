//! What an edge does without its upstream, in one word; and that what is less than it should be is told.

use async_graphql::{EmptyMutation, ID, Object, Subscription};
use bff::{
    Ask, AskEach, Bff, ContextExt, IntoAsk, Many, Then, Told, Upstream, edges, entity,
    fanout::{Join, Just},
    question,
};
use futures::{Stream, StreamExt};
use kit::{Answer, Fake, Reply, Running, Server, json};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3_600);

const PEOPLE: Upstream = Upstream::named("people");
const DESK: Upstream = Upstream::named("desk");

/// Somebody who takes notes.
#[entity]
pub struct Person {
    id: ID,
    name: String,
}

/// Something written down.
#[entity]
pub struct Note {
    #[graphql(skip)]
    person_id: ID,
    text: String,
}

/// How well somebody does.
#[entity]
pub struct Score {
    id: ID,
    points: i32,
}

#[question(upstream = PEOPLE, get = "/people", key = "ids", row = Person, by = id, public)]
pub struct PersonById(ID);

#[question(upstream = PEOPLE, get = "/people", row = Person, many, public)]
pub struct Everybody {}

#[question(upstream = DESK, get = "/notes", key = "person_ids", row = Note, by = person_id, many, public)]
pub struct NotesOf(ID);

#[question(upstream = DESK, get = "/scores", key = "ids", row = Score, by = id, public)]
pub struct ScoreOf(ID);

fn points(scores: &[&Score]) -> Option<i32> {
    scores.first().map(|score| score.points)
}

#[edges]
impl Person {
    fn notes(&self) -> Ask<NotesOf> {
        NotesOf(self.id.clone()).ask()
    }

    fn soft_notes(&self) -> Ask<NotesOf> {
        NotesOf(self.id.clone()).ask().soft()
    }

    fn required_notes(&self) -> Ask<NotesOf, Many> {
        NotesOf(self.id.clone()).ask().required()
    }

    fn notes_or_none(&self) -> Ask<NotesOf> {
        NotesOf(self.id.clone()).ask().or([])
    }

    fn notes_or_mine(&self) -> Ask<NotesOf, Many> {
        let mine = Note { person_id: self.id.clone(), text: format!("{} was here", self.name) };
        NotesOf(ID::from("everybody")).ask().or([mine])
    }

    fn score_or_none(&self) -> Ask<ScoreOf> {
        ScoreOf(self.id.clone()).ask().or([])
    }

    fn score_or_stale(&self) -> Ask<ScoreOf> {
        ScoreOf(self.id.clone()).ask().stale(HOUR)
    }

    fn best_score_or_stale(&self) -> Ask<ScoreOf> {
        ScoreOf(ID::from("p1")).ask().stale(HOUR)
    }

    fn points_or_stale(&self) -> Told<ScoreOf, Option<i32>> {
        ScoreOf(self.id.clone()).ask().stale(HOUR).tell(|scores, _| points(&scores))
    }

    fn points(&self) -> Told<ScoreOf, Option<i32>> {
        ScoreOf(self.id.clone()).ask().tell(|scores, _| points(&scores))
    }

    fn points_or_zero(&self) -> Told<ScoreOf, i32> {
        ScoreOf(self.id.clone()).ask().or([]).tell(|scores, _| points(&scores).unwrap_or(0))
    }

    fn tally(&self) -> Then<Join<Ask<ScoreOf>, Ask<NotesOf>>, Just<i32>> {
        let notes = NotesOf(self.id.clone()).ask().or([]);
        let tally = ScoreOf(self.id.clone()).ask().join(notes);
        tally
            .tell(|(scores, notes), _| points(&scores).unwrap_or(0) + i32::try_from(notes.len()).unwrap_or(0))
    }

    fn friends(&self) -> AskEach<PersonById> {
        AskEach::of(["p2", "p3"].map(|id| PersonById(ID::from(id))))
    }

    fn friends_or_stale(&self) -> AskEach<PersonById> {
        self.friends().stale(HOUR)
    }

    fn friends_or_none(&self) -> AskEach<PersonById> {
        self.friends().or([])
    }
}

struct Query;

#[Object]
impl Query {
    async fn person(&self, id: ID) -> Ask<PersonById> {
        PersonById(id).ask()
    }

    async fn everybody(&self) -> Ask<Everybody> {
        Everybody {}.ask()
    }

    async fn everybody_there_is(&self) -> Ask<Everybody, Many> {
        Everybody {}.ask()
    }
}

/// Who did something.
#[entity(local)]
pub struct Done {
    #[graphql(skip)]
    id: ID,
}

#[edges]
impl Done {
    fn by(&self) -> Ask<PersonById> {
        PersonById(self.id.clone()).ask()
    }
}

struct Doings;

#[Subscription]
impl Doings {
    async fn done(
        &self,
        ctx: &async_graphql::Context<'_>,
    ) -> async_graphql::Result<impl Stream<Item = Done>> {
        let events = ctx.events(&PEOPLE, "/events")?.json::<kit::Value>().await?;
        Ok(events.map(|event| Done { id: ID::from(event["id"].as_str().unwrap_or_default()) }))
    }
}

struct World {
    people: Fake,
    desk: Fake,
    bff: Running,
}

async fn world() -> World {
    with(|server| server).await
}

async fn with(change: impl FnOnce(Server) -> Server) -> World {
    let (people, desk) = (Fake::start().await, Fake::start().await);
    let rows = json!([{"id": "p1", "name": "Ada"}, {"id": "p2", "name": "Bo"}]);
    people.table("/people", &[("ids", "id")], rows);
    desk.table("/notes", &[("person_ids", "person_id")], json!([{"person_id": "p1", "text": "buy ink"}]));
    desk.table("/scores", &[("ids", "id")], json!([{"id": "p1", "points": 7}]));
    let bff = Bff::new("policies", "").upstreams(&[PEOPLE, DESK]).schema(Query, EmptyMutation, Doings);
    let bff = change(Server::of(bff).upstream("people", &people).upstream("desk", &desk)).start().await;
    World { people, desk, bff }
}

/// The desk is down.
async fn without_desk() -> World {
    let world = world().await;
    for path in ["/notes", "/scores"] {
        world.desk.get(path, |_| Reply::problem(503, "down"));
    }
    world
}

#[tokio::test]
async fn what_is_as_it_should_be_is_not_told() {
    let world = with(Server::production).await;
    let answer =
        world.bff.query("{ person(id: \"p1\") { notes { text } notesOrNone { text } pointsOrZero } }").await;
    assert_eq!(
        answer.json,
        json!({"data": {"person": {"notes": [{"text": "buy ink"}], "notesOrNone": [{"text": "buy ink"}], "pointsOrZero": 7}}})
    );
    assert_eq!(answer.header("degraded"), None);
}

#[tokio::test]
async fn soft_is_null_and_an_error_and_what_a_nullable_edge_does_anyway() {
    let world = without_desk().await;
    let answer =
        world.bff.query("{ person(id: \"p1\") { name notes { text } softNotes { text } points } }").await;
    assert_eq!(
        answer.data("person"),
        &json!({"name": "Ada", "notes": null, "softNotes": null, "points": null})
    );
    assert_eq!(answer.paths(), ["person.notes", "person.softNotes", "person.points"]);
    assert_eq!(answer.degraded(), ["soft person.notes", "soft person.softNotes", "soft person.points"]);
    assert_eq!(answer.header("degraded"), Some("soft=3"));
    let metrics = world.bff.admin("/metrics").await.text;
    let count =
        metrics.lines().find(|line| line.starts_with("degraded_total") && line.contains("\"policies\""));
    assert!(count.is_some_and(|line| line.contains("policy=\"soft\"")), "{metrics}");
}

#[tokio::test]
async fn a_default_stands_in_without_an_error_and_is_told_wherever_it_stands() {
    let world = without_desk().await;
    let answer = world
        .bff
        .query(
            "{ everybody { notesOrNone { text } notesOrMine { text } scoreOrNone { points } pointsOrZero } }",
        )
        .await;
    assert_eq!(
        answer.ok()["everybody"],
        json!([
            {"notesOrNone": [], "notesOrMine": [{"text": "Ada was here"}], "scoreOrNone": null, "pointsOrZero": 0},
            // Both asked the same, and each has its own default.
            {"notesOrNone": [], "notesOrMine": [{"text": "Bo was here"}], "scoreOrNone": null, "pointsOrZero": 0},
        ])
    );
    let fields = ["notesOrNone", "notesOrMine", "scoreOrNone", "pointsOrZero"];
    let expected: Vec<_> =
        (0..2).flat_map(|row| fields.map(|field| format!("default everybody.{row}.{field}"))).collect();
    assert_eq!(answer.degraded(), expected);
    assert_eq!(answer.header("degraded"), Some("default=8"));
}

#[tokio::test]
async fn a_list_of_several_questions_has_a_default_as_a_whole() {
    let world = world().await;
    world.people.get("/people", |call| match call.list("ids").as_slice() {
        [one] if one == "p1" => Reply::from(json!({"items": [{"id": "p1", "name": "Ada"}]})),
        _ => Reply::problem(503, "down"),
    });
    let answer = world.bff.query("{ person(id: \"p1\") { friends { name } friendsOrNone { name } } }").await;
    assert_eq!(answer.data("person"), &json!({"friends": null, "friendsOrNone": []}));
    assert_eq!(answer.paths(), ["person.friends"]);
    assert_eq!(answer.degraded(), ["soft person.friends", "default person.friendsOrNone"]);
    assert_eq!(answer.header("degraded"), Some("default=1, soft=1"));
}

#[tokio::test]
async fn of_two_steps_one_may_have_a_default() {
    let world = world().await;
    world.desk.get("/notes", |_| Reply::reset());
    let answer = world.bff.query("{ person(id: \"p1\") { tally } }").await;
    assert_eq!(answer.ok(), &json!({"person": {"tally": 7}}));
    assert_eq!(answer.degraded(), ["default person.tally"]);
    world.desk.get("/scores", |_| Reply::reset());
    let answer = world.bff.query("{ person(id: \"p1\") { tally } }").await;
    assert_eq!(
        (answer.data(""), answer.paths()),
        (&json!({"person": null}), vec!["person.tally".to_owned()])
    );
}

/// `ageMs` of the places that are less than they should be.
fn ages(answer: &Answer) -> Vec<Option<u64>> {
    let places = answer.json["extensions"]["degraded"].as_array().map(Vec::as_slice).unwrap_or_default();
    places.iter().map(|place| place["ageMs"].as_u64()).collect()
}

/// A score of which the upstream says nothing but that it is old by now, and then nothing more.
async fn once_told(age: &'static str, cache_control: &'static str) -> World {
    let world = world().await;
    world.desk.get("/scores", move |_| {
        let told = Reply::from(json!({"items": [{"id": "p1", "points": 7}]}));
        told.header("cache-control", cache_control).header("age", age)
    });
    let query = "{ person(id: \"p1\") { points } }";
    assert_eq!(world.bff.query(query).await.ok(), &json!({"person": {"points": 7}}));
    world.desk.get("/scores", |_| Reply::problem(503, "down"));
    world
}

#[tokio::test]
async fn rows_of_then_stand_in_up_to_their_age_and_it_is_told() {
    let query = "{ person(id: \"p1\") { points scoreOrStale { points } pointsOrStale } }";
    let world = once_told("60", "max-age=1").await;
    let answer = world.bff.query(query).await;
    assert_eq!(
        answer.data("person"),
        &json!({"points": null, "scoreOrStale": {"points": 7}, "pointsOrStale": 7})
    );
    assert_eq!(answer.paths(), ["person.points"]);
    assert_eq!(
        answer.degraded(),
        ["soft person.points", "stale person.scoreOrStale", "stale person.pointsOrStale"]
    );
    let ages = ages(&answer);
    assert_eq!(ages[0], None);
    assert!(ages[1..].iter().all(|age| age.is_some_and(|age| (60_000..120_000).contains(&age))), "{answer}");
    assert_eq!(answer.header("degraded"), Some("soft=1, stale=2"));

    let too_old = once_told("3700", "max-age=1").await.bff.query(query).await;
    assert_eq!(too_old.data("person.scoreOrStale"), &json!(null));
    assert_eq!(too_old.paths().len(), 3, "{too_old}");
    let forbidden = once_told("60", "max-age=1, must-revalidate").await.bff.query(query).await;
    assert_eq!(forbidden.paths().len(), 3, "its upstream says that it must not be used: {forbidden}");
}

#[tokio::test]
async fn rows_of_then_are_told_for_each_row_that_asked_for_them() {
    let world = once_told("60", "max-age=1, stale-if-error=600").await;
    let answer = world.bff.query("{ everybody { bestScoreOrStale { points } } }").await;
    assert_eq!(answer.data("everybody.1.bestScoreOrStale"), &json!({"points": 7}));
    assert_eq!(
        answer.degraded(),
        ["stale everybody.0.bestScoreOrStale", "stale everybody.1.bestScoreOrStale"]
    );
}

#[tokio::test]
async fn what_an_upstream_allows_in_place_of_a_failure_is_told_whatever_the_policy() {
    let world = once_told("60", "max-age=1, stale-if-error=600").await;
    let answer = world.bff.query("{ person(id: \"p1\") { points scoreOrNone { points } } }").await;
    assert_eq!(answer.ok(), &json!({"person": {"points": 7, "scoreOrNone": {"points": 7}}}));
    assert_eq!(answer.degraded(), ["stale person.points", "stale person.scoreOrNone"]);
}

#[tokio::test]
async fn of_several_questions_each_may_have_rows_of_then() {
    let world = world().await;
    let old = |ids: Vec<String>| {
        let rows: Vec<_> = ids.iter().map(|id| json!({"id": id, "name": id})).collect();
        Reply::from(json!({"items": rows})).header("cache-control", "max-age=1").header("age", "60")
    };
    world.people.get("/people", move |call| old(call.list("ids")));
    let query = "{ person(id: \"p1\") { friendsOrStale { name } } }";
    let whole = json!([{"name": "p2"}, {"name": "p3"}]);
    assert_eq!(world.bff.query(query).await.data("person.friendsOrStale"), &whole);
    world.people.get("/people", move |call| match call.list("ids") {
        ids if ids == ["p1"] => old(ids),
        _ => Reply::problem(503, "down"),
    });
    let answer = world.bff.query(query).await;
    assert_eq!(answer.ok()["person"]["friendsOrStale"], whole);
    assert_eq!(answer.degraded(), ["stale person.friendsOrStale"]);
}

#[tokio::test]
async fn required_goes_up_and_takes_along_what_was_told_below() {
    let world = without_desk().await;
    let answer =
        world.bff.query("{ person(id: \"p1\") { notesOrNone { text } requiredNotes { text } } }").await;
    assert_eq!(answer.data(""), &json!({"person": null}));
    assert_eq!((answer.paths(), answer.degraded()), (vec!["person.requiredNotes".to_owned()], vec![]));
    assert_eq!(answer.header("degraded"), None);

    let query = "{ person(id: \"p1\") { notes { text } } everybodyThereIs { requiredNotes { text } } }";
    let answer = world.bff.query(query).await;
    assert!(answer.json["data"].is_null(), "{answer}");
    assert_eq!(
        answer.degraded(),
        Vec::<String>::new(),
        "there is no data that could be less than it should be"
    );
}

#[tokio::test]
async fn what_a_caller_may_not_is_an_error_whatever_the_policy() {
    let world = world().await;
    world.desk.get("/notes", |_| Reply::problem(403, "not yours"));
    let answer = world.bff.query("{ person(id: \"p1\") { notesOrNone { text } notes { text } } }").await;
    assert_eq!(answer.data("person"), &json!({"notesOrNone": null, "notes": null}));
    assert_eq!(answer.codes(), ["FORBIDDEN", "FORBIDDEN"]);
    assert_eq!((answer.degraded(), answer.header("degraded")), (vec![], None));
}

#[tokio::test]
async fn roots_are_told_in_the_order_of_the_document() {
    let world = without_desk().await;
    let query =
        "{ late: everybody { notesOrNone { text } } early: person(id: \"p1\") { notesOrNone { text } } }";
    let answer = world.bff.query(query).await;
    assert_eq!(
        answer.degraded(),
        ["default late.0.notesOrNone", "default late.1.notesOrNone", "default early.notesOrNone"]
    );
}

#[tokio::test]
async fn each_event_of_a_subscription_tells_its_own() {
    let world = without_desk().await;
    let events = world.people.events("/events");
    let document = "subscription { done { by { name pointsOrZero } } }";
    let mut subscription = world.bff.subscribe(document, json!({}), None).await;
    world.people.until_under_way("/events", 1).await;
    events.send(None, &json!({"id": "p1"}));
    let event = subscription.event().await;
    assert_eq!(event.ok(), &json!({"done": {"by": {"name": "Ada", "pointsOrZero": 0}}}));
    assert_eq!(event.degraded(), ["default done.by.pointsOrZero"]);

    world.desk.table("/scores", &[("ids", "id")], json!([{"id": "p1", "points": 7}]));
    events.send(None, &json!({"id": "p1"}));
    let event = subscription.event().await;
    assert_eq!(event.ok(), &json!({"done": {"by": {"name": "Ada", "pointsOrZero": 7}}}));
    assert_eq!(event.degraded(), Vec::<String>::new());
}

#[tokio::test]
async fn of_very_many_places_the_first_thousand_are_told() {
    let world = without_desk().await;
    let everybody: Vec<_> = (0..1_200).map(|n| json!({"id": format!("p{n}"), "name": "N"})).collect();
    world.people.table("/people", &[("ids", "id")], everybody.into());
    let answer = world.bff.query("{ everybody { notesOrMine { text } } }").await;
    let rows = answer.ok()["everybody"].as_array().unwrap();
    assert!(rows.len() == 1_200 && rows.iter().all(|row| row["notesOrMine"][0]["text"] == "N was here"));
    assert_eq!(answer.header("degraded"), Some("default=1000"));
}
