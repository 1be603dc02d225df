//! The public posts-and-users benchmark: the servers compared, the REST service they ask, the driver that measures, the
//! soak, the attack and the idle subscribers.
//!
//! One binary, so that everything compared is built with the same flags by construction.

#![expect(clippy::disallowed_methods, reason = "what ours is compared with stands outside our walls")]

mod attack;
mod ceiling;
mod child;
mod fixed;
mod load;
mod mock;
mod ours;
mod plain;
mod queries;
mod run;
mod seat;
mod soak;
mod subscribers;

#[cfg(test)]
mod tests;

use clap::{Parser, Subcommand};
use std::{error::Error, path::PathBuf, process::ExitCode};

/// What went wrong, in words for whoever runs this.
type Fault = Box<dyn Error + Send + Sync>;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures a small BFF against plain async-graphql, a hand-written aggregator and Node's servers; soaks it; attacks it; subscribes to it.
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
    /// Minutes of mixed load with faults against our BFF: memory must stay flat, no task be left over.
    Soak(soak::Args),
    /// Attacks on our BFF, one after the other: a polite client must not notice, nor memory grow.
    Attack(attack::Args),
    /// Ten thousand idle subscribers on our BFF: what each takes, and one event for all of them.
    Subscribers(subscribers::Args),
    /// The REST service that every server asks.
    Mock {
        #[command(flatten)]
        seat: seat::Args,
        /// Lets every answer be kept for so many seconds.
        #[arg(long)]
        max_age: Option<u32>,
    },
    /// The same REST service in bad weather, for the soak.
    Faulty {
        #[command(flatten)]
        seat: seat::Args,
        /// What decides which calls fail, and how.
        #[arg(long)]
        seed: u64,
    },
    /// A small BFF on `shared`.
    Ours {
        #[command(flatten)]
        server: ServerArgs,
        /// Set one key of its configuration, such as `deadline_ms=800` (repeatable).
        #[arg(long, value_name = "SECTION.KEY=VALUE")]
        set: Vec<String>,
    },
    /// async-graphql with its own DataLoader, as its documentation recommends.
    Plain(ServerArgs),
    /// A hand-written axum + reqwest aggregator: the ceiling.
    Ceiling(ServerArgs),
    /// A handler that answers everything with the bytes of Q1's answer: the limit.
    Static(ServerArgs),
    /// A peer on Node, seated like the others.
    Node {
        #[command(flatten)]
        server: ServerArgs,
        /// The peer's file, such as `bench/peers/yoga.js`.
        script: PathBuf,
    },
}

#[derive(clap::Args)]
struct ServerArgs {
    #[command(flatten)]
    seat: seat::Args,
    /// Where the REST service listens, e.g. `http://127.0.0.1:7100`.
    #[arg(long)]
    upstream: String,
}

/// Runs what says whether all holds: exits 0 when it does, 1 when it does not, 2 when it could not be run.
fn held(threads: usize, run: impl Future<Output = Result<bool, Fault>>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    match runtime.map_err(Fault::from).and_then(|runtime| runtime.block_on(run)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(problem) => {
            eprintln!("bench: {problem}");
            ExitCode::from(2)
        }
    }
}

fn main() -> ExitCode {
    let outcome =
        match Cli::parse().command {
            Command::Run(args) => return run::main(args),
            Command::Soak(args) => return soak::main(args),
            Command::Attack(args) => return attack::main(args),
            Command::Subscribers(args) => return subscribers::main(args),
            Command::Mock { seat, max_age } => seat::take(seat, move |listen| async move {
                mock::serve(seat::listen(listen).await?, max_age).await
            }),
            Command::Faulty { seat, seed } => seat::take(seat, move |listen| async move {
                soak::faulty::serve(seat::listen(listen).await?, seed).await
            }),
            Command::Ours { server: ServerArgs { seat, upstream }, set } => {
                seat::take(seat, |listen| ours::serve(listen, upstream, set))
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
            Command::Static(ServerArgs { seat, upstream }) => {
                seat::take(
                    seat,
                    |listen| async move { fixed::serve(seat::listen(listen).await?, upstream).await },
                )
            }
            Command::Node { server: ServerArgs { seat, upstream }, script } => {
                seat::become_node(&seat, &script, &upstream)
            }
        };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("bench: {problem}");
            ExitCode::FAILURE
        }
    }
}
