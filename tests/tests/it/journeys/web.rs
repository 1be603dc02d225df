//! The browser: a page by its path, a search narrowed down, a playlist that two tabs edit, a track watched live.

use super::house::{House, mutate, operation};
use kit::{Answer, Process, Value, json};

#[tokio::test]
async fn a_page_by_its_path_and_what_it_links_to() {
    let house = House::start().await;
    let web = house.bff("web").await;
    let page = async |path: &str| {
        let answer = web.query(&operation("web", "TrackPage")).variables(json!({"path": path})).await;
        answer.ok();
        answer
    };
    let track = page("/tracks/tr-1").await;
    let canonical = track.data("page.canonicalPath").as_str().unwrap();
    assert!(canonical.starts_with("/tracks/tr-1/"), "{track}");
    let title = track.data("page.thing.title").as_str().unwrap();
    assert!(track.data("page.title").as_str().unwrap().contains(title), "{track}");
    let comments = track.data("page.thing.comments.nodes").as_array().unwrap();
    assert!(comments.iter().all(|comment| comment["author"]["displayName"].is_string()), "{track}");
    // The canonical path and every other one lead to the same page; every link leads on.
    assert_eq!(page(canonical).await.ok(), track.ok());
    for link in ["page.thing.album.path", "page.thing.artist.path", "page.breadcrumbs.1.path"] {
        let path = track.data(link).as_str().unwrap();
        assert_eq!(page(path).await.data("page.canonicalPath"), path, "{link}");
    }
    assert_eq!(page("/tracks/nobody-knows-it").await.data("page"), &Value::Null);
}

#[tokio::test]
async fn a_search_is_narrowed_down_by_its_facets() {
    let house = House::start().await;
    let web = house.bff("web").await;
    let name = web.query("{ artist(id: \"ar-1\") { name } }").await.data("artist.name").clone();
    let search = async |filter: Value| {
        let variables = json!({"query": name, "filter": filter});
        let answer = web.query(&operation("web", "Search")).variables(variables).await;
        answer.ok();
        answer
    };
    let all = search(json!({})).await;
    assert_eq!(all.data("search.hits.edges.0.node.artist.name"), &name);
    let types = all.data("search.facets.types").as_array().unwrap();
    let counted: i64 = types.iter().map(|facet| facet["count"].as_i64().unwrap()).sum();
    assert_eq!(all.data("search.total"), counted);
    for facet in types {
        let narrowed = search(json!({"types": [facet["type"]]})).await;
        assert_eq!(narrowed.data("search.total"), &facet["count"], "{facet}");
    }
    for facet in all.data("search.facets.genres").as_array().unwrap() {
        let narrowed = search(json!({"genre": facet["genre"]["id"]})).await;
        assert_eq!(narrowed.data("search.total"), &facet["count"], "{facet}");
    }
}

