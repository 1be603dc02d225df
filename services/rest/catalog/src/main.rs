//! The `catalog` service.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    rest::main(catalog::service()).await
}
