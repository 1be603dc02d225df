//! A track: labels in the user's language, and who likes it.

use crate::world::world;
use kit::{Value, json};

#[tokio::test]
async fn speaks_the_users_language() {
    let world = world(1).await;
    for (language, label) in
        [("en-GB, de;q=0.5", "1.2M"), ("de-CH", "1,2\u{a0}Mio."), ("ja", "123万"), ("", "1.2M")]
    {
        let query = world.mobile.query(r#"{ track(id: "tr-1") { playCountLabel } }"#);
        let answer = query.header("accept-language", language).await;
        assert_eq!(answer.ok()["track"]["playCountLabel"], label, "{language}");
    }
}

#[tokio::test]
async fn is_liked_or_not_by_whoever_holds_the_phone() {
    let world = world(2).await;
    let tracks = r#"{ one: track(id: "tr-1") { liked } two: track(id: "tr-2") { liked } }"#;

    let anonymous = world.mobile.query(tracks).await;
    assert_eq!(*anonymous.ok(), json!({"one": {"liked": null}, "two": {"liked": null}}));
    assert_eq!(world.library.total(), 0, "nobody in particular likes nothing");

    let answer = world.mobile.query(tracks).bearer(&world.token).await;
    assert_eq!(*answer.ok(), json!({"one": {"liked": true}, "two": {"liked": false}}));
    let [call] = &world.library.calls()[..] else { panic!("one call, not {:?}", world.library.urls()) };
    assert_eq!(call.url(), "/likes?track_ids=tr-1,tr-2&fields=track_id");
    assert_eq!(call.caller().as_deref(), Some("us-1"));
    assert_eq!(world.catalog.count("/tracks"), 2, "one batch for each of the two requests");
}

#[tokio::test]
async fn a_picture_has_one_of_few_widths() {
    let world = world(1).await;
    let answer = world
        .mobile
        .query(
            r#"{ track(id: "tr-1") {
                small: artwork(width: 48) dense: artwork(width: 48, dpr: 3) absurd: artwork(width: 99999, dpr: 9)
            } }"#,
        )
        .await;
    let width = |field: &str| {
        let url = answer.ok()["track"][field].as_str().unwrap();
        url.strip_prefix("http://127.0.0.1:7101/artwork/al-1?w=").map(str::to_owned)
    };
    assert_eq!(["small", "dense", "absurd"].map(|field| width(field).unwrap()), ["64", "256", "2048"]);
}

#[tokio::test]
async fn that_is_not_there_is_null() {
    let world = world(1).await;
    let answer = world.mobile.query(r#"{ track(id: "tr/../9") { liked } }"#).await;
    assert_eq!(answer.ok()["track"], Value::Null);
    assert_eq!(world.catalog.calls()[0].list("ids"), ["tr/../9"], "in its place, whatever it is");
}
