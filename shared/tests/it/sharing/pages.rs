//! A page of several requests has as much time as the most patient of them, and leaves when it is full.

use super::world::{HastyItem, ItemById, LONG, World, items, request, upstreams};
use bff::{Code, fanout::by_hand};
use futures::poll;
use kit::{Fake, Gate, Reply};
use std::{pin::pin, time::Duration};

/// One waits for its turn that has little time; another comes aboard, with the same question or with its own.
#[tokio::test]
async fn it_waits_and_asks_for_as_long_as_the_most_patient_who_is_aboard() {
    for boards in ["b", "c"] {
        let store = Fake::start().await;
        let gate = Gate::closed();
        let held = gate.clone();
        store.get("/items", move |call| {
            let reply = Reply::from(items(call));
            if call.list("ids")[0] == "a" { reply.after(&held) } else { reply }
        });
        let upstreams = upstreams(&store, 1);
        let [first, patient] = [(); 2].map(|()| request(&upstreams, LONG));
        let hasty = request(&upstreams, Duration::from_millis(200));
        let under_way = by_hand::load(&first, ItemById("a".into()));
        let waiting = async {
            store.until_under_way("/items", 1).await;
            let mut opens = pin!(by_hand::load(&hasty, ItemById("b".into())));
            assert!(poll!(opens.as_mut()).is_pending());
            let mut boards = pin!(by_hand::load(&patient, ItemById(boards.into())));
            assert!(poll!(boards.as_mut()).is_pending());
            let opened = opens.await.map(drop);
            gate.open();
            (opened, boards.await.map(|rows| rows.first().is_some()))
        };
        let (under_way, (opened, boarded)) = tokio::join!(under_way, waiting);
        under_way.unwrap();
        assert_eq!(opened.unwrap_err().code, Code::DeadlineExceeded);
        assert!(boarded.unwrap());
    }
}

/// Who joined a call made in less time than they have is not told that their own is over.
#[tokio::test]
async fn the_end_of_anothers_time_is_not_told_as_ones_own() {
    let store = Fake::start().await;
    store.get("/items", |_| Reply::hang());
    let upstreams = upstreams(&store, 4);
    let (hasty, patient) = (request(&upstreams, Duration::from_millis(300)), request(&upstreams, LONG));
    let (first, second) = tokio::join!(by_hand::load(&hasty, HastyItem("a".into())), async {
        store.until_under_way("/items", 1).await;
        by_hand::load(&patient, HastyItem("a".into())).await
    });
    assert_eq!(first.map(drop).unwrap_err().code, Code::DeadlineExceeded);
    assert_eq!(second.map(drop).unwrap_err().code, Code::UpstreamUnavailable);
    assert_eq!(store.total(), 1);
}

#[tokio::test]
async fn one_that_waits_and_is_filled_by_others_leaves_at_once() {
    let world = World::at_most(1).await;
    let (gate, mark) = (Gate::closed(), Gate::closed());
    let held = gate.clone();
    world.store.get("/items", move |call| Reply::from(items(call)).after(&held));
    let first = world.begin(1, "item(id: \"a\") { name }", &mark).await;
    world.store.until_under_way("/items", 1).await;
    let most: Vec<_> = (0..49).map(|n| format!("\"{n}\"")).collect();
    let second = world.begin(2, &format!("items(ids: [{}]) {{ name }}", most.join(",")), &mark).await;
    assert_eq!(world.store.count("/items"), 1);
    let third = world.begin(3, "item(id: \"last\") { name }", &mark).await;
    world.store.until_under_way("/items", 2).await;
    gate.open();
    mark.open();
    for request in [first, second, third] {
        request.answer().await.ok();
    }
    let sizes: Vec<_> = world.store.calls_of("/items").iter().map(|call| call.list("ids").len()).collect();
    assert_eq!(sizes, [1, 50]);
}
