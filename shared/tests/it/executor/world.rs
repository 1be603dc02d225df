//! The BFF that these tests ask: writers and books over one upstream with batch reads, and one without.

use async_graphql::{Context, ID, InputObject, MergedObject, Object, Subscription};
use bff::{
    Ask, Bff, Caller, ContextExt, Fault, First, Have, IntoAsk, Many, Maybe, One, OptionalManyMaybe,
    RequestContext, Then, Told, Upstream, edges, entity,
    fanout::{Join, Just},
    question,
};
use futures::{Stream, StreamExt};
use kit::{Fake, Issuer, Running, Server, json};

/// Short lines, so that few keys fill one.
pub const SHOP: Upstream = Upstream::named("shop").max_url_bytes(200).max_body_bytes(20_000);
/// Has no batch read.
pub const STOCK: Upstream = Upstream::named("stock");

/// Somebody who writes.
#[entity]
pub struct Writer {
    pub id: ID,
    name: String,
    born: Option<i32>,
    /// Only for those who are signed in.
    #[graphql(guard = signed_in)]
    email: Option<String>,
    /// As well, but never null.
    #[graphql(guard = signed_in)]
    phone: String,
    home: Option<Home>,
    #[graphql(skip)]
    mentor_id: Option<ID>,
    prizes: Option<Vec<Prize>>,
}

/// Stands in the writer's row.
#[entity]
pub struct Home {
    city: String,
    #[graphql(skip)]
    mayor_id: Option<ID>,
}

#[edges]
impl Home {
    fn mayor(&self) -> Option<Ask<WriterById>> {
        Some(WriterById(self.mayor_id.clone()?).ask())
    }
}

/// Stands in the writer's row, several times.
#[entity]
pub struct Prize {
    name: String,
    year: i32,
    #[graphql(skip)]
    book_id: ID,
}

#[edges]
impl Prize {
    fn book(&self) -> Ask<BookById> {
        BookById(self.book_id.clone()).ask()
    }
}

#[edges]
impl Writer {
    /// Newest first.
    fn books(&self, #[graphql(default = 5)] first: First) -> Ask<BooksOf> {
        BooksOf { writer: self.id.clone(), first }.ask()
    }

    /// With cursors.
    fn shelf(&self, #[graphql(default = 2)] first: First, after: Option<String>) -> Ask<Shelf> {
        Shelf { writer: self.id.clone(), first, after }.ask()
    }

    /// Nobody to ask for where there is none.
    fn mentor(&self) -> Option<Ask<WriterById>> {
        Some(WriterById(self.mentor_id.clone()?).ask())
    }

    /// In the caller's language.
    fn greeting(&self, request: &RequestContext, loud: Option<bool>) -> String {
        let word = if request.locale.language() == "de" { "Hallo" } else { "Hello" };
        format!("{word} {}{}", self.name, if loud == Some(true) { "!" } else { "" })
    }

    /// A question after a question.
    fn mentors_books(&self) -> Option<Then<Ask<WriterById>, Ask<BooksOf>>> {
        let mentor = WriterById(self.mentor_id.clone()?).ask();
        Some(mentor.then(|rows, _| {
            let writer = rows.first().map(|writer| writer.id.clone()).unwrap_or_default();
            BooksOf { writer, first: First::new(5) }.ask()
        }))
    }

    /// Told by another answer.
    fn is_prolific(&self) -> Told<BooksOf, bool> {
        BooksOf { writer: self.id.clone(), first: First::new(5) }.ask().tell(|rows, _| rows.len() > 1)
    }

    /// Told by two at once.
    fn tally(&self) -> Then<BooksAndReviews, Just<Option<i32>>> {
        let books = BooksOf { writer: self.id.clone(), first: First::new(5) }.ask();
        books
            .join(ReviewsBy(self.id.clone()).ask())
            .tell(|(books, reviews), _| i32::try_from(books.len() * 10 + reviews.len()).ok())
    }

