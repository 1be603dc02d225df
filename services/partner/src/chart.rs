//! Charts and their entries.

use async_graphql::{InputObject, Object};
use bff::{Ask, First, IntoAsk, edges, entity, question};

use crate::{
    global_id::{Id, Identified, Kind},
    scalars::{CountryCode, DateTime},
    track::{Track, TrackById},
    upstreams::CATALOG,
};

/// The scope of who has licensed charts, and what they are made of.
pub const CHARTS: &str = "charts:read";

/// A ranking of tracks that is published anew every day.
#[entity]
pub struct Chart {
    /// Unique over the whole API and forever the same: store it, and pass it to `node`.
    pub id: Id<Chart>,
    /// In English.
    title: String,
    /// The country it is of; null if it is of no single one.
    #[graphql(name = "countryCode")]
    country: Option<CountryCode>,
    /// When it was published last.
    #[graphql(name = "publishedAt")]
    updated_at: DateTime,
    cursor: Option<String>,
}

impl Identified for Chart {
    const KIND: Kind = Kind::Chart;
}

#[edges]
impl Chart {
    /// By rank, the first first. A chart has at most 100.
    fn entries(
        &self,
        /// How many, from 1 to 100.
        first: First,
        /// Behind this place: an `endCursor`.
        after: Option<String>,
    ) -> Ask<EntriesOfChart> {
        EntriesOfChart { chart: self.id.clone(), first, after }.ask()
    }
}

/// A track in its place of a chart.
#[entity]
pub struct ChartEntry {
    /// From 1.
    rank: i32,
    /// Its rank in the publication before; null if it was not in the chart.
    previous_rank: Option<i32>,
    #[graphql(skip)]
    chart_id: Id<Chart>,
    #[graphql(skip)]
    track_id: Id<Track>,
    cursor: Option<String>,
}

#[edges]
impl ChartEntry {
    /// What is ranked; null if the catalogue has taken it out since.
    fn track(&self) -> Ask<TrackById> {
        TrackById(self.track_id.clone()).ask()
    }
}

/// The entries of a chart, by rank.
#[question(upstream = CATALOG, get = "/chart-entries", row = ChartEntry, by = chart_id, connection, public)]
pub struct EntriesOfChart {
    #[key("chart_ids")]
    chart: Id<Chart>,
    #[query("limit")]
    first: First,
    after: Option<String>,
}

/// All charts that pass the filters.
#[question(upstream = CATALOG, get = "/charts?total=false", row = Chart, connection, public)]
pub struct Charts {
    #[query("limit")]
    first: First,
    after: Option<String>,
    country: Option<CountryCode>,
}

/// Which charts.
#[derive(InputObject, Default)]
struct ChartFilter {
    /// Of this country.
    country_code: Option<CountryCode>,
}

#[derive(Default)]
pub struct ChartRoots;

#[Object]
impl ChartRoots {
    /// Charts, in an order that does not change.
    async fn charts(
        &self,
        #[graphql(desc = "How many, from 1 to 100.")] first: First,
        #[graphql(desc = "Behind this place: an `endCursor`.")] after: Option<String>,
        #[graphql(desc = "Which; all of them if left out.")] filter: Option<ChartFilter>,
    ) -> Ask<Charts> {
        Charts { first, after, country: filter.unwrap_or_default().country_code }.ask()
    }
}
