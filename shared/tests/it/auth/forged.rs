//! Tokens that somebody else made, or that say something else than they must.

use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::AlgorithmParameters};
use kit::{Fake, Place, Value, json};

use super::world::{
    Provider, SIGNED_IN, ask, ask_as, encoded, expired, header, jwk, now, refused, server, sign,
};
use crate::client::send;

/// A token that says of itself what a good one says, signed with a secret that everybody knows.
fn symmetric(provider: &Provider, number: u8, secret: &[u8]) -> String {
    let header = Header { alg: Algorithm::HS256, ..header(number) };
    jsonwebtoken::encode(&header, &provider.claims(), &EncodingKey::from_secret(secret)).unwrap()
}

#[tokio::test]
async fn what_the_provider_has_not_signed_is_refused() {
    let provider = Provider::start(&[0, 1]).await;
    let server = server(provider.settings()).await;
    let good = provider.token(1);
    let [head, body, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("{good}") };
    let others = encoded(&provider.claims_but("sub", json!("user-2")));
    let unsigned = |alg: &str| encoded(&json!({"alg": alg, "typ": "at+jwt", "kid": "key-1"}));
    let (none, nothing) = (unsigned("none"), unsigned("None"));
    let AlgorithmParameters::RSA(rsa) = jwk(0).algorithm else { panic!("not an RSA key") };
    let rsa_head = encoded(&json!({"alg": "RS256", "typ": "at+jwt", "kid": "key-1"}));
    let public = |number| serde_json::to_vec(&jwk(number)).unwrap();
    let named = |kid: &str| Header { kid: Some(kid.to_owned()), ..header(1) };
    for (what, token) in [
        ("alg=none", format!("{none}.{body}.")),
        ("alg=none, with a signature", format!("{none}.{body}.{signature}")),
        ("alg=None", format!("{nothing}.{body}.")),
        ("HMAC with the published key", symmetric(&provider, 1, &public(1))),
        ("HMAC with the published RSA key", symmetric(&provider, 0, &public(0))),
        ("HMAC with the modulus", symmetric(&provider, 0, rsa.n.as_bytes())),
        ("HMAC with nothing", symmetric(&provider, 1, b"")),
        ("the algorithm of another key", format!("{rsa_head}.{body}.{signature}")),
        ("another's key of the same name", sign(&header(1), &provider.claims(), 2)),
        ("a key that is not published", provider.token(9)),
        ("a good signature under no key's name", sign(&named("key-7"), &provider.claims(), 1)),
        ("a good signature under another key's name", sign(&named("key-0"), &provider.claims(), 1)),
        ("no key, where there are several", sign(&Header { kid: None, ..header(1) }, &provider.claims(), 1)),
        ("other claims below a signature", format!("{head}.{others}.{signature}")),
        ("no signature", format!("{head}.{body}.")),
        (
            "another's signature",
            format!("{head}.{body}.{}", provider.token(0).split('.').next_back().unwrap()),
        ),
        ("cut off", format!("{head}.{body}")),
        ("a part too many", format!("{good}.{signature}")),
        ("nonsense", "nonsense".to_owned()),
        ("too long", "x".repeat(9_000)),
    ] {
        refused(&ask(&server, &token).await, what);
    }
    assert_eq!(ask(&server, &good).await.text, SIGNED_IN);
}

#[tokio::test]
async fn keys_that_a_token_brings_along_are_not_looked_at() {
    let (provider, evil) = (Provider::start(&[1]).await, Fake::start().await);
    evil.get("/jwks.json", |_| json!({"keys": [jwk(2)]}));
    let server = server(provider.settings()).await;
    let place = || Some(format!("{}/jwks.json", evil.url()));
    for (what, header) in [
        ("jwk", Header { jwk: Some(jwk(2)), ..header(1) }),
        ("jwk under its own name", Header { jwk: Some(jwk(2)), ..header(2) }),
        ("x5c", Header { x5c: Some(vec!["MIIB".to_owned()]), ..header(1) }),
    ] {
        refused(&ask(&server, &sign(&header, &provider.claims(), 2)).await, what);
    }
    for kid in ["key-1", "key-2", "../../jwks.json", "' OR 1=1 --"] {
        let kid = Some(kid.to_owned());
        let header = Header { kid, jku: place(), x5u: place(), ..header(1) };
        refused(&ask(&server, &sign(&header, &provider.claims(), 2)).await, "jku and x5u");
    }
    assert_eq!(evil.total(), 0, "nobody goes where a token points");
    // Some providers write it, and it is nothing to us.
    let header = Header { jku: place(), ..header(1) };
    assert_eq!(ask(&server, &sign(&header, &provider.claims(), 1)).await.text, SIGNED_IN);
    assert_eq!(evil.total(), 0);
}

#[tokio::test]
async fn what_a_token_calls_critical_must_be_understood() {
    let provider = Provider::start(&[1]).await;
    let server = server(provider.settings()).await;
    for crit in [vec!["b64".to_owned()], vec!["exp".to_owned()], Vec::new()] {
        let header = Header { crit: Some(crit.clone()), ..header(1) };
        refused(&ask(&server, &sign(&header, &provider.claims(), 1)).await, &format!("crit: {crit:?}"));
    }
}

#[tokio::test]
async fn what_a_token_says_must_be_right() {
    let provider = Provider::start(&[1]).await;
    let server = server(provider.settings()).await;
    for (claim, value) in [
        ("nbf", json!(now() + 600)),
        ("nbf", json!("tomorrow")),
        ("iss", json!("http://evil.example")),
        ("iss", json!(format!("{}/other", provider.issuer()))),
        ("iss", json!([provider.issuer(), "http://evil.example"])),
        ("iss", Value::Null),
        ("aud", json!("other")),
        ("aud", json!(["other", "bespoke.example"])),
        ("aud", json!([])),
        ("aud", Value::Null),
        ("sub", json!("")),
        ("sub", json!(" ")),
        ("sub", json!(7)),
        ("sub", Value::Null),
        ("exp", json!("never")),
        ("exp", Value::Null),
        // It is bound to a key that whoever holds it would have to show (RFC 9449).
        ("cnf", json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"})),
    ] {
        refused(&ask(&server, &provider.token_but(claim, value.clone())).await, &format!("{claim}: {value}"));
    }
}

#[tokio::test]
async fn only_of_a_token_that_was_good_is_it_told_that_it_has_expired() {
    let provider = Provider::start(&[1]).await;
    let server = server(provider.settings()).await;
    let past = json!(now() - 600);
    expired(&ask(&server, &provider.token_but("exp", past.clone())).await);
    expired(&ask(&server, &provider.token_but("exp", json!(0))).await);
    let mut others = provider.claims_but("exp", past.clone());
    others["aud"] = json!("other");
    refused(&ask(&server, &sign(&header(1), &others, 1)).await, "another's audience, expired");
    refused(&ask(&server, &sign(&header(1), &provider.claims_but("exp", past), 2)).await, "forged, expired");
}

#[tokio::test]
async fn what_is_no_bearer_token_is_refused() {
    let provider = Provider::start(&[1]).await;
    let server = server(provider.settings()).await;
    for header in ["Basic dTpw", "Bearer", "Bearer  ", "nonsense", ""] {
        refused(&ask_as(&server, header).await, header);
    }
    let good = format!("Bearer {}", provider.token(1));
    let twice = reqwest::Client::new().get(server.url()).header("authorization", &good);
    refused(&send(twice.header("authorization", &good)).await, "two at once");
}
