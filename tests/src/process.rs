//! A real binary of this workspace: started on free ports, its log read, ended well or badly.

use super::{
    Answer, Place, Query, Socket, Subscription, Value, internal_key, patiently, server::http_client,
};
use bff::config;
use std::{
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, ChildStdin, Command},
    sync::watch,
};
use tokio_util::task::AbortOnDropHandle;

/// A process about to be started.
pub struct Spawn {
    name: String,
    command: Command,
}

/// A running process. Dropping it kills it.
pub struct Process {
    name: String,
    child: Child,
    /// Held open, and not by the child: waiting for it would close it, and so end it.
    _stdin: Option<ChildStdin>,
    lines: watch::Sender<Vec<String>>,
    addr: String,
    admin: Option<String>,
    http: reqwest::Client,
    _reading: [AbortOnDropHandle<()>; 2],
}

impl Place for Process {
    fn url(&self) -> String {
        format!("http://{}", self.addr)
    }
}

impl Process {
    /// The binary of that name, built beside the running test: on free ports, with JSON logs, in the development
    /// profile, in the root of the repository, as `make run` starts it; with the key that all BFFs of this test share.
    #[track_caller]
    pub fn of(name: &str) -> Spawn {
        let mut command = Command::new(binary(name));
        command.args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--profile", "development"]);
        // An end of the test, however it comes, closes the pipe and so ends the process.
        command.args(["--set", "log=json", "--stop-with-stdin"]);
        command.env(config::environment_name(name, "auth.internal.key"), internal_key().expose());
        // Where browsers would reach it: what one that signs them in does not start without in production.
        command.env(config::environment_name(name, "auth.session.public_url"), "https://app.example");
        command.current_dir(workspace());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        Spawn { name: name.to_owned(), command }
    }

    /// A GraphQL request.
    pub fn query(&self, document: &str) -> Query {
        Query::new(self.http.clone(), format!("{}/graphql", self.url()), document)
    }

    /// Any HTTP request to it.
    pub fn request(&self, method: http::Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url()))
    }

    /// `GET`, as it is.
    pub async fn get(&self, path: &str) -> Answer {
        super::server::exchange(self.request(http::Method::GET, path)).await
    }

    /// `GET` on the admin port.
    pub async fn admin(&self, path: &str) -> Answer {
        let admin = self.admin.as_deref().unwrap_or(&self.addr);
        super::server::exchange(self.http.get(format!("http://{admin}{path}"))).await
    }

    /// Opens a socket and begins it; `bearer` goes into `connection_init`.
    pub async fn socket(&self, bearer: Option<&str>) -> Socket {
        Socket::open(&self.url(), bearer).await
    }

    /// A subscription on a socket of its own.
    pub async fn subscribe(&self, document: &str, variables: Value, bearer: Option<&str>) -> Subscription {
        self.socket(bearer).await.subscribe(document, variables).await
    }

    /// What it has printed so far, standard output and error together.
    pub fn lines(&self) -> Vec<String> {
        self.lines.borrow().clone()
    }

    /// Its log so far: those lines that are JSON.
    pub fn log(&self) -> Vec<Value> {
        self.lines().iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Waits for a line of the log, and returns it.
    pub async fn until_logged(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.until_logged_times(1, what, wanted).await
    }

    /// Waits until so many such lines were logged, and returns the last of them.
    pub async fn until_logged_times(
        &self,
        times: usize,
        what: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        let found = |lines: &[String]| {
            let parsed = lines.iter().filter_map(|line| serde_json::from_str(line).ok());
            parsed.filter(&wanted).nth(times.saturating_sub(1))
        };
        let mut lines = self.lines.subscribe();
        let come = async {
            lines.wait_for(|lines| found(lines).is_some()).await.ok().and_then(|lines| found(&lines))
        };
        patiently(format!("{} to log {what}", self.name), come).await.unwrap_or_default()
    }

    /// SIGTERM: asks it to finish.
    pub fn terminate(&self) {
        let pid =
            self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            // One that is gone already has finished.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
    }

    /// SIGKILL: no more chances. Returns when it is gone.
    pub async fn kill(mut self) {
        let _ = self.child.kill().await;
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        let ended = patiently(format!("{} to end", self.name), self.child.wait()).await;
        ended.unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }
}

