//! Bad input is refused by name, never with a 500.

use serde_json::Value;

use crate::house::{House, sample};

#[tokio::test]
async fn bad_parameters_are_named() {
    let house = House::with(&sample()).await;
    let too_many = (0..201).map(|n| format!("ar-{n}")).collect::<Vec<_>>().join(",");
    let long = "x".repeat(201);
    let albums = house.get("/albums?limit=1").await;
    let foreign = albums["next"].as_str().unwrap();
    for (path, field) in [
        (format!("/artists?ids={too_many}"), "ids"),
        ("/artists?idz=ar-1".to_owned(), "idz"),
        ("/artists?ids=ar-1&ids=ar-2".to_owned(), "ids"),
        ("/artists?ids=ar-1&genre_ids=pop".to_owned(), "genre_ids"),
        ("/artists?ids=ar-1&sort=name".to_owned(), "sort"),
        ("/artists?ids=ar-1&after=x".to_owned(), "after"),
        ("/albums?genre_ids=pop&kind=album".to_owned(), "kind"),
        ("/artists?limit=0".to_owned(), "limit"),
        ("/artists?limit=201".to_owned(), "limit"),
        ("/artists?limit=-1".to_owned(), "limit"),
        ("/artists?limit=ten".to_owned(), "limit"),
        ("/artists?limit=99999999999999999999".to_owned(), "limit"),
        ("/artists?limit=".to_owned(), "limit"),
        ("/artists?fields=id,nope".to_owned(), "fields"),
        ("/artists?fields=".to_owned(), "fields"),
        ("/artists?sort=loudness".to_owned(), "sort"),
        ("/artists?after=garbage".to_owned(), "after"),
        ("/artists?after=%00%FF".to_owned(), "after"),
        ("/artists?after=W10".to_owned(), "after"),
        (format!("/artists?after={foreign}"), "after"),
        (format!("/albums?sort=title&after={foreign}"), "after"),
        ("/albums?kind=opera".to_owned(), "kind"),
        ("/albums?released_from=yesterday".to_owned(), "released_from"),
        ("/albums?released_to=2020-02-31".to_owned(), "released_to"),
        ("/tracks?explicit=maybe".to_owned(), "explicit"),
        ("/tracks?total=1".to_owned(), "total"),
        ("/chart-entries".to_owned(), "chart_ids"),
        ("/search".to_owned(), "q"),
        (format!("/search?q={long}"), "q"),
        ("/search?q=a&types=song".to_owned(), "types"),
        ("/search?q=a&decade=nineties".to_owned(), "decade"),
        ("/search?q=a&limit=101".to_owned(), "limit"),
        ("/artwork/ar-1?w=15".to_owned(), "w"),
        ("/artwork/ar-1?w=2049".to_owned(), "w"),
        ("/artwork/ar-1?w=big".to_owned(), "w"),
    ] {
        let response = house.response(&path).await;
        let status = response.status();
        let body: Value = response.json().await.unwrap();
        assert_eq!((status.as_u16(), &body["errors"][0]["field"]), (400, &field.into()), "{path}: {body}");
        assert_eq!(body["status"], 400);
    }
}

#[tokio::test]
async fn what_is_not_there_and_what_cannot_be_done() {
    let house = House::with(&sample()).await;
    for (path, status) in [
        ("/nothing", 404),
        ("/artists/", 404),
        ("/artists/%FF", 400),
        ("/artwork/..%2Fetc", 404),
        ("/artwork/a%20b", 404),
    ] {
        let response = house.response(path).await;
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{path}");
    }
    let response =
        reqwest::Client::new().post(format!("{}/artists", house.running.url())).send().await.unwrap();
    assert_eq!(response.status(), 405);
    assert_eq!(response.headers()["allow"], "GET,HEAD");
    assert_eq!(response.headers()["content-type"], "application/problem+json");
}

#[tokio::test]
async fn forged_cursors_are_only_positions() {
    let house = House::with(&sample()).await;
    for (path, keys) in [
        ("/artists?", rest::Cursor::new("popularity", (i64::MIN, "\u{0}"))),
        ("/artists?sort=name&", rest::Cursor::new("name", ("'; --", ""))),
        ("/artists?related_to=ar-3&", rest::Cursor::new("related", (i64::MIN, i64::MAX, ""))),
        ("/tracks?album_ids=al-1&", rest::Cursor::new("as_played", (i64::MAX, "z"))),
        ("/chart-entries?chart_ids=top-pop&", rest::Cursor::new("rank", (i64::MIN,))),
        ("/search?q=a&", rest::Cursor::new("search", ("anywhere", i64::MAX))),
    ] {
        let response = house.response(&format!("{path}after={keys}")).await;
        assert_eq!(response.status(), 200, "{path}");
    }
}