#[tokio::test]
async fn the_second_of_two_tabs_is_told_of_the_first() {
    let house = House::start().await;
    let web = house.bff("web").await;
    let mika = house.token("us-1").await;
    let edit = async |root: &str, kind: &str, input: Value| {
        let selection = "playlist { id title version entries(first: 100) { nodes { id position track { id } } } } \
                         error { __typename message ... on PlaylistConflict { seenVersion } }";
        let answer = mutate(&web, &mika, root, kind, input, selection).await;
        answer.ok()[root].clone()
    };
    let made = json!({"idempotencyKey": "1", "title": "Tabs", "trackIds": ["tr-1", "tr-2", "tr-3"]});
    let made = edit("createPlaylist", "CreatePlaylistInput", made).await;
    let (id, seen) = (&made["playlist"]["id"], made["playlist"]["version"].as_i64().unwrap());
    let last = &made["playlist"]["entries"]["nodes"][2]["id"];

    let moved =
        json!({"idempotencyKey": "2", "playlistId": id, "version": seen, "entryId": last, "position": 0});
    let moved = edit("movePlaylistEntry", "MovePlaylistEntryInput", moved).await;
    assert_eq!((&moved["error"], tracks(&moved)), (&Value::Null, vec!["tr-3", "tr-1", "tr-2"]));

    // The other tab still shows how it was.
    let late = json!({"idempotencyKey": "3", "playlistId": id, "version": seen, "entryId": last});
    let refused = edit("removePlaylistEntry", "RemovePlaylistEntryInput", late).await;
    assert_eq!(
        (&refused["error"]["__typename"], &refused["error"]["seenVersion"]),
        (&json!("PlaylistConflict"), &json!(seen))
    );
    assert_eq!(refused["playlist"], moved["playlist"], "as the first tab left it");

    let now = &refused["playlist"]["version"];
    let again = json!({"idempotencyKey": "4", "playlistId": id, "version": now, "entryId": last});
    let removed = edit("removePlaylistEntry", "RemovePlaylistEntryInput", again.clone()).await;
    assert_eq!(tracks(&removed), ["tr-1", "tr-2"]);
    // The answer was lost: the same change sent again is not another one, although its version is an old one now.
    assert_eq!(edit("removePlaylistEntry", "RemovePlaylistEntryInput", again).await, removed);
    let positions: Vec<_> =
        entries(&removed).iter().map(|entry| entry["position"].as_i64().unwrap()).collect();
    assert_eq!(positions, [0, 1]);

    let stranger = house.token("us-2").await;
    let input = json!({"idempotencyKey": "5", "playlistId": id, "version": removed["playlist"]["version"], "title": "Mine"});
    let selection = "playlist { id } error { __typename }";
    let answer = mutate(&web, &stranger, "renamePlaylist", "RenamePlaylistInput", input, selection).await;
    assert_eq!(
        answer.ok(),
        &json!({"renamePlaylist": {"playlist": null, "error": {"__typename": "PlaylistNotFound"}}})
    );
}

fn entries(payload: &Value) -> &[Value] {
    payload["playlist"]["entries"]["nodes"].as_array().unwrap()
}

fn tracks(payload: &Value) -> Vec<&str> {
    entries(payload).iter().map(|entry| entry["track"]["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_track_is_watched_while_others_play_and_comment() {
    let house = House::start().await;
    let web = house.bff("web").await;
    let jonas = house.token("us-2").await;
    let playing = web.query("{ track(id: \"tr-1\") { playCount commentCount } }").await;
    let (plays, comments) = (count(&playing, "track.playCount"), count(&playing, "track.commentCount"));
    let mut page = web.subscribe(&operation("web", "TrackActivity"), json!({"id": "tr-1"}), None).await;
    house.listened_to("activity").await;

    let comment =
        json!({"idempotencyKey": "c-1", "trackId": "tr-1", "body": "Jetzt! <b>☂</b>", "atMs": 1_000});
    let added = web.query(&operation("web", "AddComment")).variables(json!({"comment": comment}));
    let added = added.bearer(&jonas).await;
    added.ok();
    assert_eq!(count(&added, "addComment.track.commentCount"), comments + 1);
    let id = added.data("addComment.comment.id").clone();
    let heard = page.event().await;
    assert_eq!(
        heard.ok()["trackActivity"]["comment"],
        json!({"body": "Jetzt! <b>☂</b>", "atMs": 1_000, "edited": false, "author": added.data("addComment.comment.author")})
    );
    assert_eq!(heard.data("trackActivity.commentId"), &id);

    play(&web, &jonas).await;
    let heard = page.event().await;
    assert_eq!(heard.data("trackActivity.__typename"), "TrackPlayed");
    assert_eq!(count(&heard, "trackActivity.playCount"), plays + 1);

    // Taken back: the page is told which one to remove.
    let back = json!({"idempotencyKey": "c-2", "commentId": id});
    mutate(&web, &jonas, "deleteComment", "DeleteCommentInput", back, "deletedId").await.ok();
    let heard = page.event().await;
    assert_eq!(
        (heard.data("trackActivity.commentId"), heard.data("trackActivity.comment")),
        (&id, &Value::Null)
    );
}

async fn play(web: &Process, token: &str) {
    let input = json!({"idempotencyKey": "p-1", "trackId": "tr-1", "playedAt": "2026-09-30T18:30:00Z", "msPlayed": 5_000});
    mutate(web, token, "reportPlay", "ReportPlayInput", input, "track { playCount }").await.ok();
}

fn count(answer: &Answer, path: &str) -> i64 {
    answer.data(path).as_i64().unwrap()
}
