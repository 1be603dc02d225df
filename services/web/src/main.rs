//! The web clients' backend, as a program.

#[tokio::main]
async fn main() -> std::process::ExitCode {
    bff::serve(web::bff()).await
}
