//! Demo data on the first start: generated once, imported once by each service it belongs to.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use tokio::sync::mpsc;

use super::{Args, Failure, config::Configured, output::Output, process::Process};

/// Where generated and stored data live; ignored by git. Deleting it is a fresh start.
const RUN: &str = ".run";

/// The file that says that what is beside it is complete, and of what scale.
const COMPLETE: &str = "complete";

/// Imports `.run/demo/<service>/*.jsonl` into every service that has some and has not imported it yet.
pub(super) async fn seed(args: &Args, services: &[Configured], output: &Output) -> Result<(), Failure> {
    let Some(first) = services.first() else { return Ok(()) };
    let run = first.root.join(RUN);
    let demo = run.join("demo");
    let unseeded: Vec<&Configured> =
        services.iter().filter(|service| !service.is_bff && !marker(&run, service).exists()).collect();
    let kept = std::fs::read_to_string(demo.join(COMPLETE)).unwrap_or_default();
    if !kept.is_empty() && kept != args.scale.to_string() {
        output.say(&format!("demo data of about {kept} tracks is kept; delete {RUN} for another --scale"));
    }
    if unseeded.is_empty() {
        return Ok(());
    }
    std::fs::create_dir_all(&demo).map_err(|error| format!("{}: {error}", demo.display()))?;
    if !demo.join(COMPLETE).exists() {
        generate(args, &demo, output).await?;
    }
    let started = Instant::now();
    let imports = unseeded.iter().map(|service| import(service, &run, &demo, output));
    futures::future::try_join_all(imports).await?;
    output.say(&format!("demo data imported in {:.1} s", started.elapsed().as_secs_f64()));
    Ok(())
}

/// Written after a service's import has succeeded as a whole.
fn marker(run: &Path, service: &Configured) -> PathBuf {
    run.join(format!("{}.seeded", service.name))
}

/// In a process of its own, so that Ctrl-C ends it like everything else.
async fn generate(args: &Args, demo: &Path, output: &Output) -> Result<(), Failure> {
    output.say(&format!("first start: generating demo data, about {} tracks", args.scale));
    let started = Instant::now();
    let this =
        std::env::current_exe().map_err(|error| format!("cannot tell where this program is: {error}"))?;
    let mut command = tokio::process::Command::new(this);
    command.arg("demo").arg("--out").arg(demo).arg("--scale").arg(args.scale.to_string()).kill_on_drop(true);
    let status =
        command.status().await.map_err(|error| format!("the demo generator does not start: {error}"))?;
    if !status.success() {
        return Err(format!("the demo generator failed ({status})"));
    }
    let complete = demo.join(COMPLETE);
    std::fs::write(&complete, args.scale.to_string())
        .map_err(|error| format!("{}: {error}", complete.display()))?;
    output.say(&format!("demo data generated in {:.1} s", started.elapsed().as_secs_f64()));
    Ok(())
}

/// Imports `demo`'s files of this service, and notes it in `run`.
pub(crate) async fn import(
    service: &Configured,
    run: &Path,
    demo: &Path,
    output: &Output,
) -> Result<(), Failure> {
    let entries = std::fs::read_dir(demo.join(&service.name)).into_iter().flatten().flatten();
    // Files are numbered in the order in which they must be imported.
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
        .collect();
    files.sort();
    if !files.is_empty() {
        let mut arguments = vec!["import".to_owned()];
        arguments.extend(files.iter().map(|file| file.display().to_string()));
        let (exits, mut exited) = mpsc::unbounded_channel();
        let _process = Process::start(service, &arguments, output, exits)?;
        match exited.recv().await {
            Some(exit) if exit.succeeded() => {}
            Some(exit) => return Err(format!("the import of demo data failed: {}", exit.explained().await)),
            None => return Err(format!("the import of {} was lost", service.name)),
        }
    }
    write_marker(&marker(run, service))
}

fn write_marker(path: &Path) -> Result<(), Failure> {
    std::fs::write(path, "").map_err(|error| format!("{}: {error}", path.display()))
}
