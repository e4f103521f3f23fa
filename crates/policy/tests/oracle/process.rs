//! The second implementation as a process: JSON lines in, JSON lines out.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A law case and the folder that it would lie in.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Told {
    pub(crate) folder: String,
    pub(crate) case: Value,
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/model/oracle.py")
}

fn python(arguments: &[String]) -> Command {
    let mut command = Command::new("python3");
    // No bytecode beside the sources.
    command
        .arg("-B")
        .arg(script())
        .args(arguments)
        .stderr(Stdio::inherit());
    command
}

/// Random cases with what the second implementation expects.
pub(crate) fn generate(seed: u64, count: usize) -> Vec<Told> {
    let arguments = ["generate".to_owned(), seed.to_string(), count.to_string()];
    let output = python(&arguments).output().expect("python3 is installed");
    assert!(output.status.success(), "oracle.py: {}", output.status);
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a case"))
        .collect()
}

/// A running process that answers changed cases.
pub(crate) struct Oracle {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Oracle {
    pub(crate) fn start() -> Self {
        let mut child = python(&["answer".to_owned()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 is installed");
        let answers = child.stdout.take().expect("a pipe");
        Self {
            questions: child.stdin.take(),
            answers: BufReader::new(answers),
            child,
        }
    }

    /// The case with what it expects now; `None` where the situation cannot be told.
    pub(crate) fn answer(&mut self, told: &Told) -> Option<Told> {
        let line = serde_json::to_string(told).expect("JSON");
        let questions = self.questions.as_mut().expect("a pipe");
        writeln!(questions, "{line}").expect("the process listens");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("an answer");
        serde_json::from_str(&answer).expect("an answer of JSON")
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        // Without questions the process ends by itself.
        self.questions.take();
        drop(self.child.wait());
    }
}
