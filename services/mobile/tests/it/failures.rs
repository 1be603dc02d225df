//! A service that is down, slow or wrong takes its own fields with it, and nothing else.

use crate::world::world;
use kit::{Gate, Reply, Value, json};

const SCREEN: &str = r#"{ artistScreen(id: "ar-1") {
    name followersLabel followed
    topTracks(first: 1) { title playCountLabel liked }
} }"#;

#[tokio::test]
async fn without_counts_the_screen_has_no_counts() {
    let world = world(1).await;
    world.activity.get("/play-counts", |_| Reply::problem(503, "down"));
    let answer = world.mobile.query(SCREEN).bearer(&world.token).await;
    assert_eq!(
        answer.data("artistScreen"),
        &json!({"name": "Artist 1", "followersLabel": "1.2K", "followed": true,
            "topTracks": [{"title": "Track 1", "playCountLabel": null, "liked": true}]})
    );
    // A label that is not there is nothing to report to the user: no error, and it is told what it is.
    assert_eq!(answer.paths(), Vec::<String>::new());
    assert_eq!(answer.degraded(), ["default artistScreen.topTracks.0.playCountLabel"]);
    assert_eq!(answer.header("degraded"), Some("default=1"));
}

#[tokio::test]
async fn without_the_library_nobody_knows_what_is_liked_or_followed() {
    let world = world(1).await;
    for path in ["/likes", "/follows", "/follower-counts"] {
        world.library.get(path, |_| Reply::reset());
    }
    let answer = world.mobile.query(SCREEN).bearer(&world.token).await;
    assert_eq!(
        answer.data("artistScreen"),
        &json!({"name": "Artist 1", "followersLabel": null, "followed": null,
            "topTracks": [{"title": "Track 1", "playCountLabel": "1.2M", "liked": null}]})
    );
    let mut paths = answer.paths();
    paths.sort();
    assert_eq!(paths, ["artistScreen.followed", "artistScreen.topTracks.0.liked"]);
    assert!(answer.degraded().contains(&"default artistScreen.followersLabel".to_owned()), "{answer}");
}

#[tokio::test]
async fn one_shelf_that_fails_leaves_the_other_shelves() {
    let world = world(1).await;
    world.activity.get("/trending", |_| Reply::garbage("{"));
    let query = "{ homeScreen { sections {
        ... on Trending { hits { rank } } ... on Charts { charts { title } } ... on NewFromFollowed { albums { id } } } } }";
    let answer = world.mobile.query(query).bearer(&world.token).await;
    assert_eq!(
        answer.data("homeScreen.sections"),
        &json!([{}, {"albums": [{"id": "al-1"}]}, {"hits": null}, {"charts": [{"title": "Top 1"}]}, {}])
    );
    assert_eq!(
        (answer.codes(), answer.paths()),
        (vec!["UPSTREAM_BAD_RESPONSE"], vec!["homeScreen.sections.2.hits".to_owned()])
    );

    world.library.get("/follows", |_| Reply::problem(500, "down"));
    let answer = world.mobile.query(query).bearer(&world.token).await;
    assert_eq!(
        answer.data("homeScreen.sections.1"),
        &json!({"albums": null}),
        "and the error tells it from nobody"
    );
    assert!(answer.paths().contains(&"homeScreen.sections.1.albums".to_owned()));
}

#[tokio::test]
async fn no_catalogue_no_screen_but_an_answer_all_the_same() {
    let world = world(1).await;
    world.catalog.get("/artists", |_| Reply::problem(500, "secret: /var/lib/catalog.db is locked"));
    let answer = world.mobile.query(SCREEN).await;
    assert_eq!((answer.status, answer.data("artistScreen")), (200, &Value::Null));
    assert!(!answer.text.contains("secret"), "{answer}");
}

#[tokio::test]
async fn a_phone_does_not_wait_for_a_service_that_hangs() {
    let world = world(1).await;
    let never = Gate::closed();
    world.activity.get("/play-counts", move |_| Reply::from(json!({"items": []})).after(&never));
    let answer = world.mobile.query(SCREEN).await;
    assert_eq!(
        answer.data("artistScreen.topTracks.0"),
        &json!({"title": "Track 1", "playCountLabel": null, "liked": null})
    );
    assert_eq!(answer.degraded(), ["default artistScreen.topTracks.0.playCountLabel"]);
}
