//! The program: serves the partner API, or prints its schema.

#[tokio::main]
async fn main() -> std::process::ExitCode {
    bff::serve(partner::bff()).await
}
