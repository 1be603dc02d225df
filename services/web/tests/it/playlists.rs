//! Playlists and editing them: who was first wins, and the other is told.

use crate::world::{World, playlist};
use kit::{Answer, Call, Reply, Value, json};

#[tokio::test]
async fn entries_lead_to_tracks_and_whoever_put_them_there() {
    let world = World::start().await;
    let answer = world
        .web
        .query(
            r#"{ playlist(id: "pl-1") { title version viewerOwns path owner { displayName playlists { nodes { id } } }
                entries(first: 1) { nodes { id position track { title } addedBy { displayName } playlist { id } }
                    pageInfo { hasNextPage endCursor } } } }"#,
        )
        .bearer(&world.token("us-1"))
        .await;
    let playlist = &answer.ok()["playlist"];
    assert_eq!(playlist["viewerOwns"], true);
    assert_eq!(playlist["path"], "/playlists/pl-1/rainy-days");
    assert_eq!(playlist["owner"]["playlists"]["nodes"], json!([{"id": "pl-1"}, {"id": "pl-2"}]));
    assert_eq!(
        playlist["entries"],
        json!({
            "nodes": [{"id": "en-1", "position": 0, "track": {"title": "Track 1"}, "addedBy": {"displayName": "Aiko"},
                "playlist": {"id": "pl-1"}}],
            "pageInfo": {"hasNextPage": true, "endCursor": "c-en-1"},
        })
    );
}

const PAYLOAD: &str =
    "{ playlist { id version } error { __typename message ... on PlaylistConflict { seenVersion } } }";

async fn edit(world: &World, mutation: &str) -> Answer {
    world.web.query(&format!("mutation {{ it: {mutation} {PAYLOAD} }}")).bearer(&world.token("us-1")).await
}

fn written(world: &World) -> Call {
    let writes: Vec<_> = world.library.calls().into_iter().filter(|call| call.method != "GET").collect();
    assert_eq!(writes.len(), 1);
    writes[0].clone()
}

/// Every edit: the mutation, the write it makes, its body, the version it insists on.
fn edits() -> Vec<(&'static str, &'static str, &'static str, Value, Option<&'static str>)> {
    vec![
        (
            r#"createPlaylist(input: {idempotencyKey: "k", title: "New", trackIds: ["tr-1"]})"#,
            "POST",
            "/playlists",
            json!({"title": "New", "description": "", "public": false, "track_ids": ["tr-1"]}),
            None,
        ),
        (
            r#"renamePlaylist(input: {idempotencyKey: "k", playlistId: "pl-1", version: 7, title: "Sun"})"#,
            "PATCH",
            "/playlists/pl-1",
            json!({"title": "Sun"}),
            Some("\"7\""),
        ),
        (
            r#"addToPlaylist(input: {idempotencyKey: "k", playlistId: "pl-1", trackIds: ["tr-1", "tr-2"]})"#,
            "POST",
            "/playlists/pl-1/entries",
            json!({"track_ids": ["tr-1", "tr-2"]}),
            None,
        ),
        (
            r#"movePlaylistEntry(input: {idempotencyKey: "k", playlistId: "pl-1", version: 7, entryId: "en-2", position: 0})"#,
            "PATCH",
            "/playlists/pl-1/entries/en-2",
            json!({"position": 0}),
            Some("\"7\""),
        ),
        (
            r#"removePlaylistEntry(input: {idempotencyKey: "k", playlistId: "pl-1", version: 7, entryId: "en-2"})"#,
            "DELETE",
            "/playlists/pl-1/entries/en-2",
            json!(null),
            Some("\"7\""),
        ),
    ]
}

fn on_every_write(world: &World, reply: impl Fn() -> Reply + Clone + Send + Sync + 'static) {
    for path in
        ["/playlists", "/playlists/{id}", "/playlists/{id}/entries", "/playlists/{id}/entries/{entry}"]
    {
        for method in [http::Method::POST, http::Method::PATCH, http::Method::DELETE] {
            let reply = reply.clone();
            world.library.on(method, path, move |_| reply());
        }
    }
}

