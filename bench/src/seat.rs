//! Where a measured process sits: its core, its listener, its runtime – the same for every one of them.

use std::{error::Error, net::SocketAddr, path::Path};
use tokio::net::TcpListener;

type Fault = Box<dyn Error + Send + Sync>;

#[derive(clap::Args, Clone)]
pub struct Args {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The only cores to run on, such as `0` or `0,1`; each gets a worker thread.
    #[arg(long, value_delimiter = ',')]
    core: Vec<usize>,
    /// End with the process that started this one.
    #[arg(long, hide = true)]
    with_parent: bool,
}

impl Args {
    /// Takes the seat: the process's cores, and its end.
    pub fn sit(&self) -> Result<(), Fault> {
        if !self.core.is_empty() {
            pin(&self.core)?;
        }
        if self.with_parent {
            end_with_parent()?;
        }
        Ok(())
    }
}

/// What a seated process prints, followed by its address, once it takes connections.
pub const LISTENING: &str = "listening ";

/// What it prints before, followed by the address of its admin port, if it has one.
pub const ADMIN: &str = "admin ";

/// Runs `server` on one worker thread a core, one without a choice of cores.
pub fn take<F>(args: Args, server: impl FnOnce(SocketAddr) -> F) -> Result<(), Fault>
where
    F: Future<Output = Result<(), Fault>> + Send + 'static,
{
    args.sit()?;
    let workers = args.core.len().max(1);
    // Not the current-thread flavour: a deployed server is `#[tokio::main]`, which on one core is this.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build()?;
    // Spawned, because the main task of a multi-thread runtime is not on its worker.
    runtime.block_on(async { tokio::spawn(server(args.listen)).await? })
}

/// Becomes `node` on the same terms, so that a peer is pinned, measured and ended like a server of this binary.
#[cfg(unix)]
pub fn become_node(args: &Args, script: &Path, upstream: &str) -> Result<(), Fault> {
    use std::os::unix::process::CommandExt;
    args.sit()?;
    let mut node = std::process::Command::new("node");
    let error = node.arg(script).arg(upstream).env("NODE_ENV", "production").exec();
    Err(format!("node does not start: {error}").into())
}

#[cfg(not(unix))]
pub fn become_node(_: &Args, _: &Path, _: &str) -> Result<(), Fault> {
    Err("the peers on Node are measured on Unix only".into())
}

/// Binds the address, and tells it.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, Fault> {
    let listener = TcpListener::bind(address)
        .await
        .map_err(|e| format!("cannot listen on {address}: {e}; choose another with --listen"))?;
    announce(listener.local_addr()?);
    Ok(listener)
}

/// Tells whoever started this process where it listens.
pub fn announce(address: SocketAddr) {
    println!("{LISTENING}{address}");
}

/// Tells it where its admin port answers.
pub fn announce_admin(address: SocketAddr) {
    println!("{ADMIN}{address}");
}

#[cfg(target_os = "linux")]
pub fn pin(cores: &[usize]) -> Result<(), Fault> {
    let mut only = rustix::thread::CpuSet::new();
    for core in cores {
        if *core >= rustix::thread::CpuSet::MAX_CPU {
            return Err(format!("there is no core {core}").into());
        }
        only.set(*core);
    }
    rustix::thread::sched_setaffinity(None, &only)
        .map_err(|e| format!("cannot run on cores {cores:?} alone: {e}; choose cores with --cores").into())
}

#[cfg(target_os = "linux")]
fn end_with_parent() -> Result<(), Fault> {
    Ok(rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?)
}

#[cfg(not(target_os = "linux"))]
pub fn pin(_: &[usize]) -> Result<(), Fault> {
    Err("measuring needs Linux: it pins processes to cores and reads /proc".into())
}

#[cfg(not(target_os = "linux"))]
fn end_with_parent() -> Result<(), Fault> {
    Ok(())
}
