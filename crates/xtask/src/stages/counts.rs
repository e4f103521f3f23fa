//! What the test runners say at their end.

/// How many tests passed, failed and were left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) passed: u64,
    pub(super) failed: u64,
    pub(super) skipped: u64,
}

/// Whether `cargo nextest` says the outcome of its run or of a test that did not pass.
pub(super) fn is_result_of_nextest(line: &str) -> bool {
    let line = line.trim_start();
    [
        "Summary [",
        "FAIL [",
        "TIMEOUT [",
        "ABORT [",
        "SIGABRT [",
        "SIGSEGV [",
    ]
    .iter()
    .any(|start| line.starts_with(start))
}

/// Whether `cargo test` says the outcome of one of its programs.
pub(super) fn is_result_of_cargo_test(line: &str) -> bool {
    line.starts_with("test result: ")
}

impl Counts {
    /// The sum over closing lines of both runners; other lines count nothing.
    pub(super) fn of<'a>(lines: impl IntoIterator<Item = &'a str>) -> Self {
        let mut counts = Self::default();
        for line in lines {
            let is_summary = line.trim_start().starts_with("Summary [");
            if !is_summary && !is_result_of_cargo_test(line) {
                continue;
            }
            counts.passed += number_before(line, "passed");
            // A test that ran out of time has not passed either.
            counts.failed += number_before(line, "failed") + number_before(line, "timed out");
            counts.skipped += number_before(line, "skipped") + number_before(line, "ignored");
        }
        counts
    }
}

fn number_before(line: &str, word: &str) -> u64 {
    let before = line
        .split([',', ';', ':', '.'])
        .map(str::trim)
        .find_map(|part| part.split_once(&format!(" {word}")));
    before
        .and_then(|(number, _)| number.rsplit(' ').next()?.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_lines_of_both_runners_are_added_up() {
        let lines = [
            "     Summary [   1.204s] 12 tests run: 9 passed (1 slow), 2 failed, 1 timed out, 4 skipped",
            "        FAIL [   0.004s] mamagang-domain month::a_month",
            "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s",
        ];
        assert_eq!(
            Counts::of(lines),
            Counts {
                passed: 14,
                failed: 3,
                skipped: 5
            }
        );
    }

    #[test]
    fn a_single_test_and_other_lines_are_read_right() {
        assert_eq!(
            Counts::of(["Summary [   0.012s] 1 test run: 1 passed, 0 skipped"]).passed,
            1
        );
        assert_eq!(
            Counts::of(["9 passed", "PASS [ 0.1s] a::b_passed"]),
            Counts::default()
        );
    }

    #[test]
    fn closing_lines_are_told_from_the_rest() {
        assert!(is_result_of_nextest(
            "     Summary [   0.012s] 1 test run: 1 passed, 0 skipped"
        ));
        assert!(is_result_of_nextest("        FAIL [   0.004s] a b"));
        assert!(!is_result_of_nextest("        PASS [   0.004s] a b"));
        assert!(!is_result_of_cargo_test("running 3 tests"));
    }
}
