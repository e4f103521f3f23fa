//! The file of sources: which ones a deployment asks, and how.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use mamagang_domain::fact::PersonCategory;
use serde::Deserialize;

use crate::gateway::GatewayOptions;
use crate::sign::{HeaderNames, SignedDigest};

/// Sources of a deployment.
const SOURCES_MAX: usize = 16;
/// Characters of a name.
const NAME_CHARS_MAX: usize = 60;

/// Every source that is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SourceSettings {
    /// Gateways.
    pub gateway: Vec<GatewaySettings>,
    /// Nightly lists.
    pub list: Vec<ListSettings>,
}

/// A gateway. What is not told is as in [`GatewayOptions::at`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewaySettings {
    /// Its name in answers and logs.
    pub name: String,
    /// The categories that it keeps the register of.
    pub categories: Vec<PersonCategory>,
    /// `IP:PORT` on loopback: numbers and names leave the machine through the TLS proxy there.
    pub address: String,
    /// The path that is asked.
    #[serde(default = "path")]
    pub path: String,
    /// The id under which the gateway knows this service.
    pub application: String,
    /// A file that holds the secret, alone, without a line end.
    pub secret_file: PathBuf,
    /// The hash function of signatures: `sha256` or `sm3`.
    #[serde(default)]
    pub digest: SignedDigest,
    /// Names of the headers.
    #[serde(default)]
    pub headers: HeaderNames,
    /// How long one try may take (milliseconds).
    #[serde(default = "timeout_ms")]
    pub timeout_ms: u64,
    /// How long all questions of a call may take (milliseconds).
    #[serde(default = "call_timeout_ms")]
    pub call_timeout_ms: u64,
    /// Tries of one question.
    #[serde(default = "tries_max")]
    pub tries_max: u32,
    /// Failures in a row after which it is left alone.
    #[serde(default = "failures_max")]
    pub failures_max: u32,
    /// For how long (seconds).
    #[serde(default = "rest_s")]
    pub rest_s: u64,
    /// For how long an answer may be given again (seconds).
    #[serde(default = "kept_for_s")]
    pub kept_for_s: u64,
    /// Questions of one call that are asked at the same time.
    #[serde(default = "parallel_max")]
    pub parallel_max: usize,
}

fn path() -> String {
    "/status".to_owned()
}
const fn timeout_ms() -> u64 {
    3_000
}
const fn call_timeout_ms() -> u64 {
    10_000
}
const fn tries_max() -> u32 {
    2
}
const fn failures_max() -> u32 {
    5
}
const fn rest_s() -> u64 {
    30
}
const fn kept_for_s() -> u64 {
    600
}
const fn parallel_max() -> usize {
    8
}

/// Whose list it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListKind {
    /// 失业登记.
    UnemploymentSpell,
    /// 脱贫人口 and 防止返贫监测对象.
    PovertyStatus,
}

impl ListKind {
    /// The kind of fact that its rows are, by its name in the contract.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnemploymentSpell => "unemployment_spell",
            Self::PovertyStatus => "poverty_status",
        }
    }

    /// The categories that it is the register of.
    pub fn categories(self) -> Vec<PersonCategory> {
        match self {
            Self::UnemploymentSpell => vec![PersonCategory::RegisteredUnemployed],
            Self::PovertyStatus => vec![
                PersonCategory::LiftedFromPoverty,
                PersonCategory::PovertyMonitored,
            ],
        }
    }
}

/// A list that is drawn every night.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListSettings {
    /// Its name in answers and logs.
    pub name: String,
    /// Whose list it is.
    pub kind: ListKind,
    /// Where the lists are put. The one in force is that of the latest day in a file's name, as in
    /// `失业登记-2024-02-01.xlsx`.
    pub directory: PathBuf,
    /// For how many days after the day on which it was drawn a list is asked.
    #[serde(default = "days_max")]
    pub days_max: i32,
}

const fn days_max() -> i32 {
    3
}

/// What is wrong in the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: expected {expected}")]
pub struct SettingsProblem {
    /// Where.
    pub place: String,
    /// What should be there; never what is.
    pub expected: String,
}

