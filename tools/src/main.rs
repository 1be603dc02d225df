//! The `bff` command: what a developer types.

mod budgets;
mod demo;
mod dev;

use std::process::ExitCode;

use clap::Parser;

/// Tools around the BFFs and their services
#[derive(Parser)]
#[command(name = "bff", version)]
enum Command {
    /// Start every service and BFF of this repository, with demo data, and watch over them
    Dev(dev::Args),
    /// Hold what registered operations cost against their budgets
    Budgets(budgets::Args),
    /// Write the demo world as JSON Lines that the services import
    Demo(demo::Args),
}

fn main() -> ExitCode {
    match Command::parse() {
        Command::Dev(args) => dev::run(args),
        Command::Budgets(args) => budgets::run(args),
        Command::Demo(args) => demo(&args),
    }
}

fn demo(args: &demo::Args) -> ExitCode {
    match demo::run(args) {
        Ok(summary) => {
            println!("{}: {summary}", args.out.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
