//! Versions of applications: served, about to end, ended.

use super::world::World;
use bff::config::{self, ClientSettings, Settings, Spec};
use kit::{Query, json};

const URL: &str = "https://app.example/update";

/// Below 2 it is over; below 3 it is deprecated.
fn ios(settings: &mut Settings, sunset: Option<&str>) {
    let ios = ClientSettings {
        min: Some("2.0".to_owned()),
        deprecated: Some("3".to_owned()),
        sunset: sunset.map(str::to_owned),
        upgrade_url: Some(URL.parse().unwrap()),
    };
    settings.clients.insert("ios".to_owned(), ios);
}

async fn world(sunset: Option<&'static str>) -> World {
    World::with(|server| server.settings(|settings| ios(settings, sunset))).await
}

fn echo(world: &World, version: &str) -> Query {
    let query = world.bff.query("{ echo(text: \"hello\") }");
    query.header("graphql-client-name", "ios").header("graphql-client-version", version)
}

#[tokio::test]
async fn a_version_that_has_ended_is_told_where_a_newer_one_is() {
    let world = world(None).await;
    for version in ["1.9.9", "v1", "0"] {
        let answer = echo(&world, version).await;
        assert_eq!((answer.status, answer.codes()), (426, vec!["CLIENT_VERSION_UNSUPPORTED"]), "{version}");
        assert!(answer.messages()[0].ends_with(URL), "{answer}");
        // However it asks, and whatever it takes.
        let got = echo(&world, version).by_get().await;
        assert_eq!((got.status, got.header("cache-control")), (426, Some("no-store")));
        assert_eq!(echo(&world, version).header("accept", "application/json").await.status, 426);
        assert_eq!(echo(&world, version).header("accept", "text/event-stream").await.status, 426);
    }
    let apollos = world.bff.query("{ echo(text: \"a\") }").header("apollographql-client-name", "ios");
    assert_eq!(apollos.header("apollographql-client-version", "1.0").await.status, 426);
    assert_eq!(world.ran(), 0);
}

#[tokio::test]
async fn a_version_that_is_about_to_end_is_told_so_in_every_answer() {
    let world = world(Some("2999-01-31")).await;
    let told = json!({
        "name": "ios", "version": "2.1", "status": "deprecated", "sunset": "2999-01-31", "upgradeUrl": URL,
    });
    let mut answers = vec![
        echo(&world, "2.1").await,
        echo(&world, "2.1").by_get().await,
        // What has extensions already, and what has none.
        world
            .bff
            .query("{ mustFail }")
            .header("graphql-client-name", "ios")
            .header("graphql-client-version", "2.1")
            .await,
    ];
    let refused = world.bff.query("{ nothing }").header("graphql-client-name", "ios");
    answers.push(refused.header("graphql-client-version", "2.1").await);
    for answer in &answers {
        assert_eq!(answer.json["extensions"]["client"], told, "{answer}");
        assert_eq!(answer.header("sunset"), Some("Thu, 31 Jan 2999 00:00:00 GMT"));
        let since = answer.header("deprecation").and_then(|since| since.strip_prefix('@')).unwrap();
        assert!(since.parse::<i64>().is_ok(), "{since}");
        assert_eq!(answer.header("link"), Some(format!("<{URL}>; rel=\"deprecation\"").as_str()));
    }
    assert_eq!(answers[0].data("echo"), "hello");
    assert_eq!(answers[1].header("cache-control"), Some("private, no-store"), "nobody else is told that");
    assert_eq!(answers[3].codes(), ["GRAPHQL_VALIDATION_FAILED"]);
}

#[tokio::test]
async fn after_its_date_a_deprecated_version_has_ended_and_a_current_one_has_not() {
    let world = world(Some("2020-02-29")).await;
    assert_eq!(echo(&world, "2.1").await.codes(), ["CLIENT_VERSION_UNSUPPORTED"]);
    assert_eq!(echo(&world, "3").await.data("echo"), "hello");
}

#[tokio::test]
async fn who_is_current_or_unknown_is_told_nothing() {
    let world = world(Some("2999-01-31")).await;
    for version in ["3.0.0", "10", "beta", "", "-1"] {
        let answer = echo(&world, version).await;
        assert_eq!(answer.data("echo"), "hello", "{version}");
        assert!(answer.header("deprecation").is_none() && answer.header("sunset").is_none());
        assert!(answer.json["extensions"].get("client").is_none());
    }
    let stranger = world.bff.query("{ echo(text: \"a\") }").header("graphql-client-name", "android");
    assert_eq!(stranger.header("graphql-client-version", "0.1").await.data("echo"), "a");
    assert_eq!(world.bff.query("{ echo(text: \"a\") }").await.data("echo"), "a");
}

#[tokio::test]
async fn a_socket_says_at_its_beginning_which_version_it_is() {
    let world = world(Some("2999-01-31")).await;
    let begun = async |version: &str| {
        let mut socket = world.bff.silent_socket().await;
        socket.init(json!({"graphql-client-name": "ios", "GraphQL-Client-Version": version})).await;
        socket
    };
    let acknowledged = begun("2.5").await.receive().await.unwrap();
    assert_eq!(acknowledged["payload"]["client"]["sunset"], "2999-01-31", "{acknowledged}");
    assert_eq!(begun("3").await.receive().await.unwrap(), json!({"type": "connection_ack"}));
    let (code, reason) = begun("1").await.closed().await;
    assert_eq!((code, reason.starts_with("CLIENT_VERSION_UNSUPPORTED: ")), (4400, true), "{reason}");
    let headers = [("graphql-client-name", "ios"), ("graphql-client-version", "1")];
    assert_eq!(world.bff.try_socket(&headers).await.err(), Some(426));
}

#[test]
fn what_is_configured_is_checked() {
    let toml = "[clients.ios]\nmin = 'four'\nsunset = 'soon'\n[clients.tv]\nmin = '3'\ndeprecated = '2'";
    let spec = Spec { service: "door", toml };
    let problems = config::resolve::<()>(&spec, &config::Args::default(), []).unwrap_err().to_string();
    for named in
        ["`clients.ios.min` is no version", "`clients.ios.sunset` is no date", "`clients.tv.min` is above"]
    {
        assert!(problems.contains(named), "{problems}");
    }
}
