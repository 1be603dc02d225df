//! A service as the operating system and the log collector see it.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, ChildStdout, Command, Stdio},
};

use serde_json::Value;

use crate::client::send;

pub struct Service {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Service {
    pub fn start(arguments: &[&str]) -> Self {
        Self::logging("info", arguments)
    }

    fn logging(what: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sample-service"));
        command.args(arguments).env("RUST_LOG", what).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line
    }

    pub fn json(&mut self) -> Value {
        let line = self.line();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// Asks it to stop, as an orchestrator does.
    pub fn terminate(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    /// The exit code, and what was left on standard output and standard error.
    pub fn end(mut self) -> (Option<i32>, String, String) {
        let (mut output, mut errors) = (String::new(), String::new());
        self.lines.read_to_string(&mut output).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        (self.child.wait().unwrap().code(), output, errors)
    }
}

#[tokio::test]
async fn whatever_is_logged_shows_no_credential() {
    let secrets = ["auth.internal.key=mark-of-a-key", "redis.url=redis://:mark-of-redis@127.0.0.1:1"];
    let [key, redis] = secrets;
    let mut service = Service::logging("trace", &["--profile", "development", "--set", key, "--set", redis]);
    let address = loop {
        let line = service.json();
        if line["message"] == "listening" {
            break line["http.addr"].as_str().unwrap().to_owned();
        }
    };
    let ask = |path: &str| reqwest::Client::new().get(format!("http://{address}{path}"));
    let panicked = send(ask("/boom").header("cookie", "a=mark-of-a-cookie")).await;
    let refused = send(ask("/things/1").bearer_auth("mark-of-a-token")).await;
    assert_eq!((panicked.status.as_u16(), refused.status.as_u16()), (500, 401));
    service.terminate();
    let (_, output, errors) = service.end();
    assert!(output.contains("a request panicked"), "{output}");
    for told in [output, errors, panicked.text, refused.text] {
        assert!(!told.contains("mark-of"), "{told}");
    }
}

#[tokio::test]
async fn a_request_is_exactly_one_line() {
    let mut service = Service::start(&["--profile", "development"]);
    let listening = service.json();
    assert_eq!(
        (listening["message"].as_str(), listening["service"].as_str()),
        (Some("listening"), Some("sample"))
    );
    assert!(listening["admin.addr"].as_str().unwrap().starts_with("127.0.0.1:"));
    let url = format!("http://{}", listening["http.addr"].as_str().unwrap());
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let ask = async |path: &str| {
        send(reqwest::Client::new().get(format!("{url}{path}")).header("traceparent", parent)).await
    };

    ask("/things/7?secret=x").await;
    let line = service.json();
    for (field, expected) in [
        ("message", "request"),
        ("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"),
        ("http.method", "GET"),
        ("http.route", "/things/{id}"),
        ("outcome", "ok"),
    ] {
        assert_eq!(line[field], expected, "{line}");
    }
    assert_eq!((&line["http.status"], &line["upstream.calls"]), (&200.into(), &0.into()));
    assert!(line["duration_ms"].is_number());

    ask("/nowhere/secret").await;
    assert_eq!(service.json()["http.route"], "(no route)");

    ask("/boom").await;
    let panicked = service.json();
    assert_eq!((&panicked["level"], &panicked["message"]), (&"ERROR".into(), &"a request panicked".into()));
    assert_eq!(panicked["panic.message"], "a \"quoted\" reason");
    assert!(panicked["panic.location"].as_str().unwrap().contains("sample_service.rs"));
    let line = service.json();
    assert_eq!(
        (&line["outcome"], &line["error.codes"]),
        (&"internal_error".into(), &"INTERNAL_SERVER_ERROR".into())
    );
    assert_eq!(panicked["trace_id"], line["trace_id"]);

    drop(service.child.stdin.take());
    service.terminate();
    let (code, output, errors) = service.end();
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    assert!(output.contains("draining") && output.trim_end().lines().count() == 2, "{output}");
}

#[tokio::test]
async fn the_text_for_a_terminal_is_short() {
    let mut service = Service::start(&["--set", "log=text", "--set", "drain_lead_ms=0", "--stop-with-stdin"]);
    let line = service.line();
    assert!(line.contains(" INFO  listening http.addr=127.0.0.1:"), "{line}");
    drop(service.child.stdin.take());
    assert_eq!(service.end().0, Some(0), "the end of standard input is a request to stop");
}

#[test]
fn a_wrong_configuration_is_64_with_every_problem() {
    let (code, output, errors) = Service::start(&["--set", "listn=1", "--listen", "nowhere"]).end();
    assert_eq!((code, output.as_str()), (Some(64), ""));
    assert!(errors.contains("2 problems") && errors.contains("did you mean `listen`?"), "{errors}");
    let (code, output, _) = Service::start(&["--check-config"]).end();
    assert_eq!((code, output.as_str()), (Some(0), "sample: the configuration is good\n"));
    let (code, output, _) = Service::start(&["--print-config", "--profile", "development"]).end();
    let printed: toml::Table = output.parse().unwrap();
    assert_eq!((code, printed["profile"].as_str()), (Some(0), Some("development")));
}

#[test]
fn a_taken_port_is_a_message_not_a_panic() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, _, errors) = Service::start(&["--listen", &address]).end();
    assert_eq!(code, Some(1));
    assert!(
        errors.starts_with(&format!("sample: port {} is already taken", taken.local_addr().unwrap().port()))
    );
}
