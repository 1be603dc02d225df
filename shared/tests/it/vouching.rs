//! As whom upstreams are asked: told by short-lived tokens of our own, never by the client's credential.

use crate::executor::world::World;
use bff::config::Secret;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use kit::{Call, Fake, Issuer, Reply, Server, Value, json};

/// Checks a call's token by what the BFF publishes, as a service would, and returns its claims.
async fn checked(world: &World, call: &Call, audience: &str) -> Value {
    let published = world.bff.get("/.well-known/jwks.json").await;
    assert_eq!((published.status, published.header("cache-control")), (200, Some("public, max-age=60")));
    let keys: JwkSet = serde_json::from_value(published.json).unwrap();
    let token = call.bearer().unwrap();
    let header = jsonwebtoken::decode_header(token).unwrap();
    assert_eq!((header.alg, header.typ.as_deref()), (Algorithm::ES256, Some("internal+jwt")));
    let key = keys.find(&header.kid.unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&[audience]);
    validation.set_issuer(&["world"]);
    jsonwebtoken::decode::<Value>(token, &DecodingKey::from_jwk(key).unwrap(), &validation).unwrap().claims
}

/// Knows who `/me` is.
async fn world_with(change: impl FnOnce(Server) -> Server) -> World {
    let world = World::with(change).await;
    world.shop.get("/me", |_| json!({"id": "w1", "name": "Ada", "phone": "1"}));
    world
}

const MINE_AND_EVERYBODYS: &str = "{ me { name books { title } } }";

#[tokio::test]
async fn an_upstream_is_told_who_asks_by_a_token_that_is_for_it_alone() {
    let world = world_with(|server| server).await;
    let claims = json!({"scope": "read write", "plan": "premium", "client_id": "app"});
    let token = world.issuer.token_with("us-1", claims);
    world.bff.query(MINE_AND_EVERYBODYS).bearer(&token).await.ok();

    let calls = world.shop.calls();
    let [mine, everybodys] = &calls[..] else { panic!("{:?}", world.shop.urls()) };
    let mine = checked(&world, mine, "shop").await;
    for (claim, value) in [
        ("sub", json!("us-1")),
        ("scope", json!("read write")),
        ("plan", json!("premium")),
        ("client_id", json!("app")),
        ("service", Value::Null),
    ] {
        assert_eq!(mine[claim], value, "{claim}");
    }
    assert_eq!(mine["exp"].as_u64().unwrap() - mine["iat"].as_u64().unwrap(), 60);
    let everybodys = checked(&world, everybodys, "shop").await;
    assert_eq!((&everybodys["sub"], &everybodys["service"]), (&json!("world"), &json!(true)));
    assert_eq!((&everybodys["plan"], &everybodys["scope"]), (&Value::Null, &Value::Null));

    world.bff.query("{ writers { books { stock { copies } } } }").bearer(&token).await.ok();
    checked(&world, &world.stock.calls()[0], "stock").await;
}

#[tokio::test]
async fn nobody_is_not_the_service() {
    let world = world_with(|server| server).await;
    world.bff.query(MINE_AND_EVERYBODYS).await.ok();
    let calls = world.shop.calls();
    assert_eq!((calls[0].path.as_str(), calls[0].bearer()), ("/me", None));
    assert!(calls[1].service().is_some());
}