    /// Only for those who are signed in.
    #[graphql(guard = signed_in)]
    fn secret_books(&self) -> Ask<BooksOf> {
        BooksOf { writer: self.id.clone(), first: First::new(50) }.ask()
    }
}

type BooksAndReviews = Join<Ask<BooksOf>, Ask<ReviewsBy>>;

/// Something to read.
#[entity]
pub struct Book {
    pub id: ID,
    title: String,
    pages: Option<i64>,
    #[graphql(skip)]
    writer_id: Option<ID>,
    cursor: Option<String>,
}

#[edges]
impl Book {
    fn writer(&self) -> Option<Ask<WriterById>> {
        Some(WriterById(self.writer_id.clone()?).ask())
    }

    /// The book means nothing without.
    fn the_writer(&self) -> Ask<WriterById, One> {
        WriterById(self.writer_id.clone().unwrap_or_default()).ask()
    }

    /// A failure takes the book with it.
    fn reviews(&self) -> Ask<ReviewsOf, Many> {
        ReviewsOf(self.id.clone()).ask()
    }

    /// A review that fails is null by itself.
    fn some_reviews(&self) -> Ask<ReviewsOf, OptionalManyMaybe> {
        ReviewsOf(self.id.clone()).ask()
    }

    /// Copies at hand, from an upstream without batch reads.
    fn stock(&self) -> Ask<StockOf> {
        StockOf(self.id.clone()).ask()
    }
}

/// What somebody said about a book.
#[entity]
pub struct Review {
    text: Option<String>,
    stars: i64,
    #[graphql(skip)]
    book_id: ID,
    #[graphql(skip)]
    writer_id: Option<ID>,
}

/// Copies at hand.
#[entity]
pub struct Stock {
    id: ID,
    copies: i32,
}

/// What a search finds.
#[entity]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Hit {
    Writer(Writer),
    Book(Book),
}

/// Whatever has an id.
#[entity(interface("id"))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Node {
    Writer(Writer),
    Book(Book),
}

#[question(upstream = SHOP, get = "/writers", key = "ids", row = Writer, by = id, public, page = 50)]
pub struct WriterById(pub ID);

#[question(upstream = SHOP, get = "/writers", row = Writer, many, public)]
pub struct AllWriters {}

#[question(upstream = SHOP, get = "/books", key = "ids", row = Book, by = id, public, page = 3)]
pub struct BookById(pub ID);

#[question(upstream = SHOP, get = "/books", row = Book, by = writer_id, many, public)]
pub struct BooksOf {
    #[key("writer_ids")]
    writer: ID,
    #[query("limit")]
    first: First,
}

#[question(upstream = SHOP, get = "/books", row = Book, by = writer_id, connection, public)]
pub struct Shelf {
    #[key("writer_ids")]
    writer: ID,
    #[query("limit")]
    first: First,
    after: Option<String>,
}

#[question(upstream = SHOP, get = "/books", row = Book, connection, public)]
pub struct AllBooks {
    #[query("limit")]
    first: First,
    after: Option<String>,
}

#[question(upstream = SHOP, get = "/reviews", key = "book_ids", row = Review, by = book_id, many, public)]
pub struct ReviewsOf(pub ID);

#[question(upstream = SHOP, get = "/reviews", key = "writer_ids", row = Review, by = writer_id, many, public)]
pub struct ReviewsBy(pub ID);

