//! The charts' shelf: rankings, their places, and where each place went since last time.

use crate::{track::TrackById, upstreams::CATALOG};
use async_graphql::{Enum, ID};
use bff::{
    Ask, First, IntoAsk, Leaf, Since, edges, entity,
    fanout::{Bubble, Out, Path},
    question,
};
use std::time::Duration;

/// Charts change once a day: those of yesterday are better than an empty shelf.
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// The charts.
#[entity(local)]
pub struct Charts {}

#[edges]
impl Charts {
    /// The world's, and those of genres.
    fn charts(
        &self,
        /// How many, 1 to 50.
        #[graphql(default = 5)]
        first: First<50>,
    ) -> Ask<AllCharts> {
        AllCharts { first }.ask().stale(DAY)
    }
}

/// A ranking of tracks.
#[entity]
pub struct Chart {
    /// Stays the same from week to week.
    id: ID,
    /// What it is called.
    title: String,
}

#[edges]
impl Chart {
    /// First place first.
    fn places(
        &self,
        /// How many, 1 to 100.
        #[graphql(default = 3)]
        first: First<100>,
    ) -> Ask<PlacesOf> {
        PlacesOf { chart: self.id.clone(), first }.ask().stale(DAY)
    }
}

/// Charts.
#[question(upstream = CATALOG, get = "/charts", row = Chart, many, public)]
pub struct AllCharts {
    #[query("limit")]
    first: First<50>,
}

/// A place of a chart.
#[entity]
pub struct ChartPlace {
    #[graphql(skip)]
    chart_id: ID,
    /// From 1.
    rank: i32,
    #[graphql(skip)]
    track_id: ID,
    /// Where it was last time, for "up from 40". Null if it was not in this chart.
    #[graphql(directive = Since::apply("2.3", "null"))]
    previous_rank: Option<i32>,
}

/// Where a place of a chart went since last time: which arrow to show.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Movement {
    /// It was not in this chart before.
    New,
    /// It was further down.
    Up,
    /// It was further up.
    Down,
    /// It stayed.
    Same,
    /// It was ten places further down, or more.
    #[graphql(directive = Since::apply("2.3", "UP"))]
    Soared,
}

/// From so many places on, up is soared.
const SOARING: i32 = 10;

impl Leaf for Movement {
    fn put(&self, out: &mut Out, path: &Path<'_>) -> Result<(), Bubble> {
        let name = match self {
            Self::New => "NEW",
            Self::Up => "UP",
            Self::Down => "DOWN",
            Self::Same => "SAME",
            Self::Soared => "SOARED",
        };
        name.put(out, path)
    }
}

#[edges]
impl ChartPlace {
    /// Which arrow to show.
    fn movement(&self) -> Movement {
        match self.previous_rank {
            None => Movement::New,
            Some(before) if before - self.rank >= SOARING => Movement::Soared,
            Some(before) if before > self.rank => Movement::Up,
            Some(before) if before < self.rank => Movement::Down,
            Some(_) => Movement::Same,
        }
    }

    /// What is there. Null if it is not in the catalogue any more.
    fn track(&self) -> Ask<TrackById> {
        TrackById(self.track_id.clone()).ask()
    }
}

/// What is in a chart, first place first.
#[question(upstream = CATALOG, get = "/chart-entries", row = ChartPlace, by = chart_id, many, public)]
pub struct PlacesOf {
    #[key("chart_ids")]
    chart: ID,
    #[query("limit")]
    first: First<100>,
}
