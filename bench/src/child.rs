//! One seated process: started, asked, its CPU time and memory read from `/proc`, ended with the driver.

use crate::{Fault, load, queries::Query, seat};
use bytes::Bytes;
use std::{ffi::OsString, net::SocketAddr, process::Stdio, time::Duration};
use tokio::io::{AsyncBufReadExt, BufReader};

/// What is to run, where, and whom it asks.
pub struct Seat<'a> {
    /// The row's name in the table.
    pub name: &'static str,
    /// The subcommand of this binary, with its arguments.
    pub command: Vec<OsString>,
    /// The only cores it runs on; any, if there are none.
    pub cores: &'a [usize],
    /// The REST service's URL, for those who ask it.
    pub upstream: Option<&'a str>,
}

pub struct Child {
    pub name: &'static str,
    pub addr: SocketAddr,
    /// Where its metrics are, if it was given such a port.
    pub admin: Option<SocketAddr>,
    process: tokio::process::Child,
}

/// A process of ours listens within milliseconds, Node's within a second; this is for a machine in trouble.
const START: Duration = Duration::from_secs(20);

impl Child {
    /// Starts a subcommand of this very binary and waits until it listens.
    pub async fn start(seat: Seat<'_>) -> Result<Self, Fault> {
        let Seat { name, command, cores, upstream } = seat;
        let cores: Vec<String> = cores.iter().map(ToString::to_string).collect();
        let (subcommand, arguments) = command.split_first().ok_or("a seat without a command")?;
        let mut command = tokio::process::Command::new(std::env::current_exe()?);
        command.arg(subcommand).arg("--with-parent").kill_on_drop(true);
        if !cores.is_empty() {
            command.arg("--core").arg(cores.join(","));
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        if let Some(upstream) = upstream {
            command.arg("--upstream").arg(upstream);
        }
        let mut process = command.args(arguments).spawn()?;
        let stdout = process.stdout.take().ok_or("a child without standard output")?;
        let mut lines = BufReader::new(stdout).lines();
        let listening = async {
            let mut admin = None;
            while let Some(line) = lines.next_line().await? {
                if let Some(addr) = line.strip_prefix(seat::ADMIN) {
                    admin = Some(addr.parse()?);
                }
                if let Some(addr) = line.strip_prefix(seat::LISTENING) {
                    return Ok((addr.parse()?, admin));
                }
            }
            Err::<(SocketAddr, Option<SocketAddr>), Fault>(format!("{name} did not start").into())
        };
        let (addr, admin) = tokio::time::timeout(START, listening)
            .await
            .map_err(|_| format!("{name} does not listen after {} s", START.as_secs()))??;
        // Whatever else it prints is read, so that it never waits for a reader.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { name, addr, admin, process })
    }

    /// Kills it and waits until it is gone, with all its connections.
    pub async fn end(mut self) -> Result<(), Fault> {
        Ok(self.process.kill().await?)
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The whole answer to one request.
    pub async fn ask(&self, query: &Query) -> Result<Bytes, Fault> {
        load::once(self.addr, "POST", "/graphql", query.body())
            .await
            .map_err(|e| format!("{}: {e}", self.name).into())
    }

    /// Gives the mock an order.
    pub async fn tell(&self, method: &str, path: &str) -> Result<Bytes, Fault> {
        load::once(self.addr, method, path, Bytes::new()).await
    }

    /// How many calls the mock has answered since it was told to forget them.
    pub async fn calls(&self) -> Result<u64, Fault> {
        let calls: std::collections::BTreeMap<String, u64> =
            serde_json::from_slice(&self.tell("GET", "/__calls").await?)?;
        Ok(calls.values().sum())
    }

    /// User and system time of all its threads so far.
    #[cfg(target_os = "linux")]
    pub fn cpu(&self) -> Result<Duration, Fault> {
        let ticks = cpu_ticks(&self.proc("stat")?).ok_or("an unfamiliar /proc/<pid>/stat")?;
        Ok(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
    }

    #[cfg(not(target_os = "linux"))]
    pub fn cpu(&self) -> Result<Duration, Fault> {
        Err("CPU time is read from /proc, which only Linux has".into())
    }

    /// The memory it holds now.
    pub fn rss_bytes(&self) -> Result<u64, Fault> {
        Ok(rss_bytes(&self.proc("status")?).ok_or("an unfamiliar /proc/<pid>/status")?)
    }

    /// The sockets it holds: listeners, clients' connections, its own to upstreams.
    pub fn sockets(&self) -> Result<usize, Fault> {
        let descriptors = std::fs::read_dir(format!("/proc/{}/fd", self.pid()?))?;
        let targets = descriptors.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
        Ok(targets.filter(|target| target.as_os_str().as_encoded_bytes().starts_with(b"socket:")).count())
    }

    fn proc(&self, file: &str) -> Result<String, Fault> {
        Ok(std::fs::read_to_string(format!("/proc/{}/{file}", self.pid()?))?)
    }

    fn pid(&self) -> Result<u32, Fault> {
        Ok(self.process.id().ok_or_else(|| format!("{} has ended", self.name))?)
    }
}

/// `utime` + `stime` of `/proc/<pid>/stat` (proc_pid_stat(5), fields 14 and 15).
fn cpu_ticks(stat: &str) -> Option<u64> {
    // The command's name may contain anything, parentheses too; the fields after the last one are plain.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

/// `VmRSS` of `/proc/<pid>/status` (proc_pid_status(5)), which counts in KiB.
fn rss_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_found_behind_any_process_name() {
        let stat = "7 (a) b (c) R 1 7 7 0 -1 4194304 102 0 1 0 250 50 0 0 20 0 1 0 92568";
        assert_eq!(cpu_ticks(stat), Some(300));
        assert_eq!(cpu_ticks("7 (short) R 1"), None);
    }

    #[test]
    fn memory_is_told_in_kibibytes() {
        let status = "Name:\tbench\nVmHWM:\t   12 kB\nVmRSS:\t 8 kB\n";
        assert_eq!(rss_bytes(status), Some(8 * 1024));
        assert_eq!(rss_bytes("Name:\tbench\n"), None);
    }
}
