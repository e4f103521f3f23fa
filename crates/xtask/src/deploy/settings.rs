//! The example of the service's settings.

use toml::{Table, Value};

/// The settings and the shape of each; the service refuses any other.
const KNOWN: &[&str] = &[
    "database_url",
    "grpc_listen",
    "http_listen",
    "key_file",
    "log",
    "otlp_endpoint",
    "policies_dir",
];
const LOG: &[&str] = &["filter", "format"];

/// The file, with its commented-out settings, is TOML and holds only settings that there are.
pub(super) fn check(text: &str) -> Vec<String> {
    let table: Table = match with_commented_settings(text).parse() {
        Ok(table) => table,
        Err(error) => return vec![format!("not TOML: {error}")],
    };
    let log = table
        .get("log")
        .and_then(Value::as_table)
        .into_iter()
        .flat_map(Table::keys)
        .filter(|key| !LOG.contains(&key.as_str()));
    let unknown = table.keys().filter(|key| !KNOWN.contains(&key.as_str()));
    unknown
        .chain(log)
        .map(|key| format!("there is no setting {key}"))
        .collect()
}

/// A line `#key = value` shows a setting at its default; prose has a blank behind the `#`.
fn with_commented_settings(text: &str) -> String {
    let shown = |line: &str| match line.strip_prefix('#') {
        Some(setting) if setting.starts_with(|first: char| first.is_ascii_lowercase()) => {
            setting.to_owned()
        }
        _ => line.to_owned(),
    };
    text.lines().map(shown).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_settings_pass_commented_out_or_not() {
        assert_eq!(
            check(
                "# prose = not read\ngrpc_listen = \"a\"\n#key_file = \"b\"\n[log]\nformat = \"json\"\n"
            ),
            [""; 0]
        );
    }

    #[test]
    fn unknown_settings_and_broken_lines_are_found() {
        assert_eq!(
            check("grpc_port = 1\n#http_port = 2\n[log]\nlevel = \"info\"\n").len(),
            3
        );
        assert_eq!(check("grpc_listen = \n").len(), 1);
    }
}
