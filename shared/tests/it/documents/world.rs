//! Shelves, books and pens, made up in place: what documents ask of them never leaves the process.

use async_graphql::{EmptyMutation, EmptySubscription, Json, Object};
use bff::{Bff, Have, Many, Maybe, One, config::Settings, edges, entity};
use kit::{Answer, Running, Server, Value};

#[entity(local)]
pub struct Shelf {
    name: String,
}

#[entity(local)]
pub struct Book {
    name: String,
    words: Vec<String>,
}

#[entity(local)]
pub struct Pen {
    name: String,
}

#[entity(local)]
pub struct Page {
    total: i32,
    nodes: Vec<Book>,
}

#[entity(local, interface("name", "next"))]
pub enum Thing {
    Shelf(Shelf),
    Book(Book),
    Pen(Pen),
}

fn pen() -> Have<Thing, Maybe> {
    Have::maybe(Some(Thing::Pen(Pen { name: "pen".to_owned() })))
}

fn book() -> Book {
    Book { name: "book".to_owned(), words: Vec::new() }
}

fn shelf() -> Have<Shelf, One> {
    Have::one(Shelf { name: "shelf".to_owned() })
}

fn count(first: Option<i32>) -> usize {
    first.and_then(|first| usize::try_from(first).ok()).unwrap_or(1)
}

fn books(first: Option<i32>) -> Vec<Book> {
    (0..count(first)).map(|_| book()).collect()
}

#[edges]
impl Shelf {
    fn next(&self) -> Have<Thing, Maybe> {
        pen()
    }

    fn books(&self, first: Option<i32>, last: Option<i32>) -> Have<Book, Many> {
        Have::many(books(first.or(last)))
    }

    fn twenty(&self, #[graphql(default = 20)] limit: i32) -> Have<Book, Many> {
        Have::many(books(Some(limit)))
    }

    fn page(&self, first: Option<i32>) -> Have<Page, One> {
        Have::one(Page { total: 1, nodes: books(first) })
    }

    fn all(&self) -> Have<Book, Many> {
        Have::many(books(None))
    }

    #[graphql(tag = "items:25")]
    fn wide(&self) -> Have<Book, Many> {
        Have::many(books(None))
    }

    #[graphql(tag = "cost:7")]
    fn dear(&self) -> Have<Book, One> {
        Have::one(book())
    }
}

#[edges]
impl Book {
    fn next(&self) -> Have<Thing, Maybe> {
        pen()
    }

    fn shelf(&self) -> Have<Shelf, One> {
        shelf()
    }
}

#[edges]
impl Pen {
    fn next(&self) -> Have<Thing, Maybe> {
        Have::maybe(None)
    }
}

struct Query;

#[Object]
impl Query {
    async fn shelf(&self) -> Have<Shelf, One> {
        shelf()
    }

    async fn thing(&self) -> Have<Thing, Maybe> {
        pen()
    }

    async fn things(&self) -> Have<Thing, Many> {
        Have::many(vec![Thing::Book(book()), Thing::Shelf(Shelf { name: "shelf".to_owned() })])
    }

    async fn echo(&self, text: Option<String>, any: Option<Json<Value>>) -> i32 {
        i32::try_from(text.map_or(0, |text| text.len())).unwrap_or(0) + i32::from(any.is_some())
    }

    #[graphql(tag = "cost:50")]
    async fn heavy(&self) -> i32 {
        1
    }
}

pub async fn start(change: impl FnOnce(&mut Settings)) -> Running {
    let bff = Bff::new("shelves", "").schema(Query, EmptyMutation, EmptySubscription);
    Server::of(bff).settings(change).start().await
}

/// The code of a refusal, and what it says.
pub fn refusal(answer: &Answer) -> (String, String) {
    assert!(answer.json.get("data").is_none(), "{answer}");
    (answer.codes()[0].to_owned(), answer.messages()[0].to_owned())
}

/// What an operation costs, as the refusal says where less is allowed.
pub async fn cost(document: &str, variables: Value) -> u64 {
    // First what it costs whatever the variables are, then the rest.
    let least = refused_cost(0, document, &variables).await.unwrap_or(0);
    refused_cost(least, document, &variables).await.unwrap_or(least)
}

async fn refused_cost(limit: u64, document: &str, variables: &Value) -> Option<u64> {
    let bff = start(|settings| settings.limits.cost = limit).await;
    let answer = bff.query(document).variables(variables.clone()).await;
    if answer.json.get("data").is_some() {
        return None;
    }
    let (code, message) = refusal(&answer);
    assert_eq!(code, "COST_LIMIT_EXCEEDED", "{answer}");
    message.split_whitespace().find_map(|word| word.parse().ok())
}
