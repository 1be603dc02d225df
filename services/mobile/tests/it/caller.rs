//! Two people at once: neither sees what is the other's.

use crate::world::world;
use kit::json;

#[tokio::test]
async fn what_is_asked_for_one_is_never_told_another() {
    let world = world(1).await;
    world.library.get("/likes", |call| {
        let rows =
            if call.caller().as_deref() == Some("us-1") { json!([{"track_id": "tr-1"}]) } else { json!([]) };
        json!({"items": rows})
    });
    let query = r#"{ track(id: "tr-1") { liked } }"#;
    let (hers, anybodys) =
        tokio::join!(world.mobile.query(query).bearer(&world.token), world.mobile.query(query));
    assert_eq!(hers.ok()["track"]["liked"], true);
    assert_eq!(anybodys.ok()["track"]["liked"], json!(null));
    assert_eq!(world.library.total(), 1);
}

#[tokio::test]
async fn a_token_of_somebody_elses_making_is_refused() {
    let world = world(1).await;
    let stranger = kit::Issuer::start().await.token("us-1");
    let answer = world.mobile.query(r#"{ track(id: "tr-1") { liked } }"#).bearer(&stranger).await;
    assert_eq!(answer.status, 401);
    assert_eq!(world.calls(), [0; 4]);
}
