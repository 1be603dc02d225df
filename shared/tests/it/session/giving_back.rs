//! At logout the provider is given the refresh token back (RFC 7009), and nobody waits for that.

use std::collections::HashMap;

use futures::future::join;
use kit::{Gate, Place, Reply, json};

use super::{
    browser::MARK,
    ending::is_over,
    provider::{CLIENT, LASTING, Provider, SECRET, form},
    renewal::spent,
    world::World,
};

/// Waits until the provider was given that many tokens back: what it was sent with each.
async fn given_back(provider: &Provider, times: usize) -> Vec<HashMap<String, String>> {
    provider.fake().until_called("/revoke", times).await;
    provider.fake().calls_of("/revoke").iter().map(form).collect()
}

#[tokio::test]
async fn logout_gives_the_refresh_token_back() {
    let world = World::start().await;
    let (browser, other) = (world.signed_in().await, world.signed_in().await);
    let before = world.provider.refresh_tokens();
    assert_eq!(browser.post("/auth/logout", &[MARK]).await.status, 200);
    let given = given_back(&world.provider, 1).await;
    assert_eq!(given[0]["token_type_hint"], "refresh_token");
    assert!(before.contains(&given[0]["token"]), "{given:?}");
    // The provider takes it from whom it was given to, and nobody else's goes with it.
    let gone = async {
        while world.provider.refresh_tokens().len() > 1 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(kit::PATIENCE, gone).await.unwrap();
    assert!(!world.provider.refresh_tokens().contains(&given[0]["token"]));
    assert!(other.is_signed_in().await);
}

#[tokio::test]
async fn logout_waits_for_no_provider() {
    let world = World::with(|settings| settings.auth.session.provider_timeout_ms = 60_000).await;
    let browser = world.signed_in().await;
    let thief = browser.thief();
    world.provider.fake().post("/revoke", |_| Reply::hang());
    let (answer, ()) =
        join(browser.post("/auth/logout", &[MARK]), world.provider.fake().until_under_way("/revoke", 1))
            .await;
    assert!(answer.status == 200 && answer.json()["endSessionUrl"].is_string(), "{}", answer.text);
    assert_eq!(world.provider.fake().under_way("/revoke"), 1, "it is answered before the provider has");
    is_over(&thief.query("{ me }").await);
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_not_asked_for_ever() {
    let world = World::with(|settings| settings.auth.session.provider_timeout_ms = 50).await;
    let browser = world.signed_in().await;
    world.provider.fake().post("/revoke", |_| Reply::hang());
    assert_eq!(browser.post("/auth/logout", &[MARK]).await.status, 200);
    world.provider.fake().until_abandoned("/revoke", 1).await;
}

#[tokio::test]
async fn a_secret_goes_into_the_form_where_the_provider_knows_no_other_way() {
    let world = World::start().await;
    let url = world.provider.url();
    world.provider.fake().get("/.well-known/openid-configuration", move |_| {
        json!({
            "issuer": url, "authorization_endpoint": format!("{url}/authorize"), "token_endpoint": format!("{url}/token"),
            "revocation_endpoint": format!("{url}/revoke"), "jwks_uri": format!("{url}/jwks.json"),
            "revocation_endpoint_auth_methods_supported": ["client_secret_post"],
            "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
        })
    });
    let browser = world.signed_in().await;
    assert_eq!(browser.post("/auth/logout", &[MARK]).await.status, 200);
    let given = given_back(&world.provider, 1).await;
    assert_eq!((given[0]["client_id"].as_str(), given[0]["client_secret"].as_str()), (CLIENT, SECRET));
}

#[tokio::test]
async fn a_token_that_comes_after_the_logout_is_given_back_too() {
    let world = spent().await;
    let browser = world.signed_in().await;
    let gate = Gate::closed();
    let tokens = json!({"access_token": "late", "token_type": "Bearer", "expires_in": LASTING, "refresh_token": "new"});
    world.provider.instead(Some(Reply::json(200, tokens).after(&gate)));
    let tab = browser.thief();
    let request = tokio::spawn(async move { tab.query("{ me }").await });
    world.provider.fake().until_under_way("/token", 1).await;
    assert_eq!(browser.post("/auth/logout", &[MARK]).await.status, 200);
    gate.open();
    is_over(&request.await.unwrap());
    let given = given_back(&world.provider, 2).await;
    assert!(given.iter().any(|form| form["token"] == "new"), "{given:?}");
}
