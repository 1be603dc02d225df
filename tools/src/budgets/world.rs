//! A demo world of one size: the real services over databases of their own, on free ports, and the real BFFs before them.

use std::{collections::HashMap, net::TcpListener, time::Duration};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc;

use super::{Args, Failure, compare::Cost, operations::Operation};
use crate::{
    demo,
    dev::{
        self,
        config::{self, Configured},
        discover,
        output::{Output, Said},
        process::{Exit, Process},
        ready, seed, table,
    },
};

/// How often an operation is asked, if an upstream does not answer in time: the machine may be busy.
const ATTEMPTS: u32 = 3;

const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// Running services. Dropping it ends them.
pub(super) struct World {
    bffs: Vec<(Configured, Option<String>)>,
    client: reqwest::Client,
    processes: Vec<Process>,
    exited: mpsc::UnboundedReceiver<Exit>,
    said: mpsc::UnboundedReceiver<Said>,
    _folder: TempDir,
}

/// The header that carries an answer's trace id, which is in the log lines of all that took part in it.
const TRACE_ID: &str = "x-trace-id";

impl World {
    /// Generates and imports the demo data of that many tracks and users, and starts everything.
    pub(super) async fn start(args: &Args, (scale, users): (u32, u32)) -> Result<Self, Failure> {
        let folder = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
        let data = folder.path().join("demo");
        demo::run(&demo::Args { out: data.clone(), scale, users })
            .map_err(|error| format!("demo data is not written: {error}"))?;

        let mut found = discover::services(&dev::Args::of(args.root.clone(), args.bin.clone()))?;
        let mut ports = free_ports(found.len() * 2)?.into_iter();
        for service in &mut found {
            let mut set = |pair: String| service.arguments.extend(["--set".to_owned(), pair]);
            set("log=json".to_owned());
            for key in ["listen", "admin"] {
                if let Some(port) = ports.next() {
                    set(format!("{key}=127.0.0.1:{port}"));
                }
            }
            if service.is_bff {
                // What is counted is not how fast this machine is.
                set("deadline_ms=10000".to_owned());
                // Nor what other operations have left behind.
                set("sharing.batches_in_flight=0".to_owned());
                set("cache.rows_bytes=0".to_owned());
            } else {
                set(format!("database={}", folder.path().join(format!("{}.db", service.name)).display()));
            }
        }
        let services = config::ask(found).await?;
        let (output, said) = Output::heard();
        let imports = services.iter().filter(|service| !service.is_bff);
        futures::future::try_join_all(
            imports.map(|service| seed::import(service, folder.path(), &data, &output)),
        )
        .await?;

        let (exits, mut exited) = mpsc::unbounded_channel::<Exit>();
        let mut processes = Vec::new();
        for is_bff in [false, true] {
            let wave: Vec<&Configured> = services.iter().filter(|service| service.is_bff == is_bff).collect();
            for service in &wave {
                processes.push(Process::start(service, &[], &output, exits.clone())?);
            }
            tokio::select! {
                ready = ready::wait(&wave, &output) => ready?,
                Some(exit) = exited.recv() => return Err(exit.explained().await),
            }
        }
        let mut bffs = Vec::new();
        for bff in services.into_iter().filter(|service| service.is_bff) {
            let token = table::token(&bff).await;
            bffs.push((bff, token));
        }
        Ok(Self { bffs, client: ready::client()?, processes, exited, said, _folder: folder })
    }

