//! Waiting until services answer that they are ready.

use std::time::{Duration, Instant};

use super::{Failure, config::Configured, output::Output};

const POLL: Duration = Duration::from_millis(20);
const GIVE_UP: Duration = Duration::from_secs(60);

/// Waits for all; says whom it waits for once that takes longer than a second.
pub(crate) async fn wait(services: &[&Configured], output: &Output) -> Result<(), Failure> {
    let client = client()?;
    let started = Instant::now();
    let mut last_said = started;
    let mut waiting: Vec<&Configured> = services.to_vec();
    loop {
        let mut still = Vec::new();
        let mut reasons = Vec::new();
        for service in waiting {
            if let Err(reason) = ask(&client, &service.health_url()).await {
                reasons.push(format!("{} ({reason})", service.name));
                still.push(service);
            }
        }
        if still.is_empty() {
            return Ok(());
        }
        waiting = still;
        let who = reasons.join(", ");
        if started.elapsed() > GIVE_UP {
            return Err(format!("not ready after {} s: {who}", GIVE_UP.as_secs()));
        }
        if last_said.elapsed() > Duration::from_secs(1) {
            last_said = Instant::now();
            output.say(&format!("waiting for {who}"));
        }
        tokio::time::sleep(POLL).await;
    }
}

async fn ask(client: &reqwest::Client, url: &str) -> Result<(), String> {
    let response = get(client, url).await.map_err(|_| "does not answer yet".to_owned())?;
    if response.status().is_success() {
        return Ok(());
    }
    let text = response.text().await.unwrap_or_default();
    Err(text.chars().take(200).collect())
}

pub(crate) fn client() -> Result<reqwest::Client, Failure> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a tool serves no requests whose deadline could be passed on"
    )]
    let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).no_proxy().build();
    client.map_err(|error| format!("the HTTP client does not start: {error}"))
}

pub(super) async fn get(client: &reqwest::Client, url: &str) -> Result<reqwest::Response, reqwest::Error> {
    #[expect(clippy::disallowed_methods, reason = "see `client`")]
    client.get(url).send().await
}