impl SourceSettings {
    /// Reads the file's text.
    ///
    /// # Errors
    /// All problems at once; of text that is no such file, the first.
    pub fn parse(text: &str) -> Result<Self, Vec<SettingsProblem>> {
        let settings: Self = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.unwrap_or_default().matches('\n').count() + 1;
            // The error's own display quotes the line.
            let expected = format!("a file of sources ({})", error.message());
            vec![problem(format!("line {line}"), expected)]
        })?;
        let problems = settings.problems();
        if problems.is_empty() {
            Ok(settings)
        } else {
            Err(problems)
        }
    }

    fn problems(&self) -> Vec<SettingsProblem> {
        let mut problems = Vec::new();
        let mut names: Vec<&str> = Vec::new();
        let gateways = self.gateway.iter().map(|it| it.name.as_str());
        for name in gateways.chain(self.list.iter().map(|it| it.name.as_str())) {
            let is_line = !name.contains(char::is_control) && !name.trim().is_empty();
            if !is_line || name.chars().count() > NAME_CHARS_MAX {
                problems.push(problem(
                    "name",
                    format!("a line of 1 to {NAME_CHARS_MAX} characters"),
                ));
            }
            if names.contains(&name) {
                problems.push(problem(name, "a name that no other source has"));
            }
            names.push(name);
        }
        if names.len() > SOURCES_MAX {
            problems.push(problem("sources", format!("{SOURCES_MAX} at most")));
        }
        for gateway in &self.gateway {
            gateway.judge(&mut problems);
        }
        for list in &self.list {
            bound(
                &mut problems,
                &list.name,
                "days_max",
                list.days_max.into(),
                (0, 366),
            );
        }
        problems
    }
}

impl GatewaySettings {
    fn judge(&self, problems: &mut Vec<SettingsProblem>) {
        let place = |field: &str| format!("{}.{field}", self.name);
        let address: Result<SocketAddr, _> = self.address.parse();
        if !address.is_ok_and(|address| address.ip().is_loopback()) {
            problems.push(problem(
                place("address"),
                "a loopback address and a port: what leaves the machine goes through a TLS proxy beside the service",
            ));
        }
        if self.categories.is_empty() {
            problems.push(problem(place("categories"), "one category at least"));
        }
        if !self.path.starts_with('/') || self.path.parse::<http::Uri>().is_err() {
            problems.push(problem(place("path"), "a path that begins with /"));
        }
        let headers = [
            &self.headers.application,
            &self.headers.timestamp,
            &self.headers.nonce,
            &self.headers.signature,
        ];
        if headers
            .iter()
            .any(|name| name.parse::<http::HeaderName>().is_err())
        {
            problems.push(problem(place("headers"), "names of HTTP headers"));
        }
        if self.application.parse::<http::HeaderValue>().is_err() {
            problems.push(problem(place("application"), "the value of an HTTP header"));
        }
        let bounds = [
            ("timeout_ms", self.timeout_ms, (10, 30_000)),
            ("call_timeout_ms", self.call_timeout_ms, (10, 60_000)),
            ("tries_max", self.tries_max.into(), (1, 10)),
            ("failures_max", self.failures_max.into(), (1, 1_000)),
            ("rest_s", self.rest_s, (1, 3_600)),
            ("kept_for_s", self.kept_for_s, (0, 86_400)),
            ("parallel_max", self.parallel_max as u64, (1, 64)),
        ];
        for (field, value, range) in bounds {
            let value = i64::try_from(value).unwrap_or(i64::MAX);
            bound(problems, &self.name, field, value, range);
        }
    }

    /// As the gateway takes them.
    pub fn options(&self) -> GatewayOptions {
        GatewayOptions {
            categories: self.categories.clone(),
            path: self.path.clone(),
            timeout: Duration::from_millis(self.timeout_ms),
            call_timeout: Duration::from_millis(self.call_timeout_ms),
            tries_max: self.tries_max,
            failures_max: self.failures_max,
            rest: Duration::from_secs(self.rest_s),
            kept_for: Duration::from_secs(self.kept_for_s),
            parallel_max: self.parallel_max,
            ..GatewayOptions::at(&self.name, &self.address)
        }
    }
}

