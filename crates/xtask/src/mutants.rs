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

/// The tests that are to notice: the units of the rules, the law cases with their properties, the
/// second implementation, the walk over what is not established. The first program that fails ends
/// the rest. Examples in documents are left out: there are none, and each is a build of its own.
const TESTS: &str = "--cargo-arg=--tests";

/// Tests of those packages that no rule can fail and that take seconds: how policy files are read,
/// checked and hashed.
const SKIPPED: &[&str] = &["lint::", "report::", "version::"];

/// Random cases of each property: a property that needs more to notice a change is a weak test.
const RANDOM_CASES: &str = "64";

/// Runs `cargo mutants` over the rules, in a copy of the checkout; results go to `target/mutants`.
/// `arguments` are passed on, such as `--shard 0/4`.
pub(crate) fn run(repo: &Repo, arguments: &[String]) -> Result<()> {
    if process::on_path("cargo-mutants").is_none() {
        let install = ["install", "cargo-mutants", "--locked"];
        repo.cargo().args(install).run()?;
    }
    let mut command = repo
        .cargo()
        // What is built some hundred times is linked without what a debugger reads.
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_INCREMENTAL", "1")
        .env("PROPTEST_CASES", RANDOM_CASES)
        .args([
            "mutants",
            "-p",
            "mamagang-domain",
            "--test-package",
            "mamagang-domain",
            "--test-package",
            "mamagang-policy",
            "-j2",
            "--timeout",
            "60",
            "--build-timeout",
            "400",
            "-o",
            "target/mutants",
        ]);
    for file in FILES {
        command = command.args(["-f", file]);
    }
    command = command.args([TESTS]).args(arguments).args(["--", "--"]);
    for tests in SKIPPED {
        command = command.args(["--skip", tests]);
    }
    command.run()
}
