//! The demo's figures equal those of the independent model in `tests/model`.
//!
//! The model is written in another language and shares no code with the service. It does share the
//! readings of ADR 0008 where the rules are silent, so it finds errors of execution, not of those
//! readings. The demo plays the sample city through gRPC; the model reads the same files.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("the workspace")
        .to_owned()
}

fn json_of(command: &mut Command) -> Value {
    let output = command
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn rows<'a>(value: &'a Value, name: &str) -> &'a Vec<Value> {
    value[name]
        .as_array()
        .unwrap_or_else(|| panic!("no list {name}"))
}

/// The named fields of a row, for comparison.
fn only(row: &Value, fields: &[&str]) -> Vec<Value> {
    fields.iter().map(|field| row[*field].clone()).collect()
}

#[test]
fn the_demo_and_the_independent_model_agree_on_every_figure() {
    let root = root();
    let demo = json_of(
        Command::new(env!("CARGO_BIN_EXE_mamagang"))
            .args(["demo", "--json"])
            .current_dir(&root),
    );
    let script = root.join("tests/model/model.py");
    let model = json_of(
        Command::new("python3")
            .arg(script)
            .arg("examples/zhongshan-2023")
            .current_dir(&root),
    );

    let (checked, expected) = (rows(&demo, "checks"), rows(&model, "checks"));
    assert_eq!(checked.len(), expected.len());
    assert!(checked.len() >= 300);
    for (ours, theirs) in checked.iter().zip(expected) {
        let fields = ["row_key", "outcome", "months", "total_fen"];
        assert_eq!(
            only(ours, &fields),
            only(theirs, &fields),
            "check {}",
            ours["row_key"]
        );
        // Of a hire that no policy covers the service tells neither category nor start.
        let is_encoded = !rows(ours, "months")
            .iter()
            .all(|month| month["reason"] == "POLICY_NOT_ENCODED");
        if ours["outcome"] != "INELIGIBLE" && is_encoded {
            let fields = ["category", "start_month"];
            assert_eq!(
                only(ours, &fields),
                only(theirs, &fields),
                "check {}",
                ours["row_key"]
            );
        }
    }
    assert_eq!(demo["counts"], model["counts"]);

    let (posted, expected) = (rows(&demo, "declarations"), rows(&model, "declarations"));
    assert_eq!(posted.len(), expected.len());
    for (ours, theirs) in posted.iter().zip(expected) {
        let fields = ["employer_code", "period", "release", "lines"];
        assert_eq!(
            only(ours, &fields),
            only(theirs, &fields),
            "{} {}",
            ours["employer_code"],
            ours["period"]
        );
    }

    let (settled, expected) = (rows(&demo, "employers"), rows(&model, "employers"));
    assert_eq!(settled.len(), expected.len());
    for (ours, theirs) in settled.iter().zip(expected) {
        let fields = [
            "employer_code",
            "tax_year",
            "months_booked",
            "entitled_fen",
            "deducted_fen",
            "cit_payable_fen",
            "cit_fen",
            "forfeited_fen",
            "over_deducted_fen",
        ];
        assert_eq!(
            only(ours, &fields),
            only(theirs, &fields),
            "{}",
            ours["employer_code"]
        );
    }
}
