//! Apps that are older than some of the schema.

use crate::world::world;
use kit::{Value, json};

const CHARTS: &str = "{ homeScreen { sections {
    ... on Charts { charts(first: 1) { places(first: 3) { rank movement previousRank } } }
} } }";

#[tokio::test]
async fn an_app_draws_no_arrow_that_it_does_not_have() {
    let world = world(3).await;
    let places = json!([
        {"chart_id": "top-1", "rank": 1, "track_id": "tr-1", "previous_rank": 40},
        {"chart_id": "top-1", "rank": 2, "track_id": "tr-2", "previous_rank": 3},
        {"chart_id": "top-1", "rank": 3, "track_id": "tr-3", "previous_rank": null},
    ]);
    world.catalog.table("/chart-entries", &[("chart_ids", "chart_id")], places);
    let drawn = async |app: &str, version: &str| {
        let query = world.mobile.query(CHARTS).header("graphql-client-name", app);
        let answer = query.header("graphql-client-version", version).await;
        let sections = answer.ok()["homeScreen"]["sections"].as_array().cloned().unwrap_or_default();
        let places =
            sections.into_iter().find_map(|section| section["charts"][0]["places"].as_array().cloned());
        let of = |place: &Value| (place["movement"].clone(), place["previousRank"].clone());
        places.unwrap_or_default().iter().map(of).collect::<Vec<_>>()
    };
    let old = [(json!("UP"), Value::Null), (json!("UP"), Value::Null), (json!("NEW"), Value::Null)];
    let new = [(json!("SOARED"), json!(40)), (json!("UP"), json!(3)), (json!("NEW"), Value::Null)];
    for app in ["ios", "android"] {
        assert_eq!(drawn(app, "2.2.7").await, old, "{app}");
        assert_eq!(drawn(app, "2.3").await, new, "{app}");
    }
    assert_eq!(drawn("a browser", "1.0").await, new, "no app of ours");
}
