//! Pages with cursors, as the Relay Cursor Connections Specification has them: forward, `first` and `after`.

use super::{
    Entity, Fault, Field, Key, Leaf, Many, Question, Row,
    page::grouped,
    type_info::{self, FieldInfo},
};
use crate::upstream::{Reply, one_row};
use async_graphql::{InputType, InputValueError, InputValueResult, Value, registry::Registry};
use serde::Deserialize;
use std::borrow::Cow;

/// A row that can stand in a connection: the upstream gives each its place in the list.
///
/// `#[entity]` implements this for a struct with a field `cursor`, which it keeps out of the schema.
pub trait Paged: Row + Clone {
    /// Where this row stands: opaque, for `after`.
    fn cursor(&self) -> &str;
}

/// A page of rows.
#[derive(Clone, Debug)]
pub struct Connection<R> {
    edges: Vec<Edge<R>>,
    page_info: PageInfo,
}

/// A row in its place of the list.
#[derive(Clone, Debug)]
pub struct Edge<R> {
    node: R,
}

/// Whether there is more, and how to get it.
#[derive(Clone, Debug)]
pub struct PageInfo {
    has_next_page: bool,
    has_previous_page: bool,
    start_cursor: Option<String>,
    end_cursor: Option<String>,
}

impl<R: Paged> Connection<R> {
    /// Of the rows of one list, asked for with one more than `first`: that one only tells that there is more.
    pub fn new(mut rows: Vec<R>, first: u32, after: Option<&str>) -> Self {
        let first = usize::try_from(first).unwrap_or(usize::MAX);
        let has_next_page = rows.len() > first;
        rows.truncate(first);
        let cursor = |row: Option<&R>| row.map(|row| row.cursor().to_owned());
        Self {
            page_info: PageInfo {
                has_next_page,
                has_previous_page: after.is_some(),
                start_cursor: cursor(rows.first()),
                end_cursor: cursor(rows.last()),
            },
            edges: rows.into_iter().map(|node| Edge { node }).collect(),
        }
    }

    /// For each question of a call, the connection of its rows.
    pub fn answers<Q: Question<Row = Self>>(
        questions: &[Q],
        rows: Vec<R>,
        key: impl Fn(&R) -> Key<'_>,
        window: impl Fn(&Q) -> (u32, Option<&str>),
    ) -> super::Page<Q> {
        let groups = match questions {
            [only] if only.key() == Key::Whole => vec![rows],
            _ => grouped(questions, rows, key),
        };
        let connections = questions.iter().zip(groups).map(|(question, rows)| {
            let (first, after) = window(question);
            Self::new(rows, first, after)
        });
        super::Page::each(connections.collect())
    }
}

/// What an upstream's refusal means to the client, if it is of the cursor: a problem (RFC 9457) whose `errors` name the
/// parameter that carries it.
pub fn refused_cursor(reply: &Reply, parameter: &str) -> Option<Fault> {
    #[derive(Deserialize)]
    struct Problem {
        errors: Vec<Wrong>,
    }
    #[derive(Deserialize)]
    struct Wrong {
        field: String,
    }
    let problem: Problem = one_row(reply).ok()?;
    problem.errors.iter().any(|wrong| wrong.field == parameter).then(|| {
        Fault::bad_input(
            "Argument \"after\": not a cursor of this list in this order; pass an `endCursor` or a `cursor` as it was \
             answered.",
        )
    })
}

impl<R> Connection<R> {
    /// The rows of this page.
    pub fn nodes(&self) -> impl Iterator<Item = &R> {
        self.edges.iter().map(|edge| &edge.node)
    }
}

/// How many rows of a list: `first`, bounded on both ends. In the schema it is an `Int`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct First<const MAX: u32 = 100>(u32);

impl<const MAX: u32> First<MAX> {
    /// So many, within the bounds.
    pub const fn new(first: u32) -> Self {
        Self(if first > MAX { MAX } else { first })
    }

    /// How many.
    pub fn get(self) -> u32 {
        self.0
    }
}

