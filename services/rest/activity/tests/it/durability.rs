//! A process that is killed in the middle of counting loses no acknowledged play, and counts none twice.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::plays::play;
use kit::{Front, Person, Place as _, Process, json, text};

const PHONES: usize = 8;
const ENOUGH: usize = 60;
const PLAYS_PER_BATCH: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_kill_9_exactly_once() {
    let front = Front::start().await;
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("activity.db");
    let start = || {
        Process::of("activity")
            .set("database", &database.to_string_lossy())
            .trusts(Front::NAME, &front)
            .start()
    };
    let process = start().await;
    let token = front.token("activity", "us-1", json!({"scope": "activity"}));
    let person = |process: &Process| Person::new(process.url(), Some(token.clone()));
    let mika = person(&process);

    // Every batch that was begun, and whether its acknowledgement arrived.
    let batches: Mutex<BTreeMap<String, bool>> = Mutex::default();
    let acknowledged = AtomicUsize::new(0);
    let (enough, mut killed) = tokio::sync::watch::channel(());
    let phone = async |phone: usize| {
        for n in 0.. {
            let batch = format!("b{phone}-{n}");
            batches.lock().unwrap().insert(batch.clone(), false);
            let Ok(statuses) = send(&mika, &batch).await else { return };
            assert_eq!(statuses, ["accepted"; PLAYS_PER_BATCH]);
            batches.lock().unwrap().insert(batch, true);
            if acknowledged.fetch_add(1, Ordering::SeqCst) == ENOUGH {
                enough.send_replace(());
            }
        }
    };
    let kill = async {
        killed.changed().await.unwrap();
        process.kill().await;
    };
    futures::future::join(futures::future::join_all((0..PHONES).map(phone)), kill).await;

    let process = start().await;
    let mika = person(&process);
    let batches = batches.into_inner().unwrap();
    for (batch, acknowledged) in &batches {
        let statuses = send(&mika, batch).await.unwrap();
        assert!(
            statuses.iter().all(|status| status == &statuses[0]),
            "half of {batch} was kept: {statuses:?}"
        );
        assert!(!acknowledged || statuses[0] == "duplicate", "{batch} was acknowledged and lost");
    }
    let plays = mika.get("/play-counts?track_ids=tr-1").await.expect(200).column("plays");
    assert_eq!(plays, [(batches.len() * PLAYS_PER_BATCH).to_string()]);
}

async fn send(person: &Person, batch: &str) -> reqwest::Result<Vec<String>> {
    let reports: Vec<_> =
        (0..PLAYS_PER_BATCH).map(|n| play(&format!("{batch}-{n}"), "tr-1", "2026-09-30T10:00:00Z")).collect();
    let body = Some(json!({ "reports": reports }));
    let reply = person.try_send("POST", "/plays", &[], body).await?.expect(200);
    Ok(reply.body["results"].as_array().unwrap().iter().map(|result| text(&result["status"])).collect())
}
