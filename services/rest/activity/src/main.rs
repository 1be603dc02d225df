//! The activity service's process.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    rest::main(activity::service()).await
}
