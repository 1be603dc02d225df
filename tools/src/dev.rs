//! `bff dev`: finds the services, seeds them once, starts them, waits until they are ready, watches over them.

pub(crate) mod config;
pub(crate) mod discover;
mod moved;
pub(crate) mod output;
pub(crate) mod process;
pub(crate) mod ready;
pub(crate) mod seed;
pub(crate) mod table;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use config::Configured;
use output::Output;
use process::{Exit, Process};
use tokio::sync::mpsc;

/// What `bff dev` takes
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The repository; where `services/` is
    #[arg(long, value_name = "DIR", default_value = ".")]
    root: PathBuf,
    /// Where the binaries are; beside this one by default
    #[arg(long, value_name = "DIR")]
    bin: Option<PathBuf>,
    /// Set a key of one service, for example `--set mobile.listen=127.0.0.1:7011` (repeatable)
    #[arg(long, value_name = "SERVICE.KEY=VALUE")]
    set: Vec<String>,
    /// How many tracks the demo data has, on the first start
    #[arg(long, value_name = "TRACKS", default_value_t = 10_000)]
    scale: u32,
    /// Start with empty databases
    #[arg(long)]
    no_seed: bool,
}

impl Args {
    /// Those that find the services of this repository.
    pub(crate) fn of(root: PathBuf, bin: Option<PathBuf>) -> Self {
        Self { root, bin, set: Vec::new(), scale: 0, no_seed: true }
    }
}

/// How long services get to finish their requests before they are killed.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// Why there is nothing running. The text is for the terminal.
type Failure = String;

pub fn run(args: Args) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("bff dev: the asynchronous runtime does not start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(dev(args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nbff dev: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn dev(args: Args) -> Result<(), Failure> {
    let mut signals = Signals::new()?;
    let found = discover::services(&args)?;
    let output = Output::new(found.iter().map(|service| service.name.as_str()));
    let services = tokio::select! {
        services = prepare(&args, found, &output) => services?,
        () = signals.next() => return Ok(()),
    };
    let (exits, mut exited) = mpsc::unbounded_channel();
    let mut running = Vec::new();
    let outcome = tokio::select! {
        failure = start_and_watch(&services, &output, &mut running, exits, &mut exited) => Err(failure),
        () = signals.next() => Ok(()),
    };
    if outcome.is_ok() {
        output.say("stopping; Ctrl-C again to stop at once");
    }
    tokio::select! {
        () = stop(running, STOP_TIMEOUT) => {}
        // Dropping a process kills it.
        () = signals.next() => {}
    }
    outcome
}

/// Everything that has to be right before anything is started.
async fn prepare(
    args: &Args,
    found: Vec<discover::Service>,
    output: &Output,
) -> Result<Vec<Configured>, Failure> {
    let services = config::ask(found).await?;
    config::check_ports(&services)?;
    if !args.no_seed {
        seed::seed(args, &services, output).await?;
    }
    Ok(services)
}

/// Starts the services, and the BFFs when the services are ready; answers only when something fails.
async fn start_and_watch(
    services: &[Configured],
    output: &Output,
    running: &mut Vec<Process>,
    exits: mpsc::UnboundedSender<Exit>,
    exited: &mut mpsc::UnboundedReceiver<Exit>,
) -> Failure {
    for is_bff in [false, true] {
        let wave: Vec<&Configured> = services.iter().filter(|service| service.is_bff == is_bff).collect();
        for service in &wave {
            match Process::start(service, &[], output, exits.clone()) {
                Ok(process) => running.push(process),
                Err(failure) => return failure,
            }
        }
        tokio::select! {
            ready = ready::wait(&wave, output) => if let Err(failure) = ready { return failure },
            Some(exit) = exited.recv() => return exit.explained().await,
        }
    }
    table::print(services, output).await;
    match exited.recv().await {
        Some(exit) => exit.explained().await,
        None => "nothing is left running".to_owned(),
    }
}

/// Asks all to stop, the BFFs first, and kills whoever has not by the time-out.
pub(crate) async fn stop(running: Vec<Process>, timeout: Duration) {
    let (bffs, services): (Vec<_>, Vec<_>) = running.into_iter().partition(|process| process.is_bff);
    for wave in [bffs, services] {
        let stopping = wave.into_iter().map(|process| process.stop(timeout));
        futures::future::join_all(stopping).await;
    }
}

/// Ctrl-C and a supervisor's request to stop.
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| signal(kind).map_err(|error| format!("cannot listen for signals: {error}"));
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
