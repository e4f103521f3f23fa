//! Mutation testing: every small change of the rules should fail a test. What survived and why it
//! may is in `docs/mutation.md`.

use anyhow::Result;

use crate::process;
use crate::repo::Repo;

/// The rules that are mutated: eligibility, months, allocation and the subsidies.
const FILES: &[&str] = &[
    "crates/domain/src/key_group/assess.rs",
    "crates/domain/src/key_group/category.rs",
    "crates/domain/src/key_group/hire.rs",
    "crates/domain/src/key_group/notice.rs",
    "crates/domain/src/key_group/projection.rs",
    "crates/domain/src/key_group/terms.rs",
    "crates/domain/src/ledger/allocation.rs",
    "crates/domain/src/month.rs",
    "crates/domain/src/subsidy/assess.rs",
    "crates/domain/src/subsidy/claim.rs",
    "crates/domain/src/subsidy/engagement.rs",
    "crates/domain/src/subsidy/training.rs",
];

/// The tests that are to notice: the units, the law cases, the second implementation.
const TESTS: &str = "kind(lib) | binary(law_cases) | binary(oracle) | binary(unconfirmed)";

/// Runs `cargo mutants` over the rules, in a copy of the checkout; results go to `target/mutants`.
/// `arguments` are passed on, such as `--shard 0/4`.
pub(crate) fn run(repo: &Repo, arguments: &[String]) -> Result<()> {
    if process::on_path("cargo-mutants").is_none() {
        let install = ["install", "cargo-mutants", "--locked"];
        repo.cargo().args(install).run()?;
    }
    let mut command = repo.cargo().args([
        "mutants",
        "-p",
        "mamagang-domain",
        "--test-package",
        "mamagang-domain",
        "--test-package",
        "mamagang-policy",
        "--test-tool",
        "nextest",
        "-j1",
        "--timeout",
        "120",
        "--build-timeout",
        "400",
        "-o",
        "target/mutants",
    ]);
    for file in FILES {
        command = command.args(["-f", file]);
    }
    command.args(arguments).args(["--", "-E", TESTS]).run()
}
