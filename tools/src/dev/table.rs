//! What is running and how to try it: one table, and one command to copy per BFF.

use std::fmt::Write;

use serde::Deserialize;

use super::{
    config::Configured,
    output::Output,
    ready::{client, get},
};

/// The demo user whose token the examples carry.
const PERSONA: &str = "us-1";
/// The plan of the partner whose key they carry where keys are taken.
const PLAN: &str = "pro";

pub(super) async fn print(services: &[Configured], output: &Output) {
    let width = services.iter().map(|service| service.name.len()).max().unwrap_or_default().max(7);
    let url_width = services.iter().map(|service| service.url().len()).max().unwrap_or_default();
    let mut text = String::new();
    let head = format!("  {:<width$}  {:<url_width$}  {}", "service", "URL", "explore");
    let _ = writeln!(text, "\n{}", output.bold(head.trim_end()));
    let (bffs, rest): (Vec<_>, Vec<_>) = services.iter().partition(|service| service.is_bff);
    for service in bffs.iter().chain(&rest) {
        let path = if service.is_bff { "graphiql" } else { "openapi.json" };
        let url = service.url();
        let _ = writeln!(text, "  {:<width$}  {url:<url_width$}  {url}/{path}", service.name);
    }
    for bff in bffs {
        let Some(query) = example(bff) else { continue };
        let token = if bff.takes_keys { key(bff).await } else { token(bff).await };
        let _ = writeln!(text, "\n  {}", output.bold(&format!("# {}", bff.name)));
        if token.is_none() && bff.issuer.is_some() {
            let _ = writeln!(text, "  # (the token provider gave no token: this asks anonymously)");
        }
        let _ = writeln!(text, "  {}", curl(&bff.url(), token.as_deref(), &query));
    }
    let _ = writeln!(text, "\n  Ctrl-C stops everything.\n");
    output.block(&text);
}

/// `services/<bff>/example.graphql` on one line.
fn example(bff: &Configured) -> Option<String> {
    let text = std::fs::read_to_string(bff.folder.join("example.graphql")).ok()?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    Some(lines.collect::<Vec<_>>().join(" "))
}

fn curl(url: &str, token: Option<&str>, query: &str) -> String {
    let authorization = token.map(|token| format!(" -H 'authorization: Bearer {token}'")).unwrap_or_default();
    let body = serde_json::json!({ "query": query }).to_string().replace('\'', r"'\''");
    format!("curl -s {url}/graphql -H 'content-type: application/json'{authorization} -d '{body}'")
}

/// The demo's key of a partner on the better plan, if the provider knows one.
async fn key(bff: &Configured) -> Option<String> {
    #[derive(Deserialize)]
    struct Told {
        key: String,
    }
    let url = format!("{}/dev/key?plan={PLAN}", bff.issuer.as_ref()?);
    let response = get(&client().ok()?, &url).await.ok()?.error_for_status().ok()?;
    let told: Told = serde_json::from_str(&response.text().await.ok()?).ok()?;
    Some(told.key)
}

/// A token of the development provider, if there is one and it works.
pub(crate) async fn token(bff: &Configured) -> Option<String> {
    #[derive(Deserialize)]
    struct Granted {
        access_token: String,
    }
    let url = format!("{}/dev/token?user={PERSONA}", bff.issuer.as_ref()?);
    let response = get(&client().ok()?, &url).await.ok()?.error_for_status().ok()?;
    let granted: Granted = serde_json::from_str(&response.text().await.ok()?).ok()?;
    Some(granted.access_token)
}
