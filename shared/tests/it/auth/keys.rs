//! How keys are found: once for everybody who waits, so often and no more for those who present unknown ones, and without
//! a failed request while they are rotated.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering::Relaxed};

use bff::config::AuthSettings;
use futures::future::join_all;
use http::StatusCode;
use jsonwebtoken::Header;
use kit::{Gate, Reply, json};
use tokio::sync::watch;

use super::world::{Provider, SIGNED_IN, ask, header, jwk, refused, server, sign};

/// Callers with a key each that nobody publishes.
const UNKNOWN: usize = 300;

fn unknown(provider: &Provider, number: usize) -> String {
    let kid = Some(format!("unknown-{number}"));
    sign(&Header { kid, ..header(9) }, &provider.claims(), 9)
}

#[tokio::test]
async fn who_comes_first_is_asked_for_once() {
    let provider = Provider::start(&[1]).await;
    let gate = Gate::closed();
    let answer = (gate.clone(), json!({"keys": [jwk(1)]}));
    provider.answers(move || Reply::json(200, answer.1.clone()).after(&answer.0));
    let server = server(provider.settings()).await;
    let token = provider.token(1);
    let crowd = join_all((0..50).map(|_| ask(&server, &token)));
    let opened = async {
        provider.being_asked().await;
        gate.open();
    };
    let (answers, ()) = tokio::join!(crowd, opened);
    assert!(answers.iter().all(|answer| answer.text == SIGNED_IN));
    assert_eq!(provider.fetches(), 1);
}

#[tokio::test]
async fn unknown_keys_cost_the_provider_five_answers_at_most() {
    for at_once in [true, false] {
        let provider = Provider::start(&[1]).await;
        let server = server(AuthSettings { keys_retry_s: 3_600, ..provider.settings() }).await;
        let tokens: Vec<_> = (0..UNKNOWN).map(|number| unknown(&provider, number)).collect();
        if at_once {
            let answers = join_all(tokens.iter().map(|token| ask(&server, token))).await;
            answers.iter().for_each(|answer| refused(answer, "an unknown key"));
        } else {
            for token in &tokens {
                refused(&ask(&server, token).await, "an unknown key");
            }
        }
        assert!(provider.fake.total() <= 5, "{} calls, at once: {at_once}", provider.fake.total());
        assert_eq!(ask(&server, &provider.token(1)).await.text, SIGNED_IN, "who has a good one is served");
    }
}

#[tokio::test]
async fn who_leaves_takes_no_fetch_along() {
    let provider = Provider::start(&[1]).await;
    let gate = Gate::closed();
    let server = server(AuthSettings { keys_retry_s: 3_600, ..provider.settings() }).await;
    assert_eq!(ask(&server, &provider.token(1)).await.text, SIGNED_IN);
    let answer = (gate.clone(), json!({"keys": [jwk(1), jwk(2)]}));
    provider.answers(move || Reply::json(200, answer.1.clone()).after(&answer.0));
    let token = provider.token(2);
    {
        // Gone as soon as the provider is asked on its behalf.
        let leaving = ask(&server, &token);
        tokio::select! {
            _ = leaving => panic!("nobody has answered"),
            () = provider.being_asked() => {}
        }
    }
    let staying = ask(&server, &token);
    let opened = async { gate.open() };
    let (answer, ()) = tokio::join!(staying, opened);
    assert_eq!(answer.text, SIGNED_IN);
    assert_eq!(provider.fetches(), 2, "what was asked for on behalf of the first served the second");
}

#[tokio::test]
async fn what_can_never_be_accepted_makes_nobody_look_for_its_key() {
    let provider = Provider::start(&[1]).await;
    let server = server(provider.settings()).await;
    assert_eq!(ask(&server, &provider.token(1)).await.text, SIGNED_IN);
    for header in [
        Header { typ: Some("JWT".to_owned()), ..header(9) },
        Header { crit: Some(vec!["b64".to_owned()]), ..header(9) },
    ] {
        refused(&ask(&server, &sign(&header, &provider.claims(), 9)).await, "not an access token");
    }
    assert_eq!(provider.fetches(), 1);
}

#[tokio::test]
async fn a_rotation_is_followed() {
    let provider = Provider::start(&[1]).await;
    let server = server(provider.settings()).await;
    let (old, new) = (provider.token(1), provider.token(2));
    assert_eq!(ask(&server, &old).await.status, StatusCode::OK);
    refused(&ask(&server, &new).await, "a key that is not published yet");
    provider.publishes(&[2]);
    assert_eq!(ask(&server, &new).await.text, SIGNED_IN);
    refused(&ask(&server, &old).await, "a token that was good, whose key has been withdrawn");
}

#[tokio::test]
async fn no_request_fails_while_keys_are_rotated() {
    let provider = Provider::start(&[1]).await;
    // As configured by default: callers may have the provider asked four times in a row.
    let server = server(AuthSettings { keys_retry_s: 5, ..provider.settings() }).await;
    let (newest, over, served) = (AtomicU8::new(1), AtomicBool::new(false), watch::Sender::new(0));
    let load = async || {
        while !over.load(Relaxed) {
            let number = newest.load(Relaxed);
            let answer = ask(&server, &provider.token(number)).await;
            assert_eq!(answer.text, SIGNED_IN, "key {number}");
            served.send_modify(|served| *served += 1);
        }
    };
    let rotation = async {
        let mut watched = served.subscribe();
        for number in 2..=4 {
            watched.wait_for(|served| *served >= usize::from(number) * 40).await.unwrap();
            // Nobody is told: the new key signs from now on, and tokens of the former are still about.
            provider.publishes(&[number - 1, number]);
            newest.store(number, Relaxed);
        }
        watched.wait_for(|served| *served >= 240).await.unwrap();
        over.store(true, Relaxed);
    };
    tokio::join!(join_all((0..8).map(|_| load())), rotation);
    assert_eq!(provider.fetches(), 4);
}

#[tokio::test]
async fn a_key_that_is_withdrawn_is_forgotten_though_no_unknown_one_comes() {
    let provider = Provider::start(&[1, 2]).await;
    let server = server(AuthSettings { keys_max_age_s: 1, ..provider.settings() }).await;
    let token = provider.token(1);
    assert_eq!(ask(&server, &token).await.text, SIGNED_IN);
    provider.publishes(&[2]);
    // The second may have begun before that; when the third begins, the second is over.
    provider.asked(3).await;
    refused(&ask(&server, &token).await, "withdrawn");
}
