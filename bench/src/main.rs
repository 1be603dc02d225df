//! The public posts-and-users benchmark: the servers compared, the REST service they ask, and the driver that measures.
//!
//! One binary, so that everything compared is built with the same flags by construction.

#![expect(clippy::disallowed_methods, reason = "what ours is compared with stands outside our walls")]

mod ceiling;
mod mock;
mod ours;
mod plain;
mod queries;
mod run;
mod seat;

#[cfg(test)]
mod tests;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures a small BFF against plain async-graphql and against a hand-written aggregator.
#[derive(Parser)]
#[command(name = "bench", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start everything, compare the answers, measure, print the table and the goals.
    Run(run::Args),
    /// The REST service that every server asks.
    Mock(seat::Args),
    /// A small BFF on `shared`.
    Ours(ServerArgs),
    /// async-graphql with its own DataLoader, as its documentation recommends.
    Plain(ServerArgs),
    /// A hand-written axum + reqwest aggregator: the ceiling.
    Ceiling(ServerArgs),
}

#[derive(clap::Args)]
struct ServerArgs {
    #[command(flatten)]
    seat: seat::Args,
    /// Where the REST service listens, e.g. `http://127.0.0.1:7100`.
    #[arg(long)]
    upstream: String,
}

fn main() -> ExitCode {
    let outcome =
        match Cli::parse().command {
            Command::Run(args) => return run::main(args),
            Command::Mock(seat) => {
                seat::take(seat, |listen| async move { mock::serve(seat::listen(listen).await?).await })
            }
            Command::Ours(ServerArgs { seat, upstream }) => {
                seat::take(seat, |listen| ours::serve(listen, upstream))
            }
            Command::Plain(ServerArgs { seat, upstream }) => {
                seat::take(
                    seat,
                    |listen| async move { plain::serve(seat::listen(listen).await?, upstream).await },
                )
            }
            Command::Ceiling(ServerArgs { seat, upstream }) => seat::take(seat, |listen| async move {
                ceiling::serve(seat::listen(listen).await?, upstream).await
            }),
        };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("bench: {problem}");
            ExitCode::FAILURE
        }
    }
}
