//! The binary on PostgreSQL.

use std::process::{Command, Output};

use mamagang_crypto::{KeyRing, OsEntropy};
use mamagang_testkit::postgres::PostgresCluster;

fn mamagang(arguments: &[&str], url: &str, key_file: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mamagang"))
        .args(arguments)
        .args(["--database-url", url, "--key-file", key_file])
        .output()
        .expect("the program starts")
}

#[test]
fn migrate_makes_the_schema_that_doctor_and_serve_need() {
    let database = PostgresCluster::start().database();
    let directory = tempfile::TempDir::new().expect("a directory");
    let key_file = directory.path().join("keys").display().to_string();

    let no_keys = mamagang(&["doctor"], &database.url(), &key_file);
    assert!(!no_keys.status.success());
    assert!(String::from_utf8_lossy(&no_keys.stderr).contains("no key file"));

    KeyRing::create(key_file.as_ref(), &mut OsEntropy).expect("a key file");
    let no_schema = mamagang(&["doctor"], &database.url(), &key_file);
    assert!(!no_schema.status.success());
    assert!(String::from_utf8_lossy(&no_schema.stderr).contains("mamagang migrate"));

    for _ in 0..2 {
        let migrated = mamagang(&["migrate"], &database.url(), &key_file);
        assert!(
            migrated.status.success(),
            "{}",
            String::from_utf8_lossy(&migrated.stderr)
        );
    }
    let after = mamagang(&["doctor", "--rebuild"], &database.url(), &key_file);
    assert!(
        after.status.success(),
        "{}",
        String::from_utf8_lossy(&after.stderr)
    );
    assert!(String::from_utf8_lossy(&after.stdout).contains("all equal"));
}
