//! The example of the service's settings.

use toml::{Table, Value};

/// The settings and the shape of each; the service refuses any other.
const KNOWN: &[&str] = &[
    "auth",
    "database_url",
    "grpc_listen",
    "http_listen",
    "jwt",
    "key_file",
    "log",
    "otlp_endpoint",
    "policies_dir",
    "postgres",
    "rate",
    "replica",
    "sources_file",
    "tls",
];
/// The settings that stand in a table.
const TABLES: &[(&str, &[&str])] = &[
    ("auth", &["callers", "require"]),
    ("jwt", &["audience", "issuer", "jwks", "leeway_seconds"]),
    ("log", &["filter", "format"]),
    ("postgres", &["kept_mib"]),
    ("rate", &["calls_per_second"]),
    ("replica", &["max_lag_seconds", "url"]),
    ("tls", &["certificate", "client_ca", "key", "revoked"]),
];

/// The file, with its commented-out settings, is TOML and holds only settings that there are.
pub(super) fn check(text: &str) -> Vec<String> {
    let table: Table = match with_commented_settings(text).parse() {
        Ok(table) => table,
        Err(error) => return vec![format!("not TOML: {error}")],
    };
    let inner = TABLES.iter().flat_map(|(name, known)| {
        let keys = table
            .get(*name)
            .and_then(Value::as_table)
            .into_iter()
            .flat_map(Table::keys);
        keys.filter(|key| !known.contains(&key.as_str()))
    });
    let unknown = table.keys().filter(|key| !KNOWN.contains(&key.as_str()));
    unknown
        .chain(inner)
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