/// For defaults: `#[graphql(default = 5)]`. What is out of bounds becomes the bound.
impl<const MAX: u32> From<i32> for First<MAX> {
    fn from(first: i32) -> Self {
        Self::new(u32::try_from(first).unwrap_or(0).max(1))
    }
}

/// async-graphql wants one beside a default; that of the schema counts.
impl<const MAX: u32> Default for First<MAX> {
    fn default() -> Self {
        Self::new(MAX)
    }
}

impl<const MAX: u32> InputType for First<MAX> {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        <i32 as InputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <i32 as InputType>::create_type_info(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let first = i32::parse(value).map_err(InputValueError::propagate)?;
        match u32::try_from(first) {
            Ok(first) if (1..=MAX).contains(&first) => Ok(Self(first)),
            _ => Err(InputValueError::custom(format!("must be from 1 to {MAX}, and is {first}."))),
        }
    }

    fn to_value(&self) -> Value {
        Value::from(self.0)
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

impl<R: Paged> Entity for Connection<R> {
    fn name() -> Cow<'static, str> {
        format!("{}Connection", R::type_name()).into()
    }

    fn field(name: &str) -> Option<Field<Self>> {
        Some(match name {
            "edges" => Field::nested(|connection: &Self| &connection.edges),
            "nodes" => Field::lent::<R, Many>(|connection, rows| {
                rows.extend(connection.nodes());
                true
            }),
            "pageInfo" => Field::nested(|connection: &Self| &connection.page_info),
            _ => return None,
        })
    }
}

impl<R: Paged> Entity for Edge<R> {
    fn name() -> Cow<'static, str> {
        format!("{}Edge", R::type_name()).into()
    }

    fn field(name: &str) -> Option<Field<Self>> {
        Some(match name {
            "cursor" => Field::leaf::<String>(|edge, out, path| edge.node.cursor().put(out, path)),
            "node" => Field::nested(|edge: &Self| &edge.node),
            _ => return None,
        })
    }
}

impl Entity for PageInfo {
    fn name() -> Cow<'static, str> {
        "PageInfo".into()
    }

    fn field(name: &str) -> Option<Field<Self>> {
        Some(match name {
            "hasNextPage" => Field::leaf::<bool>(|page, out, path| page.has_next_page.put(out, path)),
            "hasPreviousPage" => Field::leaf::<bool>(|page, out, path| page.has_previous_page.put(out, path)),
            "startCursor" => {
                Field::leaf::<Option<String>>(|page, out, path| page.start_cursor.put(out, path))
            }
            "endCursor" => Field::leaf::<Option<String>>(|page, out, path| page.end_cursor.put(out, path)),
            _ => return None,
        })
    }
}

crate::__entity!([R: Paged] Connection<R>, |registry| {
    type_info::object::<Self>(registry, Some("A page of a list."), |object| {
        object.field::<Vec<Edge<R>>>(FieldInfo::new("edges", Some("The page's items, each with its place in the list.")));
        object.field::<Vec<R>>(FieldInfo::new("nodes", Some("The page's items alone.")));
        object.field::<PageInfo>(FieldInfo::new("pageInfo", Some("Whether there is more, and how to get it.")));
    })
});

crate::__entity!([R: Paged] Edge<R>, |registry| {
    type_info::object::<Self>(registry, Some("An item in its place of a list."), |object| {
        object.field::<String>(FieldInfo::new("cursor", Some("Its place: pass it as `after` to go on behind it.")));
        object.field::<R>(FieldInfo::new("node", Some("The item.")));
    })
});

crate::__entity!([] PageInfo, |registry| {
    type_info::object::<Self>(registry, Some("How to page through a list."), |object| {
        object.field::<bool>(FieldInfo::new("hasNextPage", Some("There is more behind this page.")));
        object.field::<bool>(FieldInfo::new("hasPreviousPage", Some("There is something before this page.")));
        object.field::<Option<String>>(FieldInfo::new("startCursor", Some("The first item's place.")));
        object.field::<Option<String>>(FieldInfo::new("endCursor", Some("The last item's place: pass it as `after`.")));
    })
});
