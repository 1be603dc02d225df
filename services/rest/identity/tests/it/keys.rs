//! Partners' keys: shown once, found by their ids, replaced without a gap, taken back; and nobody's business but an
//! administrator's.

use bff::auth::key::{ApiKey, hex};
use bff::config::Secret;
use rest::Settings;
use serde_json::{Value, json};

use crate::world::{Person, Reply, World, reply, text};

const OPERATOR: &str = r#"{"type":"partner","id":"operator","name":"Operator","scope":"keys:manage","client_secret":"operator-secret","plan":"internal","created_at":"2026-01-01T00:00:00Z"}"#;

const KEYS: &str = "/partners/demo-partner/keys";

async fn administrator(world: &World) -> Person {
    assert!(world.import(OPERATOR).status.success());
    client(world, "operator").await
}

/// Whoever has this client's credentials.
async fn client(world: &World, id: &str) -> Person {
    let secret = format!("{id}-secret");
    let fields = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", &secret)];
    let granted = world.nobody().post("/token", &fields).await.expect(200);
    world.holder(Some(text(&granted.body["access_token"])))
}

async fn issued(administrator: &Person, wanted: Value) -> Reply {
    administrator.send("POST", KEYS, &[], Some(wanted)).await
}

async fn known(world: &World, id: &Value) -> Value {
    world.nobody().get(&format!("/keys?ids={}", text(id))).await.expect(200).body["items"][0].clone()
}

fn production(settings: &mut Settings<identity::Config>) {
    settings.common.profile = serde_json::from_value("production".into()).unwrap();
}

#[tokio::test]
async fn a_key_is_shown_once_and_only_its_digest_is_kept() {
    let world = World::start().await;
    let administrator = administrator(&world).await;
    let issued = issued(&administrator, json!({"name": "Nightly job"})).await.expect(201);
    assert_eq!(issued.header("cache-control"), "no-store");
    let whole = text(&issued.body["key"]);
    let key = ApiKey::read(&whole).expect("a key");
    assert_eq!(
        (key.id(), "catalog:read charts:read"),
        (&*text(&issued.body["id"]), &*text(&issued.body["scope"]))
    );

    let listed = administrator.get(KEYS).await.expect(200);
    assert_eq!((listed.items().len(), &listed.items()[0]["id"]), (1, &issued.body["id"]));
    let known = known(&world, &issued.body["id"]).await;
    assert_eq!(
        known,
        json!({"id": key.id(), "digest": hex(&key.digest()), "owner": "demo-partner", "plan": "basic",
            "scope": "catalog:read charts:read", "expires_at": null, "revoked": false})
    );
    let secret = &whole[key.id().len() + 1..];
    let mut kept = std::fs::read(world.database()).unwrap();
    kept.extend(std::fs::read(world.database().with_extension("db-wal")).unwrap_or_default());
    let holds = |text: &str| kept.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds(key.id()) && !holds(secret));
    assert!(![listed.body.to_string(), known.to_string()].iter().any(|told| told.contains(secret)));
}

#[tokio::test]
async fn nobody_but_an_administrator_manages_keys() {
    let world = World::start().await;
    let administrator = administrator(&world).await;
    let id = text(&issued(&administrator, json!({"name": "a"})).await.expect(201).body["id"]);
    let asked = [
        ("GET", KEYS.to_owned(), None),
        ("POST", KEYS.to_owned(), Some(json!({"name": "mine"}))),
        ("POST", format!("/keys/{id}/rotate"), Some(json!({}))),
        ("DELETE", format!("/keys/{id}"), None),
    ];
    for (method, path, body) in asked {
        for (person, status) in [
            (world.nobody(), 401),
            (world.holder(Some(world.access_token("us-1").await)), 403),
            // As a backend would vouch for somebody.
            (world.user("us-1"), 401),
            // Not even its own.
            (client(&world, "demo-partner").await, 403),
        ] {
            person.send(method, &path, &[], body.clone()).await.expect(status);
        }
    }
    let listed = administrator.get(KEYS).await.expect(200);
    assert_eq!((listed.items().len(), &listed.items()[0]["revoked_at"]), (1, &Value::Null));
}

#[tokio::test]
async fn a_key_has_no_more_scopes_than_its_owner_has_then_and_later() {
    let world = World::start().await;
    let administrator = administrator(&world).await;
    let refused =
        issued(&administrator, json!({"name": "a", "scope": "catalog:read library"})).await.expect(422);
    assert_eq!(refused.faults(), ["scope"]);
    let narrow = issued(&administrator, json!({"name": "a", "scope": "charts:read"})).await.expect(201);
    assert_eq!(narrow.body["scope"], "charts:read");
    let line = r#"{"type":"partner","id":"demo-partner","name":"Demo","scope":"catalog:read","client_secret":"demo-partner-secret","plan":"pro","created_at":"2026-01-01T00:00:00Z"}"#;
    assert!(world.import(line).status.success());
    let known = known(&world, &narrow.body["id"]).await;
    assert_eq!((&known["scope"], &known["plan"]), (&json!(""), &json!("pro")));
}