#[tokio::test]
async fn a_token_is_signed_once_for_each_caller_and_upstream() {
    let world = world_with(|server| server).await;
    let (one, two) = (world.issuer.token("us-1"), world.issuer.token("us-2"));
    for token in [&one, &two, &one, &one, &two] {
        world.bff.query(MINE_AND_EVERYBODYS).bearer(token).await.ok();
    }
    let tokens = |path: &str| {
        let calls = world.shop.calls_of(path);
        calls.iter().map(|call| call.bearer().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let mine = tokens("/me");
    assert!(mine[0] != mine[1] && mine[0] == mine[2] && mine[0] == mine[3] && mine[1] == mine[4]);
    let own = tokens("/books");
    assert!(own.iter().all(|token| *token == own[0] && !mine.contains(token)));
}

#[tokio::test]
async fn it_never_outlives_the_credential_that_it_stands_for() {
    let world = world_with(|server| server.settings(|settings| settings.auth.skew_s = 0)).await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let token = world.issuer.token_with("us-1", json!({"exp": now + 40}));
    world.bff.query("{ me { name } }").bearer(&token).await.ok();
    let exp = world.shop.calls()[0].claims()["exp"].as_u64().unwrap();
    assert!((now + 38..=now + 40).contains(&exp), "{exp}, not {}", now + 40);
}

/// No token lives long enough to be used twice: whoever sends one, signed it just then.
fn for_an_instant(server: Server) -> Server {
    server.settings(|settings| settings.auth.internal.lifetime_s = 0)
}

#[tokio::test]
async fn a_call_that_is_made_again_says_anew_who_asks() {
    let world = world_with(for_an_instant).await;
    let failed = std::sync::atomic::AtomicBool::new(false);
    world.shop.get("/me", move |_| match failed.swap(true, std::sync::atomic::Ordering::Relaxed) {
        false => Reply::problem(503, "not now"),
        true => json!({"id": "w1", "name": "Ada", "phone": "1"}).into(),
    });
    world.bff.query("{ me { name } }").bearer(&world.issuer.token("us-1")).await.ok();
    let calls = world.shop.calls();
    assert_eq!(calls.len(), 2);
    assert!(calls.iter().all(|call| call.caller().as_deref() == Some("us-1")));
    assert_ne!(calls[0].bearer(), calls[1].bearer());
}

#[tokio::test]
async fn a_stream_that_is_taken_up_again_says_anew_who_listens() {
    let world = world_with(for_an_instant).await;
    let events = world.shop.events("/events");
    let token = world.issuer.token("us-1");
    let document = "subscription { writerChanged(id: \"w1\") { version } }";
    let mut subscription = world.bff.subscribe(document, json!({}), Some(&token)).await;
    world.shop.until_under_way("/events", 1).await;
    events.send(Some("1"), &json!({"version": 1}));
    subscription.event().await.ok();
    events.break_off();
    world.shop.until_called("/events", 2).await;
    let calls = world.shop.calls_of("/events");
    assert!(calls.iter().all(|call| call.caller().as_deref() == Some("us-1")));
    assert_ne!(calls[0].bearer(), calls[1].bearer());
}

#[tokio::test]
async fn not_a_byte_of_a_clients_credential_reaches_an_upstream() {
    let world = world_with(|server| server).await;
    let elsewhere = Fake::start().await;
    let place = kit::Place::url(&elsewhere);
    world.stock.get("/stock/{id}", move |_| Reply::json(307, Value::Null).header("location", &place));
    world.shop.put("/writers/{id}", |_| Reply::json(204, Value::Null));
    let events = world.shop.events("/events");
    let token = world.issuer.token_with("us-1", json!({"marker": "client's own"}));

    for document in
        [MINE_AND_EVERYBODYS, "{ writers { books { stock { copies } } } }", "{ writers { email } }"]
    {
        world.bff.query(document).bearer(&token).await;
        world.bff.query(document).by_get().bearer(&token).await;
        world.bff.events(document, json!({}), Some(&token)).await.next().await;
    }
    let write =
        "mutation { rename(input: {id: \"w1\", name: \"A\", idempotencyKey: \"k\"}) { writer { name } } }";
    world.bff.query(write).bearer(&token).await.ok();
    let document = "subscription { writerChanged(id: \"w1\") { version writer { name } me { name } } }";
    let mut socket = world.bff.subscribe(document, json!({}), Some(&token)).await;
    world.shop.until_under_way("/events", 1).await;
    events.send(Some("1"), &json!({"version": 1}));
    socket.event().await.ok();

    let calls = [world.shop.calls(), world.stock.calls()].concat();
    assert!(calls.len() > 10 && calls.iter().any(|call| call.method == "PUT"));
    // Any part of it: the claims alone would tell who it is to whoever may not know.
    let parts = token.split('.').skip(1);
    for part in parts {
        for call in &calls {
            let sent = format!("{} {} {:?} {:?}", call.method, call.url(), call.body, call.headers);
            let values = call.headers.values().map(|value| value.to_str().unwrap()).collect::<Vec<_>>();
            assert!(!sent.contains(part) && !values.concat().contains(part), "{sent}");
        }
    }
    assert_eq!(elsewhere.total(), 0, "nobody is followed to where nobody configured anything");
}

#[tokio::test]
async fn the_first_of_several_keys_signs_and_all_are_published() {
    let keys = [kit::Front::stranger().await, kit::Front::stranger().await].map(|front| front.key());
    let both = keys.iter().map(Secret::expose).collect::<Vec<_>>().concat();
    let world =
        world_with(|server| server.settings(|settings| settings.auth.internal.key = Some(Secret::new(both))))
            .await;
    world.bff.query("{ writers { name } }").await.ok();
    let published = world.bff.get("/.well-known/jwks.json").await.json;
    let ids: Vec<_> =
        published["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 2);
    let call = &world.shop.calls()[0];
    assert_eq!(jsonwebtoken::decode_header(call.bearer().unwrap()).unwrap().kid.as_deref(), Some(ids[0]));
    checked(&world, call, "shop").await;
    assert!(!published.to_string().contains("\"d\""), "{published}");
}

#[tokio::test]
async fn production_does_not_start_without_a_key_if_callers_can_sign_in() {
    let (issuer, shop) = (Issuer::start().await, Fake::start().await);
    shop.get("/writers", |_| json!([]));
    let server = |issuer: Option<&Issuer>| {
        let server = Server::of(crate::executor::world::bff()).production();
        let server = server.upstream("shop", &shop).upstream("stock", &shop);
        let server = server.settings(|settings| settings.auth.internal.key = None);
        issuer.into_iter().fold(server, Server::issuer)
    };
    let refused = server(Some(&issuer)).try_start().await.err().unwrap();
    for part in ["auth.internal.key", "openssl genpkey", "WORLD__AUTH__INTERNAL__KEY__FILE"] {
        assert!(refused.contains(part), "{refused}");
    }
    let wrong = server(Some(&issuer))
        .settings(|settings| settings.auth.internal.key = Some(Secret::new("no key of mine")));
    let refused = wrong.try_start().await.err().unwrap();
    assert!(refused.contains("auth.internal.key") && !refused.contains("of mine"), "{refused}");

    // Where nobody can be anybody, there is nobody to vouch for.
    let bff = server(None).start().await;
    bff.query("{ writers { name } }").await.ok();
    assert_eq!(shop.calls()[0].bearer(), None);
    assert_eq!(bff.get("/.well-known/jwks.json").await.status, 404);
}

#[tokio::test]
async fn a_service_that_does_not_know_us_is_no_fault_of_the_callers() {
    let world = world_with(|server| server).await;
    world.shop.get("/writers", |_| Reply::problem(401, "who are you"));
    let answer = world.bff.query("{ writers { name } }").await;
    assert_eq!(answer.codes(), ["UPSTREAM_BAD_RESPONSE"]);
    world.shop.get("/me", |_| Reply::problem(401, "not any more"));
    let answer = world.bff.query("{ me { name } }").bearer(&world.issuer.token("us-1")).await;
    assert_eq!(answer.codes(), ["UNAUTHENTICATED"]);
}
