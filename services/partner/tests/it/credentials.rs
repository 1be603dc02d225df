//! Who asks and what that opens: fields that want a scope, by key and by token; everything else without either.

use super::world::catalogue;
use bff::auth::key::{self, ApiKey, hex};
use kit::{Fake, Issuer, Place, Running, Server, json};

const ASKED: &str = "{ tracks(first: 2) { nodes { title popularity exactPopularity } } }";

struct World {
    partner: Running,
    issuer: Issuer,
    directory: Fake,
    _catalogue: Fake,
}

impl World {
    async fn start() -> Self {
        let (catalogue, issuer, directory) = (catalogue(1).await, Issuer::start().await, Fake::start().await);
        let keys = format!("{}/keys", directory.url()).parse().expect("a URL");
        let server = Server::of(partner::bff()).upstream("catalog", &catalogue).issuer(&issuer);
        let partner = server.settings(|settings| settings.auth.keys.url = Some(keys)).start().await;
        Self { partner, issuer, directory, _catalogue: catalogue }
    }

    /// A key with these scopes, the only one that there is.
    fn key(&self, scope: &'static str) -> String {
        let key = key::generate();
        let read = ApiKey::read(&key).expect("a key");
        let row = json!({"id": read.id(), "digest": hex(&read.digest()), "owner": "acme", "plan": "basic", "scope": scope});
        self.directory.get("/keys", move |_| json!({"items": [row.clone()]}));
        key
    }

    /// A token as client credentials give it.
    fn token(&self, scope: &str) -> String {
        self.issuer.token_with("acme", json!({"client_id": "acme", "plan": "basic", "scope": scope}))
    }
}

#[tokio::test]
async fn a_field_that_wants_a_scope_is_answered_to_who_has_it() {
    let world = World::start().await;
    for credential in [world.key("catalog:read charts:read"), world.token("charts:read")] {
        let answer = world.partner.query(ASKED).bearer(&credential).await;
        let first = json!({"title": "Track 1.1.1", "popularity": 0, "exactPopularity": 0});
        assert_eq!(answer.ok()["tracks"]["nodes"][0], first);
    }
}

#[tokio::test]
async fn without_the_scope_it_is_null_and_the_rest_is_there() {
    let world = World::start().await;
    let credentials = [
        Some(world.key("catalog:read")),
        Some(world.token("catalog:read")),
        // A scope is a whole word.
        Some(world.token("charts:reading xcharts:read charts")),
        None,
    ];
    for credential in credentials {
        let query = world.partner.query(ASKED);
        let answer = match &credential {
            Some(credential) => query.bearer(credential).await,
            None => query.await,
        };
        assert_eq!(answer.status, 200);
        let first = json!({"title": "Track 1.1.1", "popularity": 0, "exactPopularity": null});
        assert_eq!(*answer.data("tracks.nodes.0"), first);
        assert_eq!(answer.codes(), ["FORBIDDEN"; 2]);
        assert_eq!(answer.paths(), ["tracks.nodes.0.exactPopularity", "tracks.nodes.1.exactPopularity"]);
        assert!(answer.messages()[0].contains("`charts:read`"), "{answer}");
    }
}

#[test]
fn the_schema_says_which_scope_a_field_wants() {
    let bff = partner::bff();
    let sdl = bff.sdl().unwrap();
    assert!(sdl.contains("directive @requiresScopes(scopes: [[String!]!]!) on FIELD_DEFINITION"), "{sdl}");
    let wanted = sdl.lines().filter(|line| line.contains("@requiresScopes(scopes: [[\"charts:read\"]])"));
    let fields: Vec<_> = wanted.map(|line| line.trim().split(':').next().unwrap()).collect();
    assert_eq!(fields, ["exactPopularity"; 3]);
}

#[tokio::test]
async fn what_an_operation_costs_and_what_is_left_is_told_in_the_answer() {
    let world = World::start().await;
    let key = world.key("catalog:read");
    let document =
        "{ rateLimit { plan limit remaining resetAt cost } tracks(first: 100) { nodes { title } } }";
    let answer = world.partner.query(document).bearer(&key).await;
    let told = &answer.ok()["rateLimit"];
    assert_eq!(
        (&told["plan"], &told["limit"], &told["cost"]),
        (&json!("basic"), &json!(100_000), &json!(102))
    );
    assert_eq!(told["remaining"], 100_000 - 102);
    let cost = &answer.json["extensions"]["cost"];
    // There are six tracks, in a connection, and the limit itself.
    assert_eq!((&cost["requested"], &cost["actual"]), (&json!(102), &json!(8)));
    assert_eq!(answer.header("ratelimit-limit"), Some("100000"));
    // Nobody in particular has a smaller one.
    let nobody = world.partner.query("{ rateLimit { plan limit } }").await;
    assert_eq!(nobody.ok()["rateLimit"], json!({"plan": "anonymous", "limit": 50_000}));
}
