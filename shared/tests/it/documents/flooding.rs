//! Documents that were prepared are kept, and no one client pushes out another's.

use async_graphql::{EmptyMutation, EmptySubscription, Object};
use bff::Bff;
use kit::{Running, Server};

struct Query;

#[Object]
impl Query {
    async fn echo(&self) -> i32 {
        1
    }
}

/// How many documents were prepared so far.
async fn prepared(bff: &Running) -> u64 {
    let metrics = bff.admin("/metrics").await.text;
    let count = metrics
        .lines()
        .find_map(|line| line.strip_prefix("graphql_documents_prepared_total{service=\"flooded\"} "));
    count.map_or(0, |count| count.parse().unwrap())
}

async fn ask(bff: &Running, client: &str, document: &str) {
    let answer = bff.query(document).header("x-forwarded-for", client).await;
    assert_eq!(answer.data("echo"), 1);
}

#[tokio::test]
async fn what_another_asks_for_now_and_then_stays_prepared_in_a_flood_of_one_client() {
    let bff = Bff::new("flooded", "").schema(Query, EmptyMutation, EmptySubscription);
    let server = Server::of(bff).settings(|settings| {
        settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
        settings.limits.document_bytes = 100_000;
    });
    let bff = server.start().await;
    let (polite, flooding) = ("203.0.113.7", "198.51.100.9");
    ask(&bff, polite, "{ echo } # now and then").await;
    assert_eq!(prepared(&bff).await, 1);
    let padding = "x".repeat(60_000);
    for n in 0..120 {
        // Insisting: more often than the polite one.
        for _ in 0..4 {
            ask(&bff, flooding, &format!("{{ echo }} # {n} {padding}")).await;
        }
        if n % 40 == 39 {
            let before = prepared(&bff).await;
            assert!(before > n, "the flood is prepared, too");
            ask(&bff, polite, "{ echo } # now and then").await;
            assert_eq!(prepared(&bff).await, before, "after {n}");
        }
    }
}
