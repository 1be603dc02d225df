//! Anything by its global id: Relay's `node` and `nodes`.

use async_graphql::{ID, Object};
use bff::{
    Ask, Fault, IntoAsk, Maybe, Scope, Upstream, entity,
    fanout::{AsKey, Call, InPlace, Key, Page, Question, Row, UrlBuilder},
    upstream::{Reply, rows},
};

use crate::{
    album::Album, artist::Artist, chart::Chart, genre::Genre, global_id, global_id::Kind, track::Track,
    upstreams::CATALOG,
};

/// How many things may be looked up at once.
const MOST: usize = 100;

/// Something with an id that is unique over the whole API.
#[entity(local, interface("id"))]
pub enum Node {
    Artist(Artist),
    Album(Album),
    Track(Track),
    Genre(Genre),
    Chart(Chart),
}

impl Node {
    fn key(&self) -> Key<'_> {
        match self {
            Node::Artist(row) => row.id.as_key(),
            Node::Album(row) => row.id.as_key(),
            Node::Track(row) => row.id.as_key(),
            Node::Genre(row) => row.id.as_key(),
            Node::Chart(row) => row.id.as_key(),
        }
    }
}

/// Whatever has this global id.
///
/// Written out, because its rows are of several types: the kind is the group, so ids of one kind share a call.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct NodeById {
    kind: Kind,
    id: String,
}

impl NodeById {
    fn from_global(global: &str) -> Result<Self, Fault> {
        global_id::decode(global).map(|(kind, id)| Self { kind, id })
    }
}

impl Question for NodeById {
    type Row = Node;
    type Shape = Maybe;
    const NAME: &'static str = "NodeById";
    const UPSTREAM: Upstream = CATALOG;
    const SCOPE: Scope = Scope::Public;
    const CALL: Call = Call::Batch;
    const PAGE: usize = MOST;

    fn key(&self) -> Key<'_> {
        self.id.as_key()
    }

    fn same_group(&self, other: &Self) -> bool {
        self.kind == other.kind
    }

    fn url(keys: &[Self], url: &mut String) {
        let Some(first) = keys.first() else { return };
        let (path, fields) = match first.kind {
            Kind::Artist => ("/artists", Artist::FIELDS),
            Kind::Album => ("/albums", Album::FIELDS),
            Kind::Track => ("/tracks", Track::FIELDS),
            Kind::Genre => ("/genres", Genre::FIELDS),
            Kind::Chart => ("/charts", Chart::FIELDS),
        };
        let mut url = UrlBuilder::new(url);
        url.text(path);
        url.keys("ids", keys.iter().map(Question::key), false);
        url.fields(fields, &[]);
    }

    fn read(keys: &[Self], reply: &Reply) -> Result<Page<Self>, String> {
        let Some(first) = keys.first() else { return Ok(Page::empty(0)) };
        let nodes = match first.kind {
            Kind::Artist => rows(reply)?.into_iter().map(Node::Artist).collect(),
            Kind::Album => rows(reply)?.into_iter().map(Node::Album).collect(),
            Kind::Track => rows(reply)?.into_iter().map(Node::Track).collect(),
            Kind::Genre => rows(reply)?.into_iter().map(Node::Genre).collect(),
            Kind::Chart => rows(reply)?.into_iter().map(Node::Chart).collect(),
        };
        Ok(Page::routed(keys, nodes, Node::key))
    }
}

#[derive(Default)]
pub struct NodeRoots;

#[Object]
impl NodeRoots {
    /// The thing with this id; null if it does not exist, or no longer.
    async fn node(
        &self,
        #[graphql(desc = "An `id` that this API answered.")] id: ID,
    ) -> async_graphql::Result<Ask<NodeById>> {
        Ok(NodeById::from_global(&id)?.ask())
    }

    /// The things with these ids, in the order of the ids. One that does not exist, or no longer, is null; one that is no
    /// id of this API is null, with an error that has its place.
    async fn nodes(
        &self,
        #[graphql(desc = "At most 100.")] ids: Vec<ID>,
    ) -> async_graphql::Result<InPlace<Ask<NodeById>>> {
        if ids.len() > MOST {
            let given = ids.len();
            return Err(Fault::bad_input(format!(
                "Argument \"ids\": at most {MOST} ids can be looked up at once, and these are {given}; ask in several requests."
            ))
            .into());
        }
        Ok(ids.iter().map(|id| NodeById::from_global(id).map(IntoAsk::ask)).collect())
    }
}
