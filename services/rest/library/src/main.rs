//! The library service's process.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    rest::main(library::service()).await
}
