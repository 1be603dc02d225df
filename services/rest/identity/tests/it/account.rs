//! One's own account: for its owner only, changed by parts, with versions.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn an_account_is_its_owners() {
    let world = World::start().await;
    let mika = world.user("us-1").get("/me").await.expect(200);
    assert_eq!((&mika.body["plan"], &mika.body["locale"]), (&json!("premium"), &json!("ja-JP")));
    assert_eq!((&mika.body["email"], mika.header("etag")), (&json!("us-1@example.com"), "\"1\""));
    assert_eq!(mika.header("cache-control"), "private, no-store");
    let nobody = world.nobody().get("/me").await.expect(401);
    assert_eq!(nobody.header("www-authenticate"), "Bearer");
    world.holder(Some("rubbish".to_owned())).get("/me").await.expect(401);
    // The provider's own token is for those in front, not for the services behind them.
    let own = world.access_token("us-1").await;
    world.holder(Some(own)).get("/me").await.expect(401);
}

#[tokio::test]
async fn changes_are_partial_checked_and_versioned() {
    let world = World::start().await;
    let mika = world.user("us-1");
    let change = json!({ "display_name": " Mika ", "locale": "pt-BR", "public": false });
    let key = [("idempotency-key", "k1")];
    let changed = mika.send("PATCH", "/me", &key, Some(change.clone())).await.expect(200);
    assert_eq!((&changed.body["display_name"], &changed.body["country"]), (&json!("Mika"), &json!("JP")));
    assert_eq!(changed.header("etag"), "\"2\"");
    let again = mika.send("PATCH", "/me", &key, Some(change.clone())).await.expect(200);
    assert_eq!(again.body, changed.body);
    mika.send("PATCH", "/me", &[("if-match", "\"1\"")], Some(change)).await.expect(412);
    assert_eq!(world.nobody().get("/users?ids=us-1").await.items()[0]["bio"], json!(null));
    for (body, faults) in [
        (json!({ "display_name": "" }), vec!["display_name"]),
        (
            json!({ "display_name": "a\u{7}b", "country": "jp", "locale": "?", "bio": "x".repeat(501) }),
            vec!["display_name", "bio", "country", "locale"],
        ),
        (json!({ "public": "no" }), vec!["public"]),
    ] {
        assert_eq!(mika.send("PATCH", "/me", &[], Some(body)).await.expect(422).faults(), faults);
    }
    mika.send("PATCH", "/me", &[], Some(json!({ "plan": "family" }))).await.expect(422);
    assert_eq!(mika.get("/me").await.body["version"], 2);
}