fn problem(place: impl Into<String>, expected: impl Into<String>) -> SettingsProblem {
    SettingsProblem {
        place: place.into(),
        expected: expected.into(),
    }
}

fn bound(
    problems: &mut Vec<SettingsProblem>,
    name: &str,
    field: &str,
    value: i64,
    (min, max): (i64, i64),
) {
    if !(min..=max).contains(&value) {
        problems.push(problem(
            format!("{name}.{field}"),
            format!("{min} to {max}"),
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GATEWAY: &str = r#"
        [[gateway]]
        name = "失业登记"
        categories = ["REGISTERED_UNEMPLOYED"]
        address = "127.0.0.1:9090"
        application = "app"
        secret_file = "gateway.secret"
    "#;

    #[test]
    fn a_gateway_and_a_list_are_read_with_the_usual_values_for_the_rest() {
        let text = format!(
            "{GATEWAY}\n[[list]]\nname = \"脱贫人口\"\nkind = \"poverty_status\"\ndirectory = \"lists\""
        );
        let settings = SourceSettings::parse(&text).expect("settings");
        let options = settings.gateway[0].options();
        let usual = GatewayOptions::at("失业登记", "127.0.0.1:9090");
        assert_eq!(options.timeout, usual.timeout);
        assert_eq!(options.call_timeout, usual.call_timeout);
        assert_eq!((options.tries_max, options.failures_max), (2, 5));
        assert_eq!(
            (options.rest, options.kept_for),
            (usual.rest, usual.kept_for)
        );
        assert_eq!(settings.list[0].days_max, 3);
        assert_eq!(SourceSettings::parse(""), Ok(SourceSettings::default()));
    }

    #[test]
    fn every_wrong_value_is_told_at_once() {
        let text = r#"
            [[gateway]]
            name = "甲"
            categories = []
            address = "10.0.0.1:80"
            path = "status"
            application = "a\nb"
            secret_file = "x"
            headers = { nonce = "x nonce" }
            timeout_ms = 9
            call_timeout_ms = 60001
            tries_max = 0
            failures_max = 0
            rest_s = 0
            kept_for_s = 86401
            parallel_max = 65
            [[list]]
            name = "甲"
            kind = "unemployment_spell"
            directory = "."
            days_max = -1
        "#;
        let problems = SourceSettings::parse(text).expect_err("wrong");
        let places: Vec<&str> = problems.iter().map(|it| it.place.as_str()).collect();
        assert_eq!(
            places,
            [
                "甲",
                "甲.address",
                "甲.categories",
                "甲.path",
                "甲.headers",
                "甲.application",
                "甲.timeout_ms",
                "甲.call_timeout_ms",
                "甲.tries_max",
                "甲.failures_max",
                "甲.rest_s",
                "甲.kept_for_s",
                "甲.parallel_max",
                "甲.days_max",
            ]
        );
    }

    #[test]
    fn both_ends_of_every_range_are_allowed() {
        for rest in [
            "timeout_ms = 10\ncall_timeout_ms = 10\ntries_max = 1\nfailures_max = 1\nrest_s = 1\nkept_for_s = 0\nparallel_max = 1",
            "timeout_ms = 30000\ncall_timeout_ms = 60000\ntries_max = 10\nfailures_max = 1000\nrest_s = 3600\nkept_for_s = 86400\nparallel_max = 64",
        ] {
            let text = format!("{GATEWAY}\n{rest}");
            assert!(SourceSettings::parse(&text).is_ok(), "{rest}");
        }
    }

    #[test]
    fn a_misspelled_key_is_refused_without_quoting_the_line() {
        let text = GATEWAY.replace("secret_file", "secret");
        let problems = SourceSettings::parse(&text).expect_err("wrong");
        assert!(problems[0].place.starts_with("line "), "{problems:?}");
        assert!(!problems[0].to_string().contains("gateway.secret"));
    }
}
