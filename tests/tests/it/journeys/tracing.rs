//! One trace id, begun by the client, joins the log lines of a request: the BFF's and those of every service it asked.

use super::{
    house::{House, line, operation, trace},
    world::SERVICES,
};
use kit::json;

#[tokio::test]
async fn one_id_joins_the_logs_of_all() {
    let house = House::start().await;
    let (mobile, web) = (house.bff("mobile").await, house.bff("web").await);
    let mika = house.token("us-1").await;
    let (traceparent, id) = trace();

    let screen = mobile.query(&operation("mobile", "playlist_screen")).variables(json!({"id": "pl-1"}));
    let screen = screen.bearer(&mika).header("traceparent", &traceparent).await;
    screen.ok();
    assert_eq!(screen.header("x-trace-id"), Some(id.as_str()), "the caller may quote it");
    let screen = line(&mobile, &id).await;
    assert_eq!(screen["graphql.operation.name"], "PlaylistScreen");
    // The same trace goes on in the browser.
    let track = web.query(&operation("web", "TrackPage")).variables(json!({"path": "/tracks/tr-1"}));
    track.bearer(&mika).header("traceparent", &traceparent).await.ok();
    let page = line(&web, &id).await;

    let calls = [&screen, &page].map(|line| line["upstream.calls"].as_u64().unwrap());
    let mut logged = 0;
    for service in SERVICES {
        line(house.service(service), &id).await;
        let lines = house.service(service).log();
        logged += lines.iter().filter(|line| line["message"] == "request" && line["trace_id"] == *id).count();
    }
    assert_eq!(logged as u64, calls[0] + calls[1], "each call is one line of the service that answered it");
}

#[tokio::test]
async fn without_a_trace_one_begins_here() {
    let house = House::start().await;
    let partner = house.bff("partner").await;
    let answer =
        partner.query("{ charts(first: 1) { nodes { title } } }").header("traceparent", "nonsense").await;
    answer.ok();
    let id = answer.header("x-trace-id").unwrap();
    assert_eq!(id.len(), 32);
    assert_eq!(line(&partner, id).await["upstream.calls"], 1);
    line(house.service("catalog"), id).await;
}