#[tokio::test]
async fn what_is_wanted_of_a_key_is_checked() {
    let world = World::start().await;
    let administrator = administrator(&world).await;
    for (wanted, field) in [
        (json!({"name": " "}), "name"),
        (json!({"name": "a\nb"}), "name"),
        (json!({"name": "a", "expires_in_s": -1}), "expires_in_s"),
        (json!({"name": "a", "expires_in_s": 10_000_000_000_i64}), "expires_in_s"),
    ] {
        assert_eq!(issued(&administrator, wanted.clone()).await.expect(422).faults(), [field], "{wanted}");
    }
    let nobody = administrator.send("POST", "/partners/nobody/keys", &[], Some(json!({"name": "a"}))).await;
    assert!(text(&nobody.expect(404).body["detail"]).contains("nobody"));
    for at in 0..50 {
        issued(&administrator, json!({"name": format!("{at}")})).await.expect(201);
    }
    issued(&administrator, json!({"name": "one more"})).await.expect(409);
}

#[tokio::test]
async fn a_rotated_key_stays_good_for_a_while_beside_the_new_one() {
    let world = World::start().await;
    let administrator = administrator(&world).await;
    let old = issued(&administrator, json!({"name": "job", "scope": "catalog:read"})).await.expect(201).body;
    let path = format!("/keys/{}/rotate", text(&old["id"]));
    let before = rest::Time::now();
    let new =
        administrator.send("POST", &path, &[], Some(json!({"overlap_s": 3_600}))).await.expect(201).body;
    assert_eq!(
        (&new["name"], &new["scope"], &new["expires_at"]),
        (&json!("job"), &json!("catalog:read"), &Value::Null)
    );
    assert_ne!((&new["id"], &new["key"]), (&old["id"], &old["key"]));
    let expires = |key: &Value| text(&key["expires_at"]).parse::<rest::Time>().unwrap();
    let first_end = expires(&known(&world, &old["id"]).await);
    assert!((first_end.as_ms() - before.as_ms() - 3_600_000) < 20_000, "{first_end}");
    assert_eq!(known(&world, &new["id"]).await["expires_at"], Value::Null);

    // A second rotation does not lengthen its life.
    administrator.send("POST", &path, &[], Some(json!({"overlap_s": 7_200}))).await.expect(201);
    assert_eq!(expires(&known(&world, &old["id"]).await), first_end);
    // And one that is over is not replaced.
    administrator.send("POST", &path, &[], Some(json!({"overlap_s": 0}))).await.expect(201);
    administrator.send("POST", &path, &[], Some(json!({}))).await.expect(409);
}

#[tokio::test]
async fn a_revoked_key_is_known_as_such_for_good() {
    let world = World::start().await;
    let administrator = administrator(&world).await;
    let id = issued(&administrator, json!({"name": "leaked"})).await.expect(201).body["id"].clone();
    let path = format!("/keys/{}", text(&id));
    administrator.send("DELETE", &path, &[], None).await.expect(204);
    let revoked = administrator.get(KEYS).await.expect(200).items()[0]["revoked_at"].clone();
    assert_eq!(known(&world, &id).await["revoked"], json!(true));
    // Again is no failure, and changes nothing.
    administrator.send("DELETE", &path, &[], None).await.expect(204);
    assert_eq!(administrator.get(KEYS).await.expect(200).items()[0]["revoked_at"], revoked);
    administrator.send("POST", &format!("{path}/rotate"), &[], Some(json!({}))).await.expect(409);
    administrator.send("DELETE", "/keys/bk_zzzzzzzz", &[], None).await.expect(404);
}

#[tokio::test]
async fn the_directory_is_for_backends() {
    const SECRET: &str = "a secret of the backends, long enough";
    let world = World::with(|settings| {
        production(settings);
        settings.config.key_directory_secret = Secret::new(SECRET);
    })
    .await;
    let ask = async |bearer: &str| {
        let request = world.nobody().request("GET", "/keys?ids=bk_zzzzzzzz").bearer_auth(bearer);
        reply(request).await.unwrap()
    };
    assert_eq!(ask(SECRET).await.expect(200).body, json!({"items": []}));
    ask("another").await.expect(401);
    ask("").await.expect(401);
    world.nobody().get("/keys?ids=bk_zzzzzzzz").await.expect(401);
    // Who forgot to configure it has no open door.
    World::with(production).await.nobody().get("/keys?ids=bk_zzzzzzzz").await.expect(403);
}

#[tokio::test]
async fn demo_keys_are_the_same_everywhere_and_nowhere_in_production() {
    let world = World::start().await;
    let demo = world.nobody().get("/dev/key?plan=basic").await.expect(200).body;
    assert_eq!((&demo["owner"], &demo["plan"]), (&json!("demo-partner"), &json!("basic")));
    assert_eq!(world.nobody().get("/dev/key?plan=basic").await.expect(200).body, demo);
    assert_eq!(World::start().await.nobody().get("/dev/key?plan=basic").await.expect(200).body, demo);
    world.nobody().get("/dev/key?plan=none").await.expect(404);
    let key = text(&demo["key"]);
    let key = ApiKey::read(&key).unwrap();
    assert!(key.is_of_the_demo());
    assert_eq!(known(&world, &json!(key.id())).await["digest"], hex(&key.digest()));

    World::with(production).await.nobody().get("/dev/key?plan=basic").await.expect(404);
    let mut settings = Settings::for_test(world.database().parent().unwrap());
    production(&mut settings);
    let keys = "https://backend.example/keys".parse().unwrap();
    settings.common.auth.trusted.insert("backend".to_owned(), keys);
    let refused = identity::service().start(settings).await.err().unwrap().to_string();
    assert!(refused.contains(key.id()) && refused.contains("database"), "{refused}");
}
