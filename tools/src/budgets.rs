//! `bff budgets`: runs every registered operation against the real services, with few rows and with many, and holds what
//! it costs against `schema/<bff>/budgets.toml`. A fan-out that grows with rows, or beyond its budget, is a failure that
//! names the edge.
//!
//! What is compared is what an operation costs *at worst* (`callsAtWorst` of `extensions.fanout`): edges that ask the same
//! question share a call only if their rows happen to come at the same time, so the calls of one run are a matter of luck.
//! Those that were sent are counted once more by the services that got them: both accounts must agree.

mod compare;
mod file;
mod operations;
mod world;

use std::{fmt::Write, path::PathBuf, process::ExitCode};

use compare::{Budget, Cost, Verdict};
use file::File;
use operations::Operation;
use world::World;

/// What `bff budgets` takes
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The repository; where `services/` and `schema/` are
    #[arg(long, value_name = "DIR", default_value = ".")]
    root: PathBuf,
    /// Where the binaries are; beside this one by default
    #[arg(long, value_name = "DIR")]
    bin: Option<PathBuf>,
    /// Write what the operations cost now into the files, instead of comparing
    #[arg(long)]
    write: bool,
}

/// Why nothing can be said. The text is for the terminal.
type Failure = String;

pub fn run(args: Args) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("bff budgets: the asynchronous runtime does not start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(budgets(&args)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("bff budgets: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Tracks and users of the demo world: with few rows, and with many.
const SIZES: [(u32, u32); 2] = [(1_000, 20), (4_000, 100)];

/// An operation with what it cost in both worlds.
struct Measured {
    operation: Operation,
    few: Cost,
    many: Cost,
}

/// Whether all is within budget.
async fn budgets(args: &Args) -> Result<bool, Failure> {
    let operations = operations::registered(&args.root)?;
    let (counted, streams): (Vec<_>, Vec<_>) =
        operations.into_iter().partition(|operation| !operation.is_subscription);
    let files = file::read(&args.root, &counted)?;

    let [few, many] = SIZES;
    let (few, many) = futures::future::try_join(World::start(args, few), World::start(args, many)).await?;
    let mut measured = Vec::new();
    for operation in counted {
        let variables = files.iter().find(|file| file.bff == operation.bff);
        let variables =
            variables.map(|file| file.variables(&operation.name)).transpose()?.unwrap_or_default();
        let [small, large] = variables;
        let (small, large) =
            futures::future::try_join(few.ask(&operation, small), many.ask(&operation, large)).await?;
        measured.push(Measured { operation, few: small, many: large });
    }
    let (of_few, of_many) = futures::future::join(few.stop(), many.stop()).await;
    for Measured { few, many, .. } in &mut measured {
        few.served = of_few.get(&few.trace_id).copied().unwrap_or_default();
        many.served = of_many.get(&many.trace_id).copied().unwrap_or_default();
    }

    if args.write {
        for file in &files {
            let mut costs: Vec<(&str, Budget)> = Vec::new();
            for Measured { operation, few, many } in
                measured.iter().filter(|measured| measured.operation.bff == file.bff)
            {
                let budget = Budget::that_fits(few, many);
                match costs.last_mut() {
                    // In their order: those of one name share its budget.
                    Some((name, shared)) if *name == operation.name => *shared = shared.with(budget),
                    _ => costs.push((&operation.name, budget)),
                }
            }
            file.write(&costs)?;
            println!("{}", file.path.display());
        }
    }
    let files = if args.write { file::read_again(files)? } else { files };
    let (table, fine) = table(&measured, &streams, &files);
    print!("{table}");
    Ok(fine)
}

fn table(measured: &[Measured], streams: &[Operation], files: &[File]) -> (String, bool) {
    let names = measured.iter().map(|measured| &measured.operation).chain(streams);
    let (bffs, widest) = names.fold((0, 0), |(bffs, widest), operation| {
        (bffs.max(operation.bff.len()), widest.max(operation.name.len()))
    });
    let (mut text, mut fine) = (String::new(), true);
    for Measured { operation, few, many } in measured {
        let file = files.iter().find(|file| file.bff == operation.bff);
        let budget = file.and_then(|file| file.budgets.get(&operation.name));
        let Verdict { line, fine: is_fine, problems } = compare::judge(budget, few, many);
        fine &= is_fine;
        let _ = writeln!(text, "{:<bffs$}  {:<widest$}  {line}", operation.bff, operation.name);
        for problem in problems {
            let _ = writeln!(text, "{:bffs$}    {problem}", "");
        }
    }
    for Operation { bff, name, .. } in streams {
        let _ = writeln!(
            text,
            "{bff:<bffs$}  {name:<widest$}  a subscription: its BFF's own tests count an event's calls"
        );
    }
    for file in files {
        let known = |name: &str| {
            measured
                .iter()
                .any(|measured| measured.operation.bff == file.bff && measured.operation.name == name)
        };
        for name in file.budgets.keys().filter(|name| !known(name)) {
            fine = false;
            let _ = writeln!(
                text,
                "{:<bffs$}  {name:<widest$}  has a budget and is no operation: take its line out of {}",
                file.bff,
                file.path.display()
            );
        }
    }
    (text, fine)
}
