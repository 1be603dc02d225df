//! A process that is killed in the middle of writing loses nothing it has acknowledged, and does nothing twice.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use kit::{Front, Person, Place as _, Process, json};

const WRITERS: usize = 8;
const ENOUGH: usize = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_kill_9_exactly_once() {
    let front = Front::start().await;
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("library.db");
    let start = || {
        Process::of("library")
            .set("database", &database.to_string_lossy())
            .trusts(Front::NAME, &front)
            .start()
    };
    let process = start().await;
    let token = front.token("library", "us-1", json!({"scope": "library"}));
    let person = |process: &Process| Person::new(process.url(), Some(token.clone()));
    let mika = person(&process);
    let made = mika.send("POST", "/playlists", &[], Some(json!({ "title": "Safe" }))).await.expect(201);
    let path = format!("/playlists/{}/entries", made.body["id"].as_str().unwrap());

    // Every write that was begun, and whether its acknowledgement arrived.
    let writes: Mutex<BTreeMap<String, bool>> = Mutex::default();
    let acknowledged = AtomicUsize::new(0);
    let (enough, mut killed) = tokio::sync::watch::channel(());
    let writer = async |writer: usize| {
        for n in 0.. {
            let track = format!("tr-{writer}-{n}");
            writes.lock().unwrap().insert(track.clone(), false);
            let Ok(reply) = append(&mika, &path, &track).await else { return };
            assert_eq!(reply, 200);
            writes.lock().unwrap().insert(track, true);
            if acknowledged.fetch_add(1, Ordering::SeqCst) == ENOUGH {
                enough.send_replace(());
            }
        }
    };
    let kill = async {
        killed.changed().await.unwrap();
        process.kill().await;
    };
    futures::future::join(futures::future::join_all((0..WRITERS).map(writer)), kill).await;

    let process = start().await;
    let mika = person(&process);
    let writes = writes.into_inner().unwrap();
    let stored = entries(&mika, &path).await;
    for (track, acknowledged) in &writes {
        let count = stored.iter().filter(|stored| *stored == track).count();
        assert!(
            count == 1 || (count == 0 && !acknowledged),
            "{track}: acknowledged {acknowledged}, stored {count} times"
        );
    }
    // A careful caller sends everything again, not knowing what arrived.
    for track in writes.keys() {
        assert_eq!(append(&mika, &path, track).await.unwrap(), 200);
    }
    let mut stored = entries(&mika, &path).await;
    stored.sort();
    assert_eq!(stored, writes.into_keys().collect::<Vec<_>>());
}

async fn append(person: &Person, path: &str, track: &str) -> reqwest::Result<u16> {
    let body = Some(json!({ "track_ids": [track] }));
    person.try_send("POST", path, &[("idempotency-key", track)], body).await.map(|reply| reply.status)
}

async fn entries(person: &Person, path: &str) -> Vec<String> {
    let id = path.split('/').nth(2).unwrap();
    person.get(&format!("/playlist-entries?playlist_ids={id}&limit=500")).await.expect(200).column("track_id")
}
