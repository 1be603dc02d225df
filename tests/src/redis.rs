//! A real Redis server on a free port, that can be stopped, stalled and started again.

use super::{Authority, Place, patiently};
use std::{fs, net::TcpListener, process::Stdio, time::Duration};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpStream,
    process::{Child, Command},
};

/// How often somebody else may take the port that was free a moment ago.
const TRIES: usize = 5;

/// Files in the server's directory, in PEM, of one that speaks TLS.
const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";

/// The shell ends the server when its standard input closes: so does any end of the test.
const KEEPER: &str = r#"directory="$1"; shift
redis-server --bind 127.0.0.1 --save '' --appendonly no --dir "$directory" "$@" >"$directory/log" 2>&1 &
echo $!
cat >/dev/null
kill -9 $!"#;

/// A Redis server with nothing in it. Dropping it ends it.
#[derive(Debug)]
pub struct RedisServer {
    port: u16,
    /// By TLS alone.
    secure: bool,
    password: Option<String>,
    directory: TempDir,
    process: Option<Server>,
}

#[derive(Debug)]
struct Server {
    keeper: Child,
    pid: rustix::process::Pid,
}

impl Place for RedisServer {
    fn url(&self) -> String {
        let scheme = if self.secure { "rediss" } else { "redis" };
        let login = self.password.as_ref().map(|password| format!(":{password}@")).unwrap_or_default();
        format!("{scheme}://{login}127.0.0.1:{}", self.port)
    }
}

impl RedisServer {
    /// Debian's `redis-server`, on a free port.
    pub async fn start() -> Self {
        Self::of(None, None).await
    }

    /// One that does nothing for who does not know its password.
    pub async fn locked(password: &str) -> Self {
        Self::of(Some(password.to_owned()), None).await
    }

    /// One that speaks TLS alone, with this authority's certificate for that name or address.
    pub async fn secure(authority: &Authority, name: &str) -> Self {
        Self::of(None, Some((authority, name))).await
    }

    async fn of(password: Option<String>, certified: Option<(&Authority, &str)>) -> Self {
        #[expect(clippy::expect_used, reason = "a test may panic")]
        let directory = tempfile::tempdir().expect("a directory");
        if let Some((authority, name)) = certified {
            let (certificate, key) = authority.certificate(name);
            for (file, text) in [(CERTIFICATE, certificate.pem()), (KEY, key.serialize_pem())] {
                #[expect(clippy::expect_used, reason = "a test may panic")]
                fs::write(directory.path().join(file), text).expect("a file");
            }
        }
        let mut server = Self { port: 0, secure: certified.is_some(), password, directory, process: None };
        for _ in 0..TRIES {
            server.port = free_port();
            if server.try_start().await {
                return server;
            }
        }
        panic!("{}", server.said());
    }

    /// What `redis-server` is told besides where to write.
    fn options(&self) -> Vec<String> {
        let port = self.port.to_string();
        let file = |name: &str| self.directory.path().join(name).display().to_string();
        let mut options: Vec<String> = if self.secure {
            let (certificate, key) = (file(CERTIFICATE), file(KEY));
            ["--port", "0", "--tls-port", &port, "--tls-auth-clients", "no"]
                .into_iter()
                .chain(["--tls-cert-file", &certificate, "--tls-key-file", &key])
                .map(str::to_owned)
                .collect()
        } else {
            vec!["--port".to_owned(), port]
        };
        if let Some(password) = &self.password {
            options.extend(["--requirepass".to_owned(), password.clone()]);
        }
        options
    }

    /// Starts it again on the port it had, with nothing in it.
    pub async fn start_again(&mut self) {
        assert!(self.try_start().await, "{}", self.said());
    }

    /// Ends it at once: connections break, new ones are refused.
    pub async fn stop(&mut self) {
        if let Some(mut server) = self.process.take() {
            signal(server.pid, rustix::process::Signal::KILL);
            drop(server.keeper.stdin.take());
            let _ = patiently("redis-server to end", server.keeper.wait()).await;
            let refused = async {
                while TcpStream::connect(("127.0.0.1", self.port)).await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            patiently("redis-server to be gone", refused).await;
        }
    }

    /// Stalls it: connections are open, nothing is answered.
    pub fn stall(&self) {
        self.signal(rustix::process::Signal::STOP);
    }

    /// Goes on after [`stall`](Self::stall).
    pub fn go_on(&self) {
        self.signal(rustix::process::Signal::CONT);
    }

    /// Everything that it holds, as `redis-cli` would print it: for tests of what must not be there.
    pub async fn dump(&self) -> String {
        let script = "local all = {} \
            for _, key in ipairs(redis.call('KEYS', '*')) do \
              local kind = redis.call('TYPE', key).ok \
              local value = kind == 'string' and redis.call('GET', key) \
                or kind == 'hash' and table.concat(redis.call('HGETALL', key), ' ') or kind \
              table.insert(all, key .. ' = ' .. value) \
            end return table.concat(all, '\\n')";
        let mut command = Command::new("redis-cli");
        if let Some(password) = &self.password {
            command.args(["--no-auth-warning", "-a", password]);
        }
        command.args(["-p", &self.port.to_string(), "--raw", "EVAL", script, "0"]);
        match command.output().await {
            Ok(output) => String::from_utf8_lossy(&output.stdout).into_owned(),
            Err(error) => panic!("redis-cli: {error}"),
        }
    }

    async fn try_start(&mut self) -> bool {
        let mut command = Command::new("sh");
        command.args(["-c", KEEPER, "keeper"]).arg(self.directory.path()).args(self.options());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        #[expect(clippy::expect_used, reason = "a test may panic")]
        let mut keeper = command.spawn().expect("a shell");
        let mut pid = String::new();
        if let Some(told) = keeper.stdout.take() {
            let _ = BufReader::new(told).read_line(&mut pid).await;
        }
        let Some(pid) = pid.trim().parse().ok().and_then(rustix::process::Pid::from_raw) else {
            return false;
        };
        let up = async {
            loop {
                if TcpStream::connect(("127.0.0.1", self.port)).await.is_ok() {
                    return true;
                }
                if rustix::process::test_kill_process(pid).is_err() || self.said().contains("in use") {
                    return false;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let up = patiently("redis-server to listen", up).await;
        if up {
            self.process = Some(Server { keeper, pid });
        }
        up
    }

    fn said(&self) -> String {
        let log = std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
        format!("redis-server does not start (it comes with `apt-get install redis-server`): {log}")
    }

    fn signal(&self, which: rustix::process::Signal) {
        if let Some(server) = &self.process {
            signal(server.pid, which);
        }
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.signal(rustix::process::Signal::KILL);
    }
}

fn signal(pid: rustix::process::Pid, which: rustix::process::Signal) {
    // One that is gone already needs none.
    let _ = rustix::process::kill_process(pid, which);
}

#[track_caller]
fn free_port() -> u16 {
    match TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()) {
        Ok(address) => address.port(),
        Err(error) => panic!("no free port: {error}"),
    }
}
