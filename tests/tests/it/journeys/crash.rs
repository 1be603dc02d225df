//! Services killed in mid-write under a phone that tries again: nothing acknowledged is lost, nothing happens twice.

use super::house::{House, mutate, soon};
use futures::future::join_all;
use kit::{Process, Value, json};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

const WRITERS: usize = 6;
/// Acknowledged writes after which the service is killed.
const ENOUGH: usize = 30;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_playlist_keeps_every_track_that_was_acknowledged_and_none_twice() {
    let mut house = House::start().await;
    let mobile = house.bff("mobile").await;
    let mika = house.token("us-1").await;
    let input = json!({"idempotencyKey": "new", "title": "Safe"});
    let made =
        mutate(&mobile, &mika, "createPlaylist", "CreatePlaylistInput", input, "playlist { id }").await;
    let playlist = made.data("createPlaylist.playlist.id").clone();

    let add = async |track: &str| {
        let input = json!({"idempotencyKey": track, "playlistId": playlist, "trackIds": [track]});
        let answer =
            mutate(&mobile, &mika, "addToPlaylist", "AddToPlaylistInput", input, "playlist { id }").await;
        !answer.data("addToPlaylist").is_null()
    };
    let begun = until_killed(&mut house, "library", async |writer, n| {
        let track = format!("tr-{}", 1 + writer * 60 + n);
        let acknowledged = add(&track).await;
        (track, acknowledged)
    });
    let begun = begun.await;
    house.restart("library").await;

    let libraries = "{ libraryScreen { playlists(first: 1) { nodes { title } } } }";
    soon("the library is asked again", async || {
        mobile.query(libraries).bearer(&mika).await.errors().is_empty()
    })
    .await;
    let stored = tracks(&mobile, &mika, &playlist).await;
    for (track, acknowledged) in &begun {
        let times = stored.iter().filter(|stored| *stored == track).count();
        assert!(times == 1 || (times == 0 && !acknowledged), "{track}: {acknowledged}, {times} times");
    }
    // The phone does not know what arrived, and sends all of it again.
    for (track, _) in &begun {
        assert!(add(track).await, "{track}");
    }
    let mut stored = tracks(&mobile, &mika, &playlist).await;
    let mut expected: Vec<_> = begun.into_iter().map(|(track, _)| track).collect();
    stored.sort();
    expected.sort();
    assert_eq!(stored, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_play_counts_once_however_often_the_phone_had_to_report_it() {
    let mut house = House::start().await;
    let mobile = house.bff("mobile").await;
    let mika = house.token("us-1").await;
    let before = plays(&house).await;
    let report = async |key: &str, id: &str| {
        let at = "2026-09-30T18:30:00Z";
        let report = json!({"reportId": id, "trackId": "tr-1", "playedAt": at, "msPlayed": 40_000});
        let input = json!({"idempotencyKey": key, "reports": [report]});
        let answer =
            mutate(&mobile, &mika, "reportPlays", "ReportPlaysInput", input, "results { status }").await;
        !answer.data("reportPlays").is_null()
    };
    let begun = until_killed(&mut house, "activity", async |writer, n| {
        let id = format!("play-{writer}-{n}");
        let acknowledged = report(&id, &id).await;
        (id, acknowledged)
    });
    let begun = begun.await;
    house.restart("activity").await;

    let acknowledged = begun.iter().filter(|(_, acknowledged)| *acknowledged).count() as i64;
    let counted = plays(&house).await - before;
    assert!((acknowledged..=begun.len() as i64).contains(&counted), "{counted} of {acknowledged}");
    // In other batches than before: it is the report's id that counts.
    let (first, _) = &begun[0];
    soon("reports are taken again", async || report(&format!("{first}-again"), first).await).await;
    for (id, _) in &begun {
        assert!(report(&format!("{id}-again"), id).await, "{id}");
    }
    assert_eq!(plays(&house).await - before, begun.len() as i64);
}

/// Writers write until the service is killed under them; answers what each began, and whether it was acknowledged.
async fn until_killed(
    house: &mut House,
    service: &str,
    write: impl AsyncFn(usize, usize) -> (String, bool),
) -> Vec<(String, bool)> {
    let (acknowledged, dead) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (enough, mut reached) = tokio::sync::watch::channel(());
    let (write, acknowledged, dead) = (&write, &acknowledged, &dead);
    let enough = &enough;
    let writers = (0..WRITERS).map(|writer| async move {
        let mut begun = Vec::new();
        for n in 0.. {
            let (key, done) = write(writer, n).await;
            begun.push((key, done));
            if !done {
                assert!(dead.load(SeqCst), "{:?} failed while the service was alive", begun.last());
                break;
            }
            if acknowledged.fetch_add(1, SeqCst) + 1 == ENOUGH {
                enough.send_replace(());
            }
        }
        begun
    });
    let kill = async {
        reached.changed().await.unwrap();
        dead.store(true, SeqCst);
        house.kill(service).await;
    };
    let (begun, ()) = futures::future::join(join_all(writers), kill).await;
    begun.into_iter().flatten().collect()
}

async fn tracks(mobile: &Process, token: &str, playlist: &Value) -> Vec<String> {
    let document = "query($id: ID!, $after: String) {
        playlistScreen(id: $id) {
            items(first: 100, after: $after) { nodes { track { id } } pageInfo { hasNextPage endCursor } }
        }
    }";
    let (mut after, mut tracks) = (Value::Null, Vec::new());
    loop {
        let page =
            mobile.query(document).variables(json!({"id": playlist, "after": after})).bearer(token).await;
        let items = &page.ok()["playlistScreen"]["items"];
        let nodes = items["nodes"].as_array().unwrap();
        tracks.extend(nodes.iter().map(|node| node["track"]["id"].as_str().unwrap().to_owned()));
        if items["pageInfo"]["hasNextPage"] == false {
            return tracks;
        }
        after = items["pageInfo"]["endCursor"].clone();
    }
}

async fn plays(house: &House) -> i64 {
    let counts = house.service("activity").get("/play-counts?track_ids=tr-1").await;
    counts.json["items"][0]["plays"].as_i64().unwrap()
}
