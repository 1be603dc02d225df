//! The real binary as a process that can be killed.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::world::command;

pub struct Process {
    child: Child,
    pub url: String,
}

impl Process {
    /// Starts on a free port and waits for the line that says which.
    pub fn start(database: &Path, issuer: &str) -> Self {
        let mut child = command(database)
            .args(["--listen", "127.0.0.1:0", "--set", "log=json", "--set", &format!("auth.issuer={issuer}")])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = loop {
            let line: Value = serde_json::from_str(&lines.next().expect("it listens").unwrap()).unwrap();
            if line["message"] == "listening" {
                break line["http.addr"].as_str().unwrap().to_owned();
            }
        };
        // Whatever else it says is not to fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url: format!("http://{address}") }
    }

    /// SIGKILL: no handler runs, nothing is flushed.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
