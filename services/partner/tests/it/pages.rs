//! Connections: `first` is required and bounded, cursors lead through the whole list, filters reach the catalogue.

use super::world::{catalogue, id_of, partner};
use kit::{Reply, json};

#[tokio::test]
async fn a_page_has_a_size_and_it_is_bounded() {
    let catalogue = catalogue(1).await;
    let partner = partner(&catalogue).await;
    for list in ["artists", "albums", "tracks", "charts", "genres"] {
        let answer = partner.query(&format!("{{ {list} {{ nodes {{ id }} }} }}")).await;
        assert_eq!(answer.codes(), ["GRAPHQL_VALIDATION_FAILED"], "{list}");
        for (first, code, bound) in [
            ("0", "BAD_USER_INPUT", "from 1 to 100"),
            ("-1", "BAD_USER_INPUT", "from 1 to 100"),
            ("101", "PAGE_LIMIT_EXCEEDED", "up to 100"),
            ("2147483647", "PAGE_LIMIT_EXCEEDED", "up to 100"),
        ] {
            let answer = partner.query(&format!("{{ {list}(first: {first}) {{ nodes {{ id }} }} }}")).await;
            assert_eq!(answer.codes(), [code], "{list}, {first}");
            assert!(answer.messages()[0].contains(bound), "{answer}");
        }
    }
    assert_eq!(catalogue.total(), 0, "nothing of this is the catalogue's matter");

    let nested = "{ artists(first: 1) { nodes { name albums(first: 0) { nodes { id } } } } }";
    let answer = partner.query(nested).await;
    assert_eq!(answer.codes(), ["BAD_USER_INPUT"]);
    assert_eq!(*answer.data("artists.nodes.0"), json!({"name": "Artist 1", "albums": null}));
}

#[tokio::test]
async fn cursors_lead_through_the_whole_list() {
    let catalogue = catalogue(7).await;
    let partner = partner(&catalogue).await;
    let page = "query($after: String) {
        artists(first: 3, after: $after, orderBy: NAME) {
            edges { cursor node { name } }
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        }
    }";
    let (mut names, mut after, mut pages) = (Vec::new(), json!(null), 0);
    loop {
        let answer = partner.query(page).variables(json!({"after": after})).await;
        let list = &answer.ok()["artists"];
        let edges = list["edges"].as_array().unwrap();
        names.extend(edges.iter().map(|edge| edge["node"]["name"].as_str().unwrap().to_owned()));
        assert_eq!(list["pageInfo"]["hasPreviousPage"], json!(pages > 0));
        assert_eq!(list["pageInfo"]["startCursor"], edges[0]["cursor"]);
        assert_eq!(list["pageInfo"]["endCursor"], edges[edges.len() - 1]["cursor"]);
        pages += 1;
        after = list["pageInfo"]["endCursor"].clone();
        if list["pageInfo"]["hasNextPage"] == json!(false) {
            break;
        }
    }
    assert_eq!(names, (1..=7).map(|a| format!("Artist {a}")).collect::<Vec<_>>());
    assert_eq!((pages, catalogue.total()), (3, 3), "a call a page");
}

#[tokio::test]
async fn a_cursor_of_another_list_is_the_callers_mistake() {
    let catalogue = catalogue(1).await;
    catalogue.get("/artists", |_| {
        Reply::json(
            400,
            json!({"title": "Bad Request", "status": 400,
            "errors": [{"field": "after", "detail": "was made for another order: SELECT secret"}]}),
        )
        .header("content-type", "application/problem+json")
    });
    let partner = partner(&catalogue).await;
    let answer = partner
        .query("{ artists(first: 1, after: \"x\") { nodes { id } } charts(first: 1) { nodes { title } } }")
        .await;
    assert_eq!((answer.codes(), answer.paths()), (vec!["BAD_USER_INPUT"], vec!["artists".to_owned()]));
    assert!(answer.messages()[0].contains("\"after\"") && !answer.text.contains("secret"), "{answer}");
    assert_eq!(answer.data("charts.nodes.0.title"), "top-global");

    // Without a cursor of the caller's, the same refusal is nothing that the caller could correct.
    let answer = partner.query("{ artists(first: 1) { nodes { id } } }").await;
    assert_eq!(answer.codes(), ["UPSTREAM_BAD_RESPONSE"]);
}

#[tokio::test]
async fn filters_and_orders_are_the_catalogues() {
    let catalogue = catalogue(1).await;
    let partner = partner(&catalogue).await;
    let genre = id_of(&partner, "genres").await;
    catalogue.clear();
    let answer = partner
        .query(
            "query($genre: ID!) {
                artists(first: 2, filter: {genre: $genre, countryCode: \"is\", name: \"Björk & co\"}) { nodes { id } }
                albums(first: 3, after: \"album-1-1\", orderBy: TITLE, filter: {
                    upcs: [\"5016958046927\", \"016958046927\"], type: EP, genre: $genre, title: \"Homogenic\"
                    releasedFrom: \"1997-01-01\", releasedTo: \"1997-12-31\"
                }) { nodes { id } }
                tracks(first: 4, filter: {isrcs: [\"gb-aqt-97-00055\"], explicit: false, title: \"Jóga\"}) { nodes { id } }
                charts(first: 5, filter: {countryCode: \"DE\"}) { nodes { id } }
                genres(first: 6, top: true) { nodes { id } }
            }",
        )
        .variables(json!({"genre": genre}))
        .await;
    answer.ok();
    let asked = |path: &str| catalogue.calls_of(path)[0].query.split("&fields=").next().unwrap().to_owned();
    assert_eq!(
        asked("/artists"),
        "total=false&limit=3&genre=dream-pop&country=IS&name=Bj%C3%B6rk%20%26%20co&sort=popularity"
    );
    assert_eq!(
        asked("/albums"),
        "total=false&limit=4&after=album-1-1&upc=5016958046927,016958046927&kind=ep&genre=dream-pop&title=Homogenic\
         &released_from=1997-01-01&released_to=1997-12-31&sort=title"
    );
    assert_eq!(
        asked("/tracks"),
        "total=false&limit=5&isrc=GBAQT9700055&title=J%C3%B3ga&explicit=false&sort=popularity"
    );
    assert_eq!(asked("/charts"), "total=false&limit=6&country=DE");
    assert_eq!(asked("/genres"), "total=false&limit=7&top=true");
    assert_eq!(catalogue.total(), 5);
}
