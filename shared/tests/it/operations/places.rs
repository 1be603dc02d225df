//! An execution that a write made old ends without taking anything from the one that took its place.

use super::world::{IN_FLIGHT, World, fresh, things};
use kit::{Gate, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

const DOCUMENT: &str = "{ things { name } }";

#[tokio::test]
async fn who_comes_when_the_old_one_is_over_joins_the_new_one() {
    let world = World::knowing(IN_FLIGHT, DOCUMENT, Value::Null).await;
    let (old, new, written) = (Gate::closed(), Gate::closed(), Arc::new(AtomicBool::new(false)));
    let (held_old, held_new, now) = (old.clone(), new.clone(), written.clone());
    world.shop.get("/things", move |call| {
        fresh(things(call)).after(if now.load(SeqCst) { &held_new } else { &held_old })
    });
    let before = world.ask(world.bff.query(DOCUMENT));
    world.shop.until_under_way("/things", 1).await;
    written.store(true, SeqCst);
    world.bff.query("mutation { rename(id: \"t1\", name: \"New\") }").await.ok();
    let after = world.ask(world.bff.query(DOCUMENT));
    world.shop.until_under_way("/things", 2).await;
    old.open();
    before.await.unwrap().ok();
    let joins = world.ask(world.bff.query(DOCUMENT));
    world.until_joined(1).await;
    new.open();
    after.await.unwrap().ok();
    joins.await.unwrap().ok();
    assert_eq!(world.shop.count("/things"), 2);
}