#[question(upstream = STOCK, get = "/stock/{id}", row = Stock, public, at_once = 2)]
pub struct StockOf(#[key("id")] pub ID);

#[question(upstream = SHOP, get = "/search", row = Hit, many, public, all_fields)]
pub struct Search {
    term: String,
}

#[question(upstream = SHOP, get = "/nodes", row = Node, many, public, all_fields)]
pub struct Nodes {}

#[question(upstream = SHOP, get = "/me", row = Writer, single, caller)]
pub struct Me {}

fn signed_in(request: &RequestContext) -> Result<(), Fault> {
    request.subject().map(|_| ())
}

#[derive(Default)]
struct Reading;

#[Object]
impl Reading {
    async fn writer(&self, id: ID) -> Ask<WriterById> {
        WriterById(id).ask()
    }

    async fn the_writer(&self, id: ID) -> Ask<WriterById, One> {
        WriterById(id).ask()
    }

    async fn writers(&self) -> Ask<AllWriters> {
        AllWriters {}.ask()
    }

    async fn all_writers(&self) -> Ask<AllWriters, Many> {
        AllWriters {}.ask()
    }

    async fn book(&self, id: ID) -> Ask<BookById> {
        BookById(id).ask()
    }

    async fn books(&self, #[graphql(default = 2)] first: First<10>, after: Option<String>) -> Ask<AllBooks> {
        AllBooks { first: First::new(first.get()), after }.ask()
    }

    async fn search(&self, term: String) -> Ask<Search> {
        Search { term }.ask()
    }

    async fn nodes(&self) -> Ask<Nodes> {
        Nodes {}.ask()
    }

    async fn me(&self) -> Ask<Me> {
        Me {}.ask()
    }

    async fn answer(&self) -> i32 {
        42
    }
}

/// Resolvers as a team writes them by hand.
#[derive(Default)]
struct ByHand;

#[Object]
impl ByHand {
    /// Loads by key, as a plan does.
    async fn title(&self, ctx: &Context<'_>, id: ID) -> async_graphql::Result<Option<String>> {
        let rows = ctx.load(BookById(id)).await?;
        Ok(rows.first().map(|book| book.title.clone()))
    }

    async fn title_or_nothing(
        &self,
        ctx: &Context<'_>,
        id: ID,
    ) -> async_graphql::Result<Option<Have<Home, Maybe>>> {
        let rows = ctx.load(BookById(id)).await?;
        Ok(Some(Have::maybe(rows.first().map(|book| Home { city: book.title.clone(), mayor_id: None }))))
    }

    async fn panics(&self, #[graphql(default = true)] really: bool) -> Option<i32> {
        assert!(!really, "the database password is hunter2");
        Some(0)
    }

    async fn for_ever(&self) -> Option<i32> {
        std::future::pending().await
    }

    async fn foreign(&self) -> async_graphql::Result<Option<i32>> {
        Ok(Some("hunter2".parse::<i32>()?))
    }

    async fn forbidden(&self) -> async_graphql::Result<i32> {
        Err(Fault::forbidden("Not for you."))?
    }

    #[graphql(guard = "bff::graphql::Only(signed_in)")]
    async fn whoami(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<String>> {
        Ok(Some(ctx.request()?.subject()?.to_owned()))
    }

    async fn caller(&self, ctx: &Context<'_>) -> async_graphql::Result<String> {
        Ok(Caller::subject(ctx.request()?.caller()).unwrap_or("nobody").to_owned())
    }
}

#[derive(MergedObject, Default)]
pub struct Query(Reading, ByHand);

#[derive(InputObject)]
struct RenameInput {
    id: ID,
    name: String,
    idempotency_key: Option<String>,
}

/// What was renamed.
#[entity(local)]
pub struct Renamed {
    #[graphql(skip)]
    id: ID,
}

#[edges]
impl Renamed {
    fn writer(&self) -> Ask<WriterById> {
        WriterById(self.id.clone()).ask()
    }
}

pub struct Mutation;

#[Object]
impl Mutation {
    async fn rename(&self, ctx: &Context<'_>, input: RenameInput) -> async_graphql::Result<Option<Renamed>> {
        // What is known before the write must not be what is answered after it.
        let _ = ctx.load(WriterById(input.id.clone())).await;
        let mut write = ctx.write(&SHOP)?.put(format!("/writers/{}", input.id.as_str()));
        if let Some(key) = input.idempotency_key {
            write = write.idempotency_key(key);
        }
        write.json(&json!({"name": input.name})).send_and_forget().await?.done()?;
        Ok(Some(Renamed { id: input.id }))
    }
}

/// A change, with the row as its reader may see it now.
#[entity(local)]
pub struct WriterChanged {
    version: i32,
    #[graphql(skip)]
    id: ID,
}

#[edges]
impl WriterChanged {
    fn writer(&self) -> Ask<WriterById> {
        WriterById(self.id.clone()).ask()
    }

    fn me(&self) -> Ask<Me> {
        Me {}.ask()
    }
}

pub struct Changes;

#[Subscription]
impl Changes {
    async fn writer_changed(
        &self,
        ctx: &Context<'_>,
        id: ID,
    ) -> async_graphql::Result<impl Stream<Item = WriterChanged>> {
        let events = ctx.events(&SHOP, format!("/events?writer_ids={}", id.as_str()))?;
        let events = events.json::<kit::Value>().await?;
        Ok(events.map(move |event| WriterChanged {
            version: event["version"].as_i64().and_then(|version| version.try_into().ok()).unwrap_or(0),
            id: id.clone(),
        }))
    }
}

/// The BFF.
pub fn bff() -> Bff {
    Bff::new("world", "deadline_ms = 5000").upstreams(&[SHOP, STOCK]).schema(
        Query::default(),
        Mutation,
        Changes,
    )
}

/// The BFF over fakes that know a few writers and books.
pub struct World {
    pub shop: Fake,
    pub stock: Fake,
    pub issuer: Issuer,
    pub bff: Running,
}

impl World {
    pub async fn start() -> Self {
        Self::with(|server| server).await
    }

    pub async fn with(change: impl FnOnce(Server) -> Server) -> Self {
        let (shop, stock, issuer) = (Fake::start().await, Fake::start().await, Issuer::start().await);
        shop.table("/writers", &[("ids", "id")], writers());
        shop.table("/books", &[("ids", "id"), ("writer_ids", "writer_id")], books());
        shop.table("/reviews", &[("book_ids", "book_id"), ("writer_ids", "writer_id")], reviews());
        stock.get("/stock/{id}", |call| json!({"id": call.segment("id"), "copies": 7}));
        let server = Server::of(bff()).upstream("shop", &shop).upstream("stock", &stock).issuer(&issuer);
        let bff = change(server).start().await;
        Self { shop, stock, issuer, bff }
    }
}

pub fn writers() -> kit::Value {
    json!([
        {"id": "w1", "name": "Ada", "born": 1815, "email": "ada@x", "phone": "1", "mentor_id": "w2",
         "home": {"city": "London", "mayor_id": "w3"},
         "prizes": [{"name": "P1", "year": 1840, "book_id": "b1"}, {"name": "P2", "year": 1841, "book_id": "b2"}]},
        {"id": "w2", "name": "Bo", "born": null, "email": null, "phone": "2", "mentor_id": null, "home": null, "prizes": []},
        {"id": "w3", "name": "Cy", "born": 1900, "email": "cy@x", "phone": "3", "mentor_id": "w1",
         "home": {"city": "Rome", "mayor_id": null}, "prizes": null},
    ])
}

pub fn books() -> kit::Value {
    json!([
        {"id": "b1", "title": "One", "pages": 100, "writer_id": "w1", "cursor": "c1"},
        {"id": "b2", "title": "Two", "pages": 3_000_000_000_i64, "writer_id": "w1", "cursor": "c2"},
        {"id": "b3", "title": "Three", "pages": null, "writer_id": "w1", "cursor": "c3"},
        {"id": "b4", "title": "Four", "pages": 4, "writer_id": "w2", "cursor": "c4"},
    ])
}

pub fn reviews() -> kit::Value {
    json!([
        {"text": "Good", "stars": 5, "book_id": "b1", "writer_id": "w2"},
        {"text": "Bad", "stars": 3_000_000_000_i64, "book_id": "b2", "writer_id": "w2"},
        {"text": null, "stars": 1, "book_id": "b2", "writer_id": "w3"},
    ])
}
