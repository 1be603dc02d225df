//! A schema with every combination of nullability at its roots, written by hand; and rows with as many leaves.

use super::made::{Item, Kind, Made, Odd, resolved};
use async_graphql::{Object, Subscription};
use bff::{Bff, Fault, RequestContext, edges, entity, graphql::Only};
use futures::{Stream, stream};
use parking_lot::Mutex;

/// What mutations did: `a` when it begins, `a.` when it is done.
pub static LOG: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// A row with leaves of every type.
#[entity(local)]
pub struct Row {
    t: Option<i64>,
    t_m: i64,
    list_t: Option<Vec<Option<i64>>>,
    list_t_m: Option<Vec<i64>>,
    list_m_t: Vec<Option<i64>>,
    list_m_t_m: Vec<i64>,
    #[graphql(skip)]
    odd: Option<i64>,
}

#[edges]
impl Row {
    /// Never what it must be, where it is told so.
    fn odd(&self) -> i64 {
        self.odd.unwrap_or(1 << 40)
    }
}

impl Made for Row {
    fn made(kind: Kind, depth: i32) -> Self {
        Self {
            t: Made::made(kind, depth),
            t_m: Made::made(kind, depth),
            list_t: Made::made(kind, depth),
            list_t_m: Made::made(kind, depth),
            list_m_t: Made::made(kind, depth),
            list_m_t_m: Made::made(kind, depth),
            odd: Made::made(kind, depth),
        }
    }
}

fn nobody(_: &RequestContext) -> Result<(), Fault> {
    Err(Fault::forbidden("Not for anybody."))
}

/// The fields of a type, each with its type; and how they are wrapped.
macro_rules! fields {
    ($($name:ident: $type:ty,)*) => {
        pub struct Query;

        #[Object]
        impl Query {
            $(async fn $name(&self, kind: Kind, depth: i32) -> async_graphql::Result<$type> {
                resolved(kind, depth)
            })*

            #[graphql(guard = "Only(nobody)")]
            async fn guarded(&self) -> Option<i32> {
                Some(1)
            }

            #[graphql(guard = "Only(nobody)")]
            async fn guarded_m(&self) -> i32 {
                1
            }

            async fn picky(&self, value: Odd) -> Option<Odd> {
                Some(value)
            }

            async fn picky_m(&self, value: Odd) -> Odd {
                value
            }

            async fn enumerated(&self) -> Vec<Kind> {
                vec![Kind::Fine, Kind::Overflow]
            }
        }

        pub struct Mutation;

        #[Object]
        impl Mutation {
            $(async fn $name(&self, kind: Kind, depth: i32) -> async_graphql::Result<$type> {
                resolved(kind, depth)
            })*

            #[graphql(guard = "Only(nobody)")]
            async fn guarded(&self) -> Option<i32> {
                Some(1)
            }

            #[graphql(guard = "Only(nobody)")]
            async fn guarded_m(&self) -> i32 {
                1
            }

            async fn picky(&self, value: Odd) -> Option<Odd> {
                Some(value)
            }

            async fn picky_m(&self, value: Odd) -> Odd {
                value
            }

            async fn log(&self, name: String, fails: Option<bool>) -> async_graphql::Result<Option<i32>> {
                logged(name, fails == Some(true), false).await.map(Some)
            }

            async fn log_m(
                &self,
                name: String,
                fails: Option<bool>,
                panics: Option<bool>,
            ) -> async_graphql::Result<i32> {
                logged(name, fails == Some(true), panics == Some(true)).await
            }
        }

        pub struct Events;

        #[Subscription]
        impl Events {
            $(async fn $name(&self, kind: Kind, depth: i32) -> impl Stream<Item = async_graphql::Result<$type>> {
                let value = (kind, depth) != (Kind::Panic, 0);
                stream::iter([if value { resolved(kind, depth) } else { Err("no event".into()) }])
            })*

            #[graphql(guard = "Only(nobody)")]
            async fn guarded(&self) -> impl Stream<Item = Option<i32>> {
                stream::iter([Some(1)])
            }

            #[graphql(guard = "Only(nobody)")]
            async fn guarded_m(&self) -> impl Stream<Item = i32> {
                stream::iter([1])
            }

            async fn picky(&self, value: Odd) -> impl Stream<Item = Option<Odd>> {
                stream::iter([Some(value)])
            }

            async fn picky_m(&self, value: Odd) -> impl Stream<Item = Odd> {
                stream::iter([value])
            }
        }
    };
}

fields! {
    t: Option<Item>,
    t_m: Item,
    list_t: Option<Vec<Option<Item>>>,
    list_t_m: Option<Vec<Item>>,
    list_m_t: Vec<Option<Item>>,
    list_m_t_m: Vec<Item>,
    list_list_t: Option<Vec<Option<Vec<Option<Item>>>>>,
    list_list_t_m: Option<Vec<Option<Vec<Item>>>>,
    list_list_m_t: Option<Vec<Vec<Option<Item>>>>,
    list_list_m_t_m: Option<Vec<Vec<Item>>>,
    list_m_list_t: Vec<Option<Vec<Option<Item>>>>,
    list_m_list_t_m: Vec<Option<Vec<Item>>>,
    list_m_list_m_t: Vec<Vec<Option<Item>>>,
    list_m_list_m_t_m: Vec<Vec<Item>>,
    may_be_odd: Option<Odd>,
    odd: Odd,
    odds_and_nulls: Vec<Option<Odd>>,
    odds: Vec<Odd>,
    may_be_odds: Option<Vec<Odd>>,
    row: Option<Row>,
    row_m: Row,
    rows_and_nulls: Vec<Option<Row>>,
    rows: Vec<Row>,
    may_be_rows: Option<Vec<Row>>,
}

async fn logged(name: String, fails: bool, panics: bool) -> async_graphql::Result<i32> {
    LOG.lock().push(name.clone());
    tokio::task::yield_now().await;
    assert!(!panics, "as told");
    if !fails {
        LOG.lock().push(format!("{name}."));
        return Ok(1);
    }
    LOG.lock().push(format!("{name}."));
    Err("as told".into())
}

pub fn bff() -> Bff {
    Bff::new("completion", "").schema(Query, Mutation, Events)
}