#[tokio::test]
async fn an_edit_is_one_write_with_key_and_version_and_the_playlist_is_read_anew() {
    for (mutation, method, path, body, version) in edits() {
        let world = World::start().await;
        on_every_write(&world, || playlist("pl-1", "us-1", true, 8).into());
        let answer = edit(&world, mutation).await;
        assert_eq!(
            answer.ok()["it"],
            json!({"playlist": {"id": "pl-1", "version": 7}, "error": null}),
            "{mutation}"
        );
        let write = written(&world);
        assert_eq!((write.method.as_str(), write.path.as_str()), (method, path));
        assert_eq!(write.json(), body, "{mutation}");
        assert_eq!(write.header("if-match"), version, "{mutation}");
        assert_eq!(write.header("idempotency-key"), Some("k"), "{mutation}");
        assert_eq!(write.caller().as_deref(), Some("us-1"), "{mutation}");
        assert_eq!(world.library.total(), 2, "the write, and reading what came of it");
    }
}

#[tokio::test]
async fn when_somebody_else_was_first_it_is_a_conflict_with_what_is_there_now() {
    for (mutation, .., version) in edits() {
        if version.is_none() {
            continue;
        }
        let world = World::start().await;
        on_every_write(&world, || Reply::problem(412, "the version is 9"));
        let answer = edit(&world, mutation).await;
        let it = &answer.ok()["it"];
        assert_eq!(it["error"]["__typename"], "PlaylistConflict", "{mutation}");
        assert_eq!(it["error"]["seenVersion"], 7);
        assert_eq!(it["playlist"], json!({"id": "pl-1", "version": 7}));
    }
}

#[tokio::test]
async fn what_cannot_be_is_a_value_with_its_reason() {
    let add = edits()[2].0;
    for (status, detail, kind) in [
        (404, "no playlist `pl-1`, or not one that you may read", "PlaylistNotFound"),
        (422, "`track_ids`: must list 1 to 100 tracks", "PlaylistInputRefused"),
        (409, "playlist `pl-1` has 10000 entries", "PlaylistInputRefused"),
    ] {
        let world = World::start().await;
        on_every_write(&world, move || Reply::problem(status, detail));
        let answer = edit(&world, add).await;
        let error = &answer.ok()["it"]["error"];
        assert_eq!((error["__typename"].as_str(), error["message"].as_str()), (Some(kind), Some(detail)));
    }
}

#[tokio::test]
async fn a_deleted_playlist_is_null_and_one_that_changed_meanwhile_stays() {
    let delete = r#"deletePlaylist(input: {idempotencyKey: "k", playlistId: "pl-1", version: 7})"#;
    let world = World::start().await;
    on_every_write(&world, || Reply::json(204, json!(null)));
    let answer = edit(&world, delete).await;
    assert_eq!(answer.ok()["it"], json!({"playlist": null, "error": null}));
    let write = written(&world);
    assert_eq!(write.header("if-match"), Some("\"7\""));
    assert_eq!(write.header("idempotency-key"), Some("k"));

    on_every_write(&world, || Reply::problem(412, "the version is 9"));
    let answer = edit(&world, delete).await;
    assert_eq!(answer.ok()["it"]["error"]["__typename"], "PlaylistConflict");
    assert_eq!(answer.data("it.playlist.version"), 7);
}

#[tokio::test]
async fn who_may_not_or_is_not_signed_in_is_told_so() {
    let world = World::start().await;
    for (mutation, ..) in edits() {
        let answer = world.web.query(&format!("mutation {{ it: {mutation} {PAYLOAD} }}")).await;
        assert_eq!(answer.codes(), ["UNAUTHENTICATED"], "{mutation}");
    }
    assert_eq!(world.library.total(), 0);
    on_every_write(&world, || Reply::problem(403, "playlist `pl-1` belongs to somebody else"));
    assert_eq!(edit(&world, edits()[1].0).await.codes(), ["FORBIDDEN"]);
}
