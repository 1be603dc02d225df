//! The `bff` command: what a developer types.

mod dev;

use std::process::ExitCode;

use clap::Parser;

/// Tools around the BFFs and their services
#[derive(Parser)]
#[command(name = "bff", version)]
enum Command {
    /// Start every service and BFF of this repository, with demo data, and watch over them
    Dev(dev::Args),
}

fn main() -> ExitCode {
    match Command::parse() {
        Command::Dev(args) => dev::run(args),
    }
}
