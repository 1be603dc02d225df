//! Tokens end sooner than sessions: they are renewed in time, once, or the session ends.

use std::sync::atomic::Ordering::Relaxed;

use futures::future::join_all;
use kit::{Gate, Reply, json};

use super::{
    ending::is_over,
    provider::{LASTING, SPENT},
    world::World,
};

/// A world whose first access tokens are of no use by the first request.
pub async fn spent() -> World {
    let world = World::start().await;
    world.provider.state.first_lifetime.store(SPENT, Relaxed);
    world
}

#[tokio::test]
async fn many_tabs_renew_once_and_all_go_on() {
    let world = spent().await;
    let browser = world.signed_in().await;
    let answers = join_all((0..20).map(|_| browser.me())).await;
    assert!(answers.iter().all(|answer| answer == "us-1 on plan-2, notes: true"), "{answers:?}");
    assert_eq!(world.provider.refreshes(), 1);
    browser.me().await;
    assert_eq!(world.provider.refreshes(), 1);
}

#[tokio::test]
async fn a_tab_that_leaves_takes_no_new_token_with_it() {
    let world = spent().await;
    let browser = world.signed_in().await;
    let gate = Gate::closed();
    // A provider that rotates: the old token is of no use once this is answered, late.
    let tokens = json!({"access_token": "late", "token_type": "Bearer", "expires_in": LASTING, "refresh_token": "new"});
    world.provider.instead(Some(Reply::json(200, tokens).after(&gate)));
    let leaving = browser.thief();
    let request = tokio::spawn(async move { leaving.me().await });
    world.provider.fake().until_under_way("/token", 1).await;
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled());
    gate.open();
    assert!(browser.me().await.is_string());
    assert_eq!(world.provider.refreshes(), 1);
}

#[tokio::test]
async fn a_session_that_the_provider_does_not_stand_by_ends() {
    let world = spent().await;
    let browser = world.signed_in().await;
    let thief = browser.thief();
    world.provider.withdraw();
    is_over(&browser.query("{ me }").await);
    assert_eq!(browser.me().await, json!(null), "the cookie is gone: anonymous");
    is_over(&thief.query("{ me }").await);
    assert_eq!(world.provider.refreshes(), 1, "what has ended is not asked for again");
}

#[tokio::test]
async fn somebody_elses_tokens_end_it_too() {
    let world = spent().await;
    let browser = world.signed_in().await;
    world.provider.is("us-2");
    is_over(&browser.query("{ me }").await);
}

#[tokio::test]
async fn a_provider_in_trouble_ends_no_session() {
    let world = spent().await;
    let browser = world.signed_in().await;
    for trouble in [Reply::json(503, json!({})), Reply::json(400, json!({"error": "invalid_client"}))] {
        world.provider.instead(Some(trouble));
        let answer = browser.query("{ me }").await;
        assert_eq!((answer.status.as_u16(), answer.code()), (503, json!("AUTHENTICATION_UNAVAILABLE")));
    }
    assert!(browser.is_signed_in().await);
    // It is left alone for a while, and asked again.
    world.provider.instead(None);
    let back = async {
        while browser.query("{ me }").await.status != 200 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(kit::PATIENCE, back).await.unwrap();
}

#[tokio::test]
async fn logout_during_a_renewal_is_not_undone_by_it() {
    let world = spent().await;
    let browser = world.signed_in().await;
    let gate = Gate::closed();
    let tokens = json!({"access_token": "late", "token_type": "Bearer", "expires_in": LASTING, "refresh_token": "new"});
    world.provider.instead(Some(Reply::json(200, tokens).after(&gate)));
    let tab = browser.thief();
    let request = tokio::spawn(async move { tab.query("{ me }").await });
    world.provider.fake().until_under_way("/token", 1).await;
    let thief = browser.thief();
    assert_eq!(browser.post("/auth/logout", &[super::browser::MARK]).await.status, 200);
    gate.open();
    is_over(&request.await.unwrap());
    is_over(&thief.query("{ me }").await);
}
