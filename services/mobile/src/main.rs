//! The phone app's backend, as a program.

#[tokio::main]
async fn main() -> std::process::ExitCode {
    bff::serve(mobile::bff()).await
}
