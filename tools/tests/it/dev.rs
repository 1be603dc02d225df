//! `bff dev` over two fake services: a REST service `alpha` and a BFF `beta`.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use tempfile::TempDir;

struct Repository {
    root: TempDir,
    alpha: u16,
    beta: u16,
    admin: u16,
}

/// A port nobody uses at the moment.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

impl Repository {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let (alpha, beta, admin) = (free_port(), free_port(), free_port());
        for (folder, config) in [
            ("services/rest/alpha", format!("listen = \"127.0.0.1:{alpha}\"\n")),
            (
                "services/beta",
                format!("listen = \"127.0.0.1:{beta}\"\nadmin = \"127.0.0.1:{admin}\"\nlog = \"auto\"\n"),
            ),
        ] {
            let name = folder.rsplit('/').next().unwrap();
            write(&root.path().join(folder).join("Cargo.toml"), "");
            write(&root.path().join(folder).join(format!("{name}.toml")), &config);
            fs::create_dir_all(root.path().join("bin")).unwrap();
            fs::copy(env!("CARGO_BIN_EXE_fake-service"), root.path().join("bin").join(name)).unwrap();
        }
        write(&root.path().join("services/not-a-service/README.md"), "");
        write(
            &root.path().join("services/beta/example.graphql"),
            "# a comment\n{\n  it(is: \"o'clock\")\n}\n",
        );
        write(&root.path().join(".run/demo/complete"), "");
        write(&root.path().join(".run/demo/alpha/1.jsonl"), "{}\n");
        write(&root.path().join(".run/demo/alpha/2.jsonl"), "{}\n");
        Self { root, alpha, beta, admin }
    }

    fn append(&self, path: &str, text: &str) {
        let path = self.root.path().join(path);
        let old = fs::read_to_string(&path).unwrap();
        fs::write(path, format!("{old}{text}")).unwrap();
    }

    fn dev(&self, arguments: &[&str], environment: &[(&str, String)]) -> Dev {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bff"));
        command.arg("dev").arg("--root").arg(self.root.path()).arg("--bin").arg(self.root.path().join("bin"));
        command.args(arguments).envs(environment.iter().map(|(name, value)| (*name, value.as_str())));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Dev { child, lines, shown: String::new() }
    }

    fn imported(&self) -> String {
        fs::read_to_string(self.root.path().join(".run/imported")).unwrap_or_default()
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

    fn signal(&self, signal: &str) {
        let status = Command::new("kill").arg(signal).arg(self.child.id().to_string()).status().unwrap();
        assert!(status.success());
    }

    /// The exit code, and what was printed to each stream.
    fn end(mut self) -> (Option<i32>, String, String) {
        let mut errors = String::new();
        self.lines.read_to_string(&mut self.shown).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        (self.child.wait().unwrap().code(), self.shown, errors)
    }
}