    /// Runs an operation, and returns what it cost.
    pub(super) async fn ask(&self, operation: &Operation, variables: Value) -> Result<Cost, Failure> {
        let Operation { bff, name, document, .. } = operation;
        let (at, token) = self
            .bffs
            .iter()
            .find(|(service, _)| service.name == *bff)
            .ok_or_else(|| format!("schema/{bff} has operations, and there is no services/{bff}"))?;
        let body = json!({"query": document, "operationName": name, "variables": variables});
        let mut said = String::new();
        for _ in 0..ATTEMPTS {
            let request = self.client.post(format!("{}/graphql", at.url()));
            let request = token.iter().fold(request, |request, token| request.bearer_auth(token));
            let request = request.header("content-type", "application/json").body(body.to_string());
            #[expect(clippy::disallowed_methods, reason = "a tool is a client, not a BFF")]
            let response = request.send().await.map_err(|error| format!("{bff} does not answer: {error}"))?;
            let trace_id =
                response.headers().get(TRACE_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
            said = response.text().await.map_err(|error| format!("{bff}'s answer breaks off: {error}"))?;
            let answer: Value = serde_json::from_str(&said).unwrap_or_default();
            match counted(&answer) {
                Ok(cost) => return Ok(Cost { trace_id: trace_id.unwrap_or_default(), ..cost }),
                Err(failure) if failure.again => {}
                Err(failure) => return Err(format!("{bff} {name}: {}: {said}", failure.text)),
            }
        }
        Err(format!("{bff} {name}: upstreams did not answer in {ATTEMPTS} attempts: {said}"))
    }

    /// Ends everything, the BFFs first, and tells how many requests the services behind them were sent, by trace id: their
    /// own count, not the engine's.
    pub(super) async fn stop(mut self) -> HashMap<String, u32> {
        let started = self.processes.len();
        dev::stop(self.processes, STOP_TIMEOUT).await;
        for _ in 0..started {
            if let Some(exit) = self.exited.recv().await {
                exit.read_out().await;
            }
        }
        let mut requests = HashMap::new();
        while let Ok(Said { by, line }) = self.said.try_recv() {
            if !self.bffs.iter().any(|(bff, _)| bff.name == by)
                && let Some(trace_id) = request_line(&line)
            {
                *requests.entry(trace_id).or_default() += 1;
            }
        }
        requests
    }
}

/// The trace id of a line that tells of a request.
fn request_line(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).ok()?;
    (line["target"] == "bff::request").then(|| line["trace_id"].as_str().map(str::to_owned))?
}

/// An answer that says nothing about its operation's cost.
#[derive(Debug, PartialEq, Eq)]
struct Uncounted {
    text: &'static str,
    /// Another attempt may.
    again: bool,
}

/// The cost of a whole answer: what is missing in another might have cost more.
fn counted(answer: &Value) -> Result<Cost, Uncounted> {
    let uncounted = |text, again| Uncounted { text, again };
    if let Some(errors) = answer["errors"].as_array() {
        let late = |error: &Value| {
            matches!(error["extensions"]["code"].as_str(), Some("UPSTREAM_UNAVAILABLE" | "DEADLINE_EXCEEDED"))
        };
        return Err(uncounted(
            "it answers with errors; has it the right `variables`?",
            errors.iter().all(late),
        ));
    }
    let extensions = &answer["extensions"];
    if extensions["degraded"].is_array() {
        return Err(uncounted("its answer is degraded", true));
    }
    if answer["data"].as_object().is_none_or(|roots| roots.values().any(Value::is_null)) {
        return Err(uncounted("it finds nothing; has it the right `variables`?", false));
    }
    serde_json::from_value(extensions["fanout"].clone())
        .map_err(|_| uncounted("it does not tell its cost in extensions.fanout", false))
}

/// Ports that nobody uses at the moment, all different.
fn free_ports(count: usize) -> Result<Vec<u16>, Failure> {
    let held: std::io::Result<Vec<TcpListener>> =
        (0..count).map(|_| TcpListener::bind("127.0.0.1:0")).collect();
    let ports = held.and_then(|held| held.iter().map(|port| Ok(port.local_addr()?.port())).collect());
    ports.map_err(|error: std::io::Error| format!("no free ports: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_counted_for_its_trace() {
        let line =
            |target: &str| json!({"target": target, "trace_id": "4bf9", "message": "request"}).to_string();
        assert_eq!(request_line(&line("bff::request")), Some("4bf9".to_owned()));
        assert_eq!(request_line(&line("bff::app")), None);
        assert_eq!(request_line("import: artists: 3 rows"), None);
    }

    #[test]
    fn only_a_whole_answer_tells_what_an_operation_costs() {
        let edge = json!({"edge": "a", "question": "AById", "upstream": "shop", "wave": 1, "calls": 1, "keys": 1,
            "asked": 1, "callsAtWorst": 1});
        let fanout = json!({"waves": 1, "calls": 1, "edges": [edge]});
        let whole = json!({"data": {"a": {}}, "extensions": {"fanout": fanout}});
        assert_eq!(counted(&whole).map(|cost| (cost.calls(), cost.waves())), Ok((1, 1)));

        let with = |key: &str, value: Value| {
            let mut answer = whole.clone();
            answer[key] = value;
            counted(&answer).map_err(|failure| failure.again)
        };
        let error = |code: &str| json!([{"message": "", "extensions": {"code": code}}]);
        assert_eq!(with("errors", error("UPSTREAM_UNAVAILABLE")), Err(true));
        assert_eq!(with("errors", error("BAD_USER_INPUT")), Err(false));
        assert_eq!(with("data", json!({"a": null})), Err(false));
        assert_eq!(with("extensions", json!({})), Err(false));
        assert_eq!(with("extensions", json!({"degraded": [], "fanout": {"edges": []}})), Err(true));
    }
}
