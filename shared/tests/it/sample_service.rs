//! The smallest service on the chassis, for tests that need a process: its output, its exit codes, its signals.

use std::process::ExitCode;

use axum::{Router, routing::get};
use bff::{
    app::{self, App, Signals},
    config, telemetry,
};
use clap::Parser;

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    config: config::Args,
}

#[tokio::main]
async fn main() -> ExitCode {
    let spec = config::Spec { service: "sample", toml: "listen = '127.0.0.1:0'\nadmin = '127.0.0.1:0'" };
    let (settings, ()) = match config::load(&spec, &Command::parse().config) {
        Ok(loaded) => loaded,
        Err(code) => return code,
    };
    telemetry::init(settings.log, &settings.service);
    let public = Router::new()
        .route("/things/{id}", get(async || ""))
        .route("/boom", get(boom))
        .route("/slow", get(slow));
    let signals = Signals::heard();
    match app::start(App::new(settings, public)).await {
        Ok(running) => {
            running.serve_until(signals).await;
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn boom() {
    panic!("a \"quoted\" reason");
}

/// Long enough to be under way when something else happens.
async fn slow() -> &'static str {
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    "done"
}
