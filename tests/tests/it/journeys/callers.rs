//! Wrong tokens, refused by every process.

use kit::{Front, Issuer, Process, json};

/// Tokens that a BFF must not accept, by what is wrong with them.
async fn wrong_tokens(issuer: &Issuer) -> Vec<(&'static str, String)> {
    let good = issuer.token("us-1");
    let [header, claims, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("{good}") };
    let other = issuer.token("us-2");
    let others_claims = other.split('.').nth(1).unwrap();
    let forger = Issuer::start().await;
    let unsigned = "eyJhbGciOiJub25lIiwia2lkIjoia2l0In0";
    vec![
        ("expired", issuer.token_with("us-1", json!({"exp": 1_700_000_000}))),
        ("for another audience", issuer.token_with("us-1", json!({"aud": "somebody-else"}))),
        ("for no audience", issuer.token_with("us-1", json!({"aud": null}))),
        ("of another issuer", issuer.token_with("us-1", json!({"iss": "https://issuer.example"}))),
        ("without an end", issuer.token_with("us-1", json!({"exp": null}))),
        ("not yet valid", issuer.token_with("us-1", json!({"nbf": 4_000_000_000_u64}))),
        // It says of itself all that a good one says, down to the key's name.
        ("forged", forger.token_with("us-1", json!({"iss": kit::Place::url(issuer)}))),
        ("with somebody else's claims", format!("{header}.{others_claims}.{signature}")),
        ("unsigned", format!("{unsigned}.{claims}.")),
        ("cut off", format!("{header}.{claims}")),
        ("nonsense", "nonsense".to_owned()),
    ]
}

/// The same of a REST service, which takes nothing but internal tokens for itself.
async fn wrong_internal_tokens(name: &str, front: &Front, issuer: &Issuer) -> Vec<(&'static str, String)> {
    let good = front.token(name, "us-1", json!({}));
    let [header, claims, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("{good}") };
    let others = front.token(name, "us-2", json!({}));
    let others_claims = others.split('.').nth(1).unwrap();
    let stranger = Front::stranger().await;
    let of_a_user = json!({"sub": "us-1", "scope": "library activity"});
    vec![
        (
            "of a user, as the provider gave it",
            issuer.token_with("us-1", json!({"scope": "library activity"})),
        ),
        ("of a user for this service", issuer.token_with("us-1", json!({"aud": name}))),
        ("for another service", front.token("another", "us-1", json!({}))),
        ("for all users of the provider", front.token("bespoke", "us-1", json!({}))),
        ("of somebody whom nobody trusts", front.token(name, "us-1", json!({"iss": "another"}))),
        ("forged", stranger.token(name, "us-1", json!({}))),
        ("expired", front.token(name, "us-1", json!({"exp": 1_700_000_000}))),
        ("without an end", front.token(name, "us-1", json!({"exp": null}))),
        ("not yet valid", front.token(name, "us-1", json!({"nbf": 4_000_000_000_u64}))),
        ("of another type", front.sign("at+jwt", name, of_a_user.clone())),
        ("of no type", front.sign("", name, of_a_user)),
        ("in another service's name", front.token(name, "mobile", json!({"service": true}))),
        ("with somebody else's claims", format!("{header}.{others_claims}.{signature}")),
        ("unsigned", format!("eyJhbGciOiJub25lIiwidHlwIjoiaW50ZXJuYWwrand0In0.{claims}.")),
        ("cut off", format!("{header}.{claims}")),
        ("nonsense", "nonsense".to_owned()),
    ]
}

#[tokio::test]
async fn wrong_tokens_are_refused_by_every_process() {
    let (issuer, front) = (Issuer::start().await, Front::start().await);
    let folder = tempfile::tempdir().unwrap();
    let mut servers = Vec::new();
    for (name, path) in [
        ("mobile", "/graphql?query={__typename}"),
        ("web", "/graphql?query={__typename}"),
        ("partner", "/graphql?query={__typename}"),
        ("catalog", "/genres"),
        ("identity", "/users?ids=us-1"),
        ("library", "/likes"),
        ("activity", "/me/recent"),
    ] {
        let spawn = Process::of(name);
        let spawn = if path.starts_with("/graphql") {
            spawn.issuer(&issuer)
        } else {
            let database = super::world::database(name, folder.path());
            // It is told of the provider, too: that makes no difference to whom it trusts.
            let spawn = if name == "identity" { spawn } else { spawn.issuer(&issuer) };
            spawn.set("database", &database).trusts(Front::NAME, &front)
        };
        servers.push((name, path, spawn.start().await));
    }
    for (name, path, server) in &servers {
        let ask = async |token: &str| {
            let request = server.request(http::Method::GET, path).bearer_auth(token);
            let request = request.header("graphql-require-preflight", "true");
            #[expect(clippy::disallowed_methods, reason = "a test is a client, not a BFF")]
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.headers().contains_key("www-authenticate"))
        };
        let scope = json!({"scope": "library activity"});
        let (good, wrong) = if path.starts_with("/graphql") {
            (issuer.token_with("us-1", scope), wrong_tokens(&issuer).await)
        } else {
            (front.token(name, "us-1", scope), wrong_internal_tokens(name, &front, &issuer).await)
        };
        assert_eq!(ask(&good).await.0, 200, "{name} takes a good token");
        for (wrong, token) in wrong {
            assert_eq!(ask(&token).await, (401, true), "{name}: a token {wrong}");
            if path.starts_with("/graphql") {
                let begun = server.socket(Some(&token)).await.receive().await.unwrap_or_default();
                assert_ne!(begun["type"], "connection_ack", "{name}: a socket, a token {wrong}");
            }
        }
        let lines = server.lines().join("\n");
        assert!(!lines.contains("eyJ"), "{name} logs no token:\n{lines}");
    }
}
