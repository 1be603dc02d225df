//! graphql-js as a child process (tests/judge/README.md).

use kit::Value;
use std::{path::Path, process::Stdio};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

pub struct Judge {
    _child: Child,
    to: ChildStdin,
    from: Lines<BufReader<ChildStdout>>,
}

impl Judge {
    pub async fn start() -> Self {
        Self::of("judge.mjs")
    }

    /// graphql-js 17, of answers in parts.
    pub async fn of_parts() -> Self {
        Self::of("parts.mjs")
    }

    fn of(program: &str) -> Self {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("judge");
        assert!(
            directory.join("node_modules/graphql17").is_dir(),
            "the judge is not installed: npm ci --prefix tests/judge (make test does it)"
        );
        let mut child = Command::new("node")
            .arg(program)
            .current_dir(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node starts");
        let to = child.stdin.take().expect("a pipe");
        let from = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Self { _child: child, to, from }
    }

    /// The verdict on a request, which is one line of JSON.
    pub async fn ask(&mut self, request: &str) -> Value {
        self.to.write_all(request.as_bytes()).await.expect("the judge listens");
        self.to.write_all(b"\n").await.expect("the judge listens");
        let verdict = self.from.next_line().await.expect("the judge speaks").expect("the judge is there");
        serde_json::from_str(&verdict).expect("JSON")
    }
}