fn is_up(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

fn ask(port: u16, path: &str) {
    use std::io::Write;
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\n\r\n").unwrap();
    let _ = stream.read_to_end(&mut Vec::new());
}

#[test]
fn everything_starts_is_shown_and_stops() {
    let repository = Repository::new();
    let Repository { alpha, beta, admin, .. } = repository;
    repository.append("services/beta/beta.toml", &format!("auth.issuer = \"http://127.0.0.1:{alpha}/\"\n"));
    // The fake prints keys as they stand, and a dotted key is a table all the same.
    let mut dev = repository.dev(&[], &[]);
    let shown = dev.ready().to_owned();
    for expected in [
        "alpha │ alpha is listening".to_owned(),
        "beta  │ beta is listening".to_owned(),
        format!("http://127.0.0.1:{beta}/graphiql"),
        format!("http://127.0.0.1:{alpha}/openapi.json"),
        format!(
            "curl -s http://127.0.0.1:{beta}/graphql -H 'content-type: application/json' \
             -H 'authorization: Bearer t0ken' -d '{{\"query\":\"{{ it(is: \\\"o'\\''clock\\\") }}\"}}'"
        ),
    ] {
        assert!(shown.contains(&expected), "{expected}\nis not in\n{shown}");
    }
    assert!(!shown.contains('\x1b'), "a pipe is no terminal: no colours");
    assert!(is_up(alpha) && is_up(beta) && is_up(admin));
    dev.signal("-INT");
    let (code, shown, errors) = dev.end();
    assert_eq!((code, errors.as_str()), (Some(0), ""), "{shown}");
    assert!(shown.find("beta says goodbye").unwrap() < shown.find("alpha says goodbye").unwrap(), "{shown}");
    assert!(!is_up(alpha) && !is_up(beta) && !is_up(admin));
}

#[test]
fn demo_data_is_imported_once_by_whom_it_belongs_to() {
    let repository = Repository::new();
    for _ in 0..2 {
        let mut dev = repository.dev(&[], &[]);
        dev.ready();
        dev.signal("-TERM");
        assert_eq!(dev.end().0, Some(0));
        assert_eq!(repository.imported(), "alpha 2\n");
    }
}

#[test]
fn overrides_count_when_addresses_are_shown() {
    let repository = Repository::new();
    let (alpha, beta) = (free_port(), free_port());
    let set = format!("alpha.listen=127.0.0.1:{alpha}");
    let mut dev = repository.dev(&["--set", &set], &[("BETA__LISTEN", format!("127.0.0.1:{beta}"))]);
    let shown = dev.ready();
    assert!(
        shown.contains(&format!(":{alpha}/openapi")) && shown.contains(&format!(":{beta}/graphiql")),
        "{shown}"
    );
    dev.signal("-TERM");
    assert_eq!(dev.end().0, Some(0));
}

#[test]
fn a_taken_port_is_told_before_anything_is_started() {
    let repository = Repository::new();
    let port = repository.beta;
    let _taken = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let (code, shown, errors) = repository.dev(&[], &[]).end();
    assert_eq!(code, Some(1));
    let free = port.wrapping_add(10);
    for expected in [
        format!("port {port} of beta is already taken"),
        format!("BETA__LISTEN=127.0.0.1:{free} make run"),
        format!("bff dev --set beta.listen=127.0.0.1:{free}"),
    ] {
        assert!(errors.contains(&expected), "{expected} is not in\n{errors}");
    }
    assert!(!shown.contains("listening") && repository.imported().is_empty());
}

#[test]
fn two_services_cannot_want_the_same_port() {
    let repository = Repository::new();
    let set = format!("beta.listen=127.0.0.1:{}", repository.alpha);
    let (code, _, errors) = repository.dev(&["--set", &set], &[]).end();
    assert_eq!(code, Some(1));
    assert!(errors.contains("of beta is configured for alpha too"), "{errors}");
}

#[test]
fn when_one_dies_it_is_named_and_the_rest_is_stopped() {
    let repository = Repository::new();
    let Repository { alpha, beta, .. } = repository;
    let mut dev = repository.dev(&[], &[]);
    dev.ready();
    ask(alpha, "/die");
    let (code, shown, errors) = dev.end();
    assert_eq!(code, Some(1));
    for expected in ["alpha ended by itself (exit status: 3)", "\n  these are my last words"] {
        assert!(errors.contains(expected), "{expected} is not in\n{errors}");
    }
    assert!(shown.contains("beta says goodbye"), "{shown}");
    assert!(!is_up(beta));
}

#[test]
fn children_do_not_outlive_a_supervisor_that_is_killed() {
    let repository = Repository::new();
    let Repository { alpha, beta, .. } = repository;
    let mut dev = repository.dev(&[], &[]);
    dev.ready();
    dev.signal("-KILL");
    dev.end();
    let started = std::time::Instant::now();
    while is_up(alpha) || is_up(beta) {
        assert!(started.elapsed().as_secs() < 60, "the children live on");
        std::thread::yield_now();
    }
}

#[test]
fn a_wrong_configuration_is_told_in_the_services_own_words() {
    let repository = Repository::new();
    repository.append("services/beta/beta.toml", "wrong = \"1\"\n");
    let (code, shown, errors) = repository.dev(&[], &[]).end();
    assert_eq!((code, shown.as_str()), (Some(1), ""));
    assert!(errors.contains("beta: 1 problem in the configuration\n  unknown key `wrong`"), "{errors}");
}

#[test]
fn what_is_missing_is_named() {
    let repository = Repository::new();
    let (code, _, errors) = repository.dev(&["--set", "gamma.listen=1"], &[]).end();
    assert_eq!(code, Some(1));
    assert!(errors.contains("there is no service `gamma`, only alpha, beta"), "{errors}");
    fs::remove_file(repository.root.path().join("bin/beta")).unwrap();
    let (code, _, errors) = repository.dev(&[], &[]).end();
    assert_eq!(code, Some(1));
    assert!(errors.contains("beta is not built") && errors.contains("run `cargo build`"), "{errors}");
}
