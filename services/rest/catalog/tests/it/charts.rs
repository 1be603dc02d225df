//! Charts follow popularity.

use serde_json::json;

use crate::house::{House, sample};

#[tokio::test]
async fn charts_rank_by_popularity_and_know_where_a_track_was() {
    let house = House::with(&sample()).await;
    let ids = house.items("/charts", "id").await;
    assert_eq!(ids, ["top-art-pop", "top-global", "top-pop", "top-rock"]);
    assert_eq!(house.items("/charts?ids=top-global,none", "title").await, ["Top 100"]);
    let body = house.get("/chart-entries?chart_ids=top-global,none,top-rock&limit=3").await;
    let entries: Vec<_> = body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| json!([e["chart_id"], e["rank"], e["track_id"], e["previous_rank"]]))
        .collect();
    assert_eq!(
        entries,
        [
            json!(["top-global", 1, "tr-1", 2]),
            json!(["top-global", 2, "tr-4", 3]),
            json!(["top-global", 3, "tr-2", 1]),
            json!(["top-rock", 1, "tr-4", 1]),
            json!(["top-rock", 2, "tr-5", 2]),
        ]
    );
    let after = body["items"][2]["cursor"].as_str().unwrap();
    let rest = house.items(&format!("/chart-entries?chart_ids=top-global&after={after}"), "rank").await;
    assert_eq!(rest, ["4", "5"]);
}
