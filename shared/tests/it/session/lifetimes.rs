//! Sessions end by themselves: unused ones soon, used ones in the end.

use super::{
    browser::Browser,
    ending::{is_over, listening},
    world::World,
};

/// Waits until it is not signed in any more; asking keeps no session alive.
async fn until_over(browser: &Browser) {
    let over = async {
        while browser.thief().is_signed_in().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(kit::PATIENCE, over).await.unwrap();
}

#[tokio::test]
async fn an_unused_session_ends() {
    let world = World::with(|settings| settings.auth.session.idle_s = 1).await;
    let (idle, used) = (world.signed_in().await, world.signed_in().await);
    let mut socket = listening(&world.bff, &idle).await;
    let over = async {
        while idle.thief().is_signed_in().await {
            used.me().await;
        }
    };
    tokio::time::timeout(kit::PATIENCE, over).await.unwrap();
    assert!(used.me().await.is_string(), "whoever uses it stays");
    is_over(&idle.query("{ me }").await);
    // Listening is no use of it.
    assert_eq!(socket.closed().await.0, 4403);
}

#[tokio::test]
async fn a_session_ends_however_much_it_is_used() {
    let world = World::with(|settings| {
        settings.auth.session.idle_s = 1;
        settings.auth.session.absolute_s = 1;
    })
    .await;
    let browser = world.signed_in().await;
    let mut socket = listening(&world.bff, &browser).await;
    let over = async {
        while browser.thief().query("{ me }").await.status == 200 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(kit::PATIENCE, over).await.unwrap();
    is_over(&browser.query("{ me }").await);
    until_over(&browser).await;
    assert_eq!(socket.closed().await.0, 4403);
}
