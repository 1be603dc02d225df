//! Filters, orders, totals, and pages to the end.

use serde_json::Value;

use crate::house::{House, album, artist, genre, sample, track};

#[tokio::test]
async fn filters_and_orders() {
    let house = House::with(&sample()).await;
    assert_eq!(house.items("/artists?sort=name", "id").await, ["ar-1", "ar-4", "ar-2", "ar-3"]);
    assert_eq!(
        house.items("/artists?genre=pop", "id").await,
        ["ar-4", "ar-1", "ar-3"],
        "a genre has what is below"
    );
    assert_eq!(house.items("/artists?country=is", "id").await, ["ar-1"]);
    assert_eq!(house.items("/artists?name=bj%C3%96rk", "id").await, ["ar-1"]);
    assert_eq!(house.items("/albums", "id").await, ["al-4", "al-2", "al-1", "al-3"], "newest first");
    assert_eq!(
        house.items("/albums?released_from=1990-01-01&released_to=2001-12-31&sort=popularity", "id").await,
        ["al-1", "al-2"]
    );
    assert_eq!(house.items("/albums?upc=123456789012,999999999999", "id").await, ["al-4"]);
    assert_eq!(house.items("/albums?kind=single", "id").await, ["al-4"]);
    assert_eq!(house.items("/tracks?isrc=GBAQT9700055", "id").await, ["tr-1"]);
    assert_eq!(house.items("/tracks?explicit=true", "id").await, ["tr-1"]);
    assert_eq!(house.items("/tracks?title=hunter", "id").await, ["tr-2"]);
    assert_eq!(house.items("/genres", "id").await, ["art-pop", "pop", "rock"]);
    assert_eq!(house.items("/genres?top=true", "id").await, ["pop", "rock"]);
    let pop = house.get("/genres?ids=pop").await;
    assert_eq!((&pop["items"][0]["artist_count"], &pop["items"][0]["track_count"]), (&3.into(), &4.into()));
}

#[tokio::test]
async fn every_list_pages_to_its_end_without_loss_or_repetition() {
    let mut lines = vec![genre("g", None)];
    for n in 0..23 {
        // Few distinct popularities, titles and days, so that ties cross page borders.
        lines.push(artist(&format!("ar-{n}"), &format!("Name {}", n % 3), &["g"], n % 4));
        lines.push(album(
            &format!("al-{n}"),
            &format!("ar-{n}"),
            &format!("T{}", n % 3),
            "2020-02-02",
            n % 4,
        ));
        lines.push(track(&format!("tr-{n}"), &format!("al-{n}"), &format!("T{}", n % 3), 1, n % 4));
    }
    let house = House::with(&lines).await;
    for list in [
        "/artists?sort=popularity",
        "/artists?sort=name",
        "/artists?genre=g",
        "/albums?sort=newest",
        "/albums?sort=title",
        "/albums?sort=popularity",
        "/tracks?sort=popularity",
        "/tracks?sort=title",
        "/search?q=name",
    ] {
        let mut ids: Vec<String> = Vec::new();
        let mut after = String::new();
        loop {
            let body = house.get(&format!("{list}&limit=5{after}")).await;
            // Artists, albums and tracks all match by their artist's name.
            let total = if list.starts_with("/search") { 69 } else { 23 };
            assert_eq!(body["total"], total, "{list}");
            ids.extend(
                body["items"].as_array().unwrap().iter().map(|i| i["id"].as_str().unwrap().to_owned()),
            );
            match &body["next"] {
                Value::String(next) => after = format!("&after={next}"),
                Value::Null => break,
                other => panic!("{other}"),
            }
        }
        let all = house.items(&format!("{list}&limit=100"), "id").await;
        assert_eq!(ids, all, "{list}");
        let mut distinct = ids.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), ids.len(), "{list}");
    }
    assert!(house.get("/tracks?total=false").await.get("total").is_none());
}
