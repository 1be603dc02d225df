//! `bff dev` over the real services, on free ports: all ready, its curls answer with data, Ctrl-C stops every child.

use super::world::{SERVICES, SMALL};
use std::{
    io::{BufRead, BufReader, Read},
    net::{TcpListener, TcpStream},
    os::unix::fs::symlink,
    process::{Child, ChildStdout, Command, Output, Stdio},
};
use tempfile::TempDir;

const MOBILE: &str = "mobile";
const BFFS: [&str; 3] = [MOBILE, "partner", "web"];

/// A repository of which only the data folder is the test's own.
struct Repository {
    root: TempDir,
    settings: Vec<String>,
    ports: Vec<(&'static str, u16)>,
}

impl Repository {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        symlink(kit::workspace().join("services"), root.path().join("services")).unwrap();
        // Held together, so that no port is given twice.
        let listeners: Vec<_> = (0..14).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let mut free = listeners.iter().map(|listener| listener.local_addr().unwrap().port());
        let (mut settings, mut ports) = (Vec::new(), Vec::new());
        for name in SERVICES.into_iter().chain(BFFS) {
            let port = free.next().unwrap();
            ports.push((name, port));
            // One of them by the environment, as somebody would whose port is taken.
            if name != MOBILE {
                settings.push(format!("{name}.listen=127.0.0.1:{port}"));
            }
        }
        let issuer = ports[0].1;
        for (service, port) in &ports[..4] {
            let callers: &[&str] = if *service == "catalog" { &BFFS } else { &["mobile", "web"] };
            let at = format!("http://127.0.0.1:{port}");
            settings.extend(callers.iter().map(|bff| format!("{bff}.upstreams.{service}={at}")));
        }
        for name in BFFS {
            settings.push(format!("{name}.auth.issuer=http://127.0.0.1:{issuer}"));
        }
        for bff in SERVICES.into_iter().chain(BFFS) {
            settings.push(format!("{bff}.admin=127.0.0.1:{}", free.next().unwrap()));
        }
        Self { root, settings, ports }
    }

    fn dev(&self) -> Dev {
        let mut command = Command::new(kit::binary("bff"));
        command.args(["dev", "--scale", &SMALL.tracks.to_string(), "--root"]).arg(self.root.path());
        command.env("MOBILE__LISTEN", format!("127.0.0.1:{}", self.port(MOBILE)));
        command.args(self.settings.iter().flat_map(|setting| ["--set", setting]));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Dev { child, lines, shown: String::new() }
    }

    fn port(&self, name: &str) -> u16 {
        self.ports.iter().find(|(known, _)| *known == name).unwrap().1
    }

    fn nobody_listens(&self) {
        for (name, port) in &self.ports {
            assert!(TcpStream::connect(("127.0.0.1", *port)).is_err(), "{name} lives on");
        }
    }
}

struct Dev {
    child: Child,
    lines: BufReader<ChildStdout>,
    shown: String,
}

impl Dev {
    /// Reads until everything is ready.
    fn ready(&mut self) -> &str {
        while !self.shown.contains("Ctrl-C stops everything") {
            if self.lines.read_line(&mut self.shown).unwrap() == 0 {
                let mut errors = String::new();
                self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
                panic!("it ended:\n{}\n{errors}", self.shown);
            }
        }
        &self.shown
    }

    /// The exit code, and what was printed to each stream.
    fn end(mut self) -> (Option<i32>, String, String) {
        let mut errors = String::new();
        self.lines.read_to_string(&mut self.shown).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        (self.child.wait().unwrap().code(), std::mem::take(&mut self.shown), errors)
    }
}

/// A test that fails leaves nothing running: the children end with their supervisor.
impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn signal(signal: &str, pid: u32) {
    assert!(Command::new("kill").args([signal, &pid.to_string()]).status().unwrap().success());
}

fn shell(command: &str) -> Output {
    Command::new("sh").args(["-c", command]).output().unwrap()
}

#[test]
fn everything_is_ready_its_curls_answer_and_ctrl_c_stops_it_all() {
    let repository = Repository::new();
    // The second start finds its data.
    for first in [true, false] {
        let mut dev = repository.dev();
        let shown = dev.ready().to_owned();
        assert_eq!(shown.contains("demo data imported"), first, "{shown}");
        for (name, port) in &repository.ports {
            assert!(shown.contains(&format!("  {name:<8}  http://127.0.0.1:{port}")), "{name}:\n{shown}");
        }
        let curls: Vec<_> = shown.lines().filter(|line| line.trim_start().starts_with("curl ")).collect();
        assert_eq!(curls.len(), BFFS.len(), "{shown}");
        for curl in curls {
            let answer = shell(curl);
            let answer: kit::Value = serde_json::from_slice(&answer.stdout)
                .unwrap_or_else(|_| panic!("{curl}\n{}", String::from_utf8_lossy(&answer.stderr)));
            assert!(answer.get("errors").is_none(), "{curl}\n{answer}");
            let data = answer["data"].as_object().unwrap();
            assert!(!data.is_empty() && data.values().all(|root| !root.is_null()), "{curl}\n{answer}");
        }
        signal("-INT", dev.child.id());
        let (code, shown, errors) = dev.end();
        assert_eq!((code, errors.as_str()), (Some(0), ""), "{shown}");
        repository.nobody_listens();
    }
}

#[test]
fn a_killed_service_is_named_and_the_others_are_stopped() {
    let repository = Repository::new();
    let mut dev = repository.dev();
    dev.ready();
    // POSIX: every process with its parent and its name.
    let processes = shell("ps -A -o pid= -o ppid= -o args=");
    let processes = String::from_utf8(processes.stdout).unwrap();
    let library = processes.lines().find_map(|line| {
        let mut columns = line.split_whitespace();
        let (pid, parent) = (columns.next()?, columns.next()?);
        let is = parent == dev.child.id().to_string() && columns.next()?.ends_with("/library");
        is.then(|| pid.parse().unwrap())
    });
    signal("-KILL", library.unwrap_or_else(|| panic!("no library among\n{processes}")));
    let (code, shown, errors) = dev.end();
    assert_eq!(code, Some(1), "{shown}");
    assert!(errors.contains("library ended by itself (signal: 9"), "{errors}");
    repository.nobody_listens();
}

#[test]
fn a_taken_port_is_named_before_anything_starts() {
    let repository = Repository::new();
    let port = repository.port("web");
    let _taken = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let (code, shown, errors) = repository.dev().end();
    assert_eq!(code, Some(1), "{shown}");
    for expected in [format!("port {port} of web is already taken"), "bff dev --set web.listen=".to_owned()] {
        assert!(errors.contains(&expected), "{errors}");
    }
    assert!(!repository.root.path().join(".run").exists(), "nothing was begun");
}
