//! Where a measured process sits: its core, its listener, its runtime – the same for every one of them.

use std::{error::Error, net::SocketAddr};
use tokio::net::TcpListener;

type Fault = Box<dyn Error + Send + Sync>;

#[derive(clap::Args, Clone, Copy)]
pub struct Args {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The only core to run on.
    #[arg(long)]
    core: Option<usize>,
}

/// What a seated process prints, followed by its address, once it takes connections.
pub const LISTENING: &str = "listening ";

/// Runs `server` on one worker thread. The process ends with the one that started it.
pub fn take<F>(args: Args, server: impl FnOnce(SocketAddr) -> F) -> Result<(), Fault>
where
    F: Future<Output = Result<(), Fault>> + Send + 'static,
{
    if let Some(core) = args.core {
        pin(core)?;
        end_with_parent()?;
    }
    // Not the current-thread flavour: a deployed server is `#[tokio::main]`, which on one core is this.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    // Spawned, because the main task of a multi-thread runtime is not on its worker.
    runtime.block_on(async { tokio::spawn(server(args.listen)).await? })
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

#[cfg(target_os = "linux")]
pub fn pin(core: usize) -> Result<(), Fault> {
    if core >= rustix::thread::CpuSet::MAX_CPU {
        return Err(format!("there is no core {core}").into());
    }
    let mut only = rustix::thread::CpuSet::new();
    only.set(core);
    rustix::thread::sched_setaffinity(None, &only)
        .map_err(|e| format!("cannot run on core {core} alone: {e}; choose cores with --cores").into())
}

#[cfg(target_os = "linux")]
fn end_with_parent() -> Result<(), Fault> {
    Ok(rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?)
}

#[cfg(not(target_os = "linux"))]
pub fn pin(_: usize) -> Result<(), Fault> {
    Err("measuring needs Linux: it pins processes to cores and reads /proc".into())
}

#[cfg(not(target_os = "linux"))]
fn end_with_parent() -> Result<(), Fault> {
    Ok(())
}
