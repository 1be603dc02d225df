//! Changes of playlists arrive, in order, once each, also after a lost connection.

use serde_json::json;

use crate::playlists::create;
use crate::world::World;
use kit::Subscriber;

#[tokio::test]
async fn a_subscriber_hears_of_changes_and_resumes_where_it_left_off() {
    let world = World::start().await;
    let mika = world.user("us-1");
    let id = create(&mika, "Live", false, &[]).await;
    let other = create(&mika, "Other", false, &[]).await;
    let path = format!("/events?playlist_ids={id}");
    let append = |id: String| {
        let mika = mika.clone();
        async move {
            let body = Some(json!({ "track_ids": ["tr-1"] }));
            mika.send("POST", &format!("/playlists/{id}/entries"), &[], body).await.expect(200);
        }
    };
    let mut first = Subscriber::connect(&mika, &path, None).await;
    append(other.clone()).await;
    append(id.clone()).await;
    let heard = first.next().await;
    assert_eq!((heard.kind.as_str(), &heard.data), ("playlist", &json!({ "playlist_id": id, "version": 2 })));
    drop(first);
    append(id.clone()).await;
    append(id.clone()).await;
    let mut again = Subscriber::connect(&mika, &path, Some(&heard.id)).await;
    assert_eq!(again.next().await.data["version"], 3);
    assert_eq!(again.next().await.data["version"], 4);
    mika.send("DELETE", &format!("/playlists/{id}"), &[], None).await.expect(204);
    assert_eq!(again.next().await.data["version"], 5);
    let mut lost = Subscriber::connect(&mika, &format!("/events?playlist_ids={other}"), Some("987654")).await;
    assert_eq!(lost.next().await.kind, "reset");
}

#[tokio::test]
async fn a_refused_write_is_no_event() {
    let world = World::start().await;
    let mika = world.user("us-1");
    let id = create(&mika, "Quiet", false, &[]).await;
    let mut subscriber = Subscriber::connect(&mika, &format!("/events?playlist_ids={id}"), None).await;
    let path = format!("/playlists/{id}");
    mika.send("PATCH", &path, &[("if-match", "\"9\"")], Some(json!({ "title": "No" }))).await.expect(412);
    let key = [("if-match", "\"1\""), ("idempotency-key", "k")];
    mika.send("PATCH", &path, &key, Some(json!({ "title": "Yes" }))).await.expect(200);
    mika.send("PATCH", &path, &key, Some(json!({ "title": "Yes" }))).await.expect(200);
    mika.send("PATCH", &path, &[("if-match", "\"2\"")], Some(json!({ "title": "Last" }))).await.expect(200);
    assert_eq!(subscriber.next().await.data["version"], 2);
    assert_eq!(subscriber.next().await.data["version"], 3);
}

#[tokio::test]
async fn only_what_may_be_read_may_be_watched() {
    let world = World::start().await;
    let mika = world.user("us-1");
    let secret = create(&mika, "Secret", false, &[]).await;
    let open = create(&mika, "Open", true, &[]).await;
    let other = world.user("us-2");
    other.get(&format!("/events?playlist_ids={open},{secret}")).await.expect(404);
    Subscriber::connect(&other, &format!("/events?playlist_ids={open}"), None).await;
}

#[tokio::test]
async fn who_follows_for_many_is_told_ids_and_nothing_else() {
    let world = World::start().await;
    let mika = world.user("us-1");
    let secret = create(&mika, "Secret", false, &[]).await;
    // Whether there is such a playlist is not told either.
    let path = format!("/events?playlist_ids={secret},pl-nowhere");
    let nobody = world.nobody().get(&path).await.expect(401);
    assert_eq!(nobody.header("www-authenticate"), "Bearer");
    let mut subscriber = Subscriber::connect(&world.service(), &path, None).await;
    mika.send("DELETE", &format!("/playlists/{secret}"), &[], None).await.expect(204);
    assert_eq!(subscriber.next().await.data, json!({ "playlist_id": secret, "version": 2 }));
}