impl Spawn {
    /// Further arguments.
    #[must_use]
    pub fn args<'a>(mut self, args: impl IntoIterator<Item = &'a str>) -> Self {
        self.command.args(args);
        self
    }

    /// One configuration key, as `--set key=value`.
    #[must_use]
    pub fn set(self, key: &str, value: &str) -> Self {
        self.args(["--set", &format!("{key}={value}")])
    }

    /// Where an upstream is.
    #[must_use]
    pub fn upstream(self, name: &str, at: &(impl Place + ?Sized)) -> Self {
        self.set(&format!("upstreams.{name}"), &at.url())
    }

    /// A REST service: whose word it takes for whom it is asked, and where the keys are.
    #[must_use]
    pub fn trusts(self, name: &str, keys: &(impl Place + ?Sized)) -> Self {
        self.set(&format!("auth.trusted.{name}"), &keys.url())
    }

    /// Whose tokens are accepted.
    #[must_use]
    pub fn issuer(self, at: &(impl Place + ?Sized)) -> Self {
        self.set("auth.issuer", &at.url())
    }

    /// One environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// The working directory.
    #[must_use]
    pub fn within(mut self, directory: impl Into<PathBuf>) -> Self {
        self.command.current_dir(directory.into());
        self
    }

    /// Starts it and waits until it says that it listens.
    pub async fn start(mut self) -> Process {
        let name = self.name;
        let mut child = self.command.spawn().unwrap_or_else(|error| {
            panic!(
                "{:?} does not start ({error}); build it first: cargo build -p {name}",
                self.command.as_std()
            )
        });
        let lines = watch::Sender::new(Vec::new());
        let reading = [read(child.stdout.take(), lines.clone()), read(child.stderr.take(), lines.clone())];
        let mut process = Process {
            name,
            _stdin: child.stdin.take(),
            child,
            lines,
            addr: String::new(),
            admin: None,
            http: http_client(),
            _reading: reading,
        };
        let exited = async { process.child.wait().await.map(|status| status.to_string()) };
        let line = {
            let listening = listening(&process.lines);
            tokio::select! {
                line = patiently(format!("{} to listen", process.name), listening) => line,
                status = exited => {
                    panic!("{} ended at once: {status:?}\n{}", process.name, process.lines.borrow().join("\n"))
                }
            }
        };
        process.addr = line["http.addr"].as_str().unwrap_or_default().to_owned();
        process.admin = line["admin.addr"].as_str().map(str::to_owned);
        process
    }
}

async fn listening(lines: &watch::Sender<Vec<String>>) -> Value {
    let found = |lines: &[String]| {
        let mut parsed = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        parsed.find(|line| line["message"] == "listening")
    };
    let mut reader = lines.subscribe();
    let come = reader.wait_for(|lines| found(lines).is_some()).await;
    come.ok().and_then(|lines| found(&lines)).unwrap_or_default()
}

fn read(
    from: Option<impl AsyncRead + Unpin + Send + 'static>,
    to: watch::Sender<Vec<String>>,
) -> AbortOnDropHandle<()> {
    #[expect(clippy::disallowed_methods, reason = "a log reader belongs to no request")]
    AbortOnDropHandle::new(tokio::spawn(async move {
        let Some(from) = from else { return };
        let mut lines = BufReader::new(from).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            to.send_modify(|all| all.push(line));
        }
    }))
}

/// The root of the repository.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// The built binary of that name. Tests stand in `target/<profile>/deps`, binaries one above.
#[track_caller]
pub fn binary(name: &str) -> PathBuf {
    #[expect(clippy::expect_used, reason = "a test may panic")]
    let test = std::env::current_exe().expect("the running test");
    let profile = test.ancestors().find(|directory| !directory.ends_with("deps") && directory.is_dir());
    let path = profile.map(|directory| directory.join(name)).unwrap_or_default();
    assert!(path.is_file(), "{} is not built: cargo build -p {name}", path.display());
    path
}
