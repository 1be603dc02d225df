//! One child process: its output prefixed, its end noticed, its stop polite first.
//!
//! A child is asked to stop by closing its standard input (`--stop-with-stdin`). That needs no signal, and it also
//! happens when this process itself is killed: no child outlives it.

use std::{
    collections::VecDeque,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{ChildStdin, Command},
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use super::{Failure, config::Configured, output::Output};

/// How many of a dead child's lines are shown again.
const LAST_LINES: usize = 15;

/// How long a dead child's output may take to arrive.
const LAST_LINES_TIMEOUT: Duration = Duration::from_millis(500);

type Tail = Arc<Mutex<VecDeque<String>>>;

/// A child at work. Dropping it kills it.
pub(crate) struct Process {
    pub(super) is_bff: bool,
    stdin: Option<ChildStdin>,
    kill: Option<oneshot::Sender<()>>,
    supervisor: JoinHandle<()>,
}

/// A child's end.
pub(crate) struct Exit {
    pub(super) name: String,
    pub(super) status: std::io::Result<ExitStatus>,
    tail: Tail,
    readers: Vec<JoinHandle<()>>,
}

impl Process {
    /// Starts the service's binary with `arguments` after its own; `exits` is told how it ended.
    pub(crate) fn start(
        service: &Configured,
        arguments: &[String],
        output: &Output,
        exits: mpsc::UnboundedSender<Exit>,
    ) -> Result<Self, Failure> {
        let mut command = Command::new(&service.binary);
        command.args(&service.arguments).current_dir(&service.root);
        if arguments.is_empty() {
            command.arg("--stop-with-stdin");
        }
        command.args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // In a group of its own, so that the terminal's Ctrl-C reaches us alone and we stop all in order.
        command.process_group(0).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| format!("{}: {error}", service.binary.display()))?;
        let tail = Tail::default();
        let name = service.name.clone();
        let readers = [
            child.stdout.take().map(|pipe| forward(pipe, name.clone(), output.clone(), Arc::clone(&tail))),
            child.stderr.take().map(|pipe| forward(pipe, name.clone(), output.clone(), Arc::clone(&tail))),
        ];
        let readers = readers.into_iter().flatten().collect();
        let stdin = child.stdin.take();
        let (kill, killed) = oneshot::channel::<()>();
        let supervisor = spawn(async move {
            let status = tokio::select! {
                status = child.wait() => status,
                _ = killed => {
                    let _ = child.start_kill();
                    child.wait().await
                }
            };
            // Nobody listens any more when everything is being stopped.
            let _ = exits.send(Exit { name, status, tail, readers });
        });
        Ok(Self { is_bff: service.is_bff, stdin, kill: Some(kill), supervisor })
    }

    /// Asks the child to stop, and kills it when it has not within `timeout`.
    pub(super) async fn stop(mut self, timeout: Duration) {
        self.stdin = None;
        if tokio::time::timeout(timeout, &mut self.supervisor).await.is_err() {
            self.kill = None;
            let _ = (&mut self.supervisor).await;
        }
    }
}

impl Exit {
    pub(super) fn succeeded(&self) -> bool {
        self.status.as_ref().is_ok_and(ExitStatus::success)
    }

    /// Waits until all that it printed has been read.
    pub(crate) async fn read_out(self) {
        futures::future::join_all(self.readers).await;
    }

    /// Who ended, how, and its last words.
    pub(crate) async fn explained(self) -> Failure {
        let reading = futures::future::join_all(self.readers);
        let _ = tokio::time::timeout(LAST_LINES_TIMEOUT, reading).await;
        let how = match self.status {
            Ok(status) => format!("ended by itself ({status})"),
            Err(error) => format!("could not be waited for ({error})"),
        };
        let tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        let name = &self.name;
        let last = tail.iter().map(|line| format!("\n  {line}")).collect::<String>();
        let last = if last.is_empty() { "\n  (it printed nothing)".to_owned() } else { last };
        format!("{name} {how}; everything is stopped. Its last lines:{last}")
    }
}

/// Copies a pipe to the terminal line by line, whatever bytes it carries.
fn forward(
    pipe: impl AsyncRead + Unpin + Send + 'static,
    name: String,
    output: Output,
    tail: Tail,
) -> JoinHandle<()> {
    spawn(async move {
        let mut reader = BufReader::new(pipe);
        let mut bytes = Vec::new();
        while let Ok(1..) = reader.read_until(b'\n', &mut bytes).await {
            let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
            bytes.clear();
            output.line(&name, &line);
            let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
            if tail.len() == LAST_LINES {
                tail.pop_front();
            }
            tail.push_back(line);
        }
    })
}

fn spawn(task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    #[expect(clippy::disallowed_methods, reason = "there are no requests here whose trace could be lost")]
    tokio::spawn(task)
}
