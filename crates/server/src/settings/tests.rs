use std::collections::HashMap;
use std::io;
use std::path::Path;

use super::*;

/// A made-up process.
#[derive(Default)]
struct World {
    flags: SettingFlags,
    variables: HashMap<String, String>,
    files: HashMap<&'static str, String>,
    directories: Vec<&'static str>,
    terminal: bool,
    postgres: bool,
}

impl World {
    fn variable(mut self, setting: Setting, text: &str) -> Self {
        self.variables.insert(setting.variable(), text.to_owned());
        self
    }

    fn file(mut self, text: &str) -> Self {
        self.flags.config = Some("conf.toml".to_owned());
        self.files.insert("conf.toml", text.to_owned());
        self
    }

    fn load(&self) -> Result<Settings, SettingsError> {
        let read_file = |path: &Path| {
            let text = path.to_str().and_then(|path| self.files.get(path));
            text.cloned()
                .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
        };
        let surroundings = Surroundings {
            variable: &|name| self.variables.get(name).cloned(),
            read_file: &read_file,
            is_directory: &|path| {
                self.directories
                    .iter()
                    .any(|directory| Path::new(directory) == path)
            },
            logs_to_terminal: self.terminal,
        };
        let capabilities = Capabilities {
            postgres: self.postgres,
        };
        Settings::load(&self.flags, &surroundings, capabilities)
    }

    fn problems(&self) -> Vec<Problem> {
        self.load()
            .expect_err("a wrong setting was accepted")
            .problems
    }
}

/// The one problem of a setting in the environment.
fn refused(setting: Setting, text: &str) -> Problem {
    let problems = World::default().variable(setting, text).problems();
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.into_iter().next().unwrap()
}

/// With encryption and tokens.
fn secured(world: World) -> World {
    world
        .variable(Setting::TlsCertificate, "server.pem")
        .variable(Setting::TlsKey, "server.key")
        .variable(Setting::JwtJwks, "jwks.json")
        .variable(Setting::JwtIssuer, "https://id")
        .variable(Setting::JwtAudience, "mamagang")
}

#[test]
fn the_settings_of_callers_go_together() {
    let settings = secured(World::default()).load().unwrap();
    let auth = settings.auth.unwrap();
    assert_eq!(auth.jwt.unwrap().leeway, Duration::from_secs(30));
    assert!(auth.tls.unwrap().client_ca.is_none());
    assert!(World::default().load().unwrap().auth.is_none());
    let lacks = |given: &[Setting]| {
        let world = given.iter().fold(World::default(), |world, setting| {
            world.variable(*setting, "x")
        });
        let problems = world.problems();
        problems
            .into_iter()
            .map(|problem| problem.setting)
            .collect::<Vec<_>>()
    };
    use Setting as S;
    assert_eq!(lacks(&[S::TlsCertificate]), ["tls.key"]);
    assert_eq!(lacks(&[S::TlsCertificate, S::TlsKey]), ["jwt.jwks"]);
    assert_eq!(lacks(&[S::JwtJwks]), ["jwt.issuer", "jwt.audience"]);
    assert_eq!(lacks(&[S::TlsRevoked]), ["tls.client_ca"]);
    assert_eq!(
        lacks(&[S::TlsCertificate, S::TlsKey, S::TlsClientCa]),
        ["auth.callers"]
    );
    let both = secured(World::default()).variable(Setting::AuthRequire, "both");
    assert_eq!(both.problems()[0].setting, "auth.require");
    let wrong = secured(World::default())
        .variable(Setting::JwtLeewaySeconds, "301")
        .variable(Setting::AuthRequire, "none")
        .variable(Setting::RateCallsPerSecond, "0");
    assert_eq!(wrong.problems().len(), 3);
}

fn accepted(setting: Setting, text: &str) -> Settings {
    World::default().variable(setting, text).load().unwrap()
}

#[test]
fn as_much_as_is_told_is_kept_of_employers() {
    for (text, mib) in [("0", 0), ("1048576", 1 << 20)] {
        assert_eq!(accepted(Setting::PostgresKeptMib, text).kept_mib, mib);
    }
    for text in ["1048577", "-1", "128 MiB"] {
        let wrong = World::default().variable(Setting::PostgresKeptMib, text);
        assert_eq!(wrong.problems()[0].setting, "postgres.kept_mib", "{text}");
    }
}

#[test]
fn without_sources_the_defaults_hold() {
    let settings = World::default().load().unwrap();
    let expected = Settings {
        database_url: DatabaseUrl::Sqlite("mamagang.db".into()),
        replica: None,
        auth: None,
        kept_mib: 256,
        calls_per_second: 500,
        grpc_listen: "127.0.0.1:50051".parse().unwrap(),
        http_listen: "127.0.0.1:8080".parse().unwrap(),
        keys: KeySource::File("mamagang.db.keys".into()),
        policies_dir: None,
        sources_file: None,
        log: LogSettings {
            format: LogFormat::Json,
            filter: "info".to_owned(),
        },
        otlp_endpoint: None,
        drain: Duration::from_secs(20),
    };
    assert_eq!(settings, expected);
}

#[test]
fn logs_are_text_on_a_terminal_unless_set() {
    let world = World {
        terminal: true,
        ..World::default()
    };
    assert_eq!(world.load().unwrap().log.format, LogFormat::Text);
    let world = world.variable(Setting::LogFormat, "json");
    assert_eq!(world.load().unwrap().log.format, LogFormat::Json);
}

#[test]
fn the_file_goes_before_the_default_the_environment_before_the_file_and_the_flag_before_all() {
    let mut world = World::default().file("drain_seconds = 2");
    assert_eq!(world.load().unwrap().drain, Duration::from_secs(2));
    world = world.variable(Setting::DrainSeconds, "3");
    assert_eq!(world.load().unwrap().drain, Duration::from_secs(3));
    world.flags.drain_seconds = Some("4".to_owned());
    assert_eq!(world.load().unwrap().drain, Duration::from_secs(4));
}

#[test]
fn a_file_may_hold_every_setting_but_its_own_name() {
    let text = r#"
        database_url = "sqlite://data/a.db"
        grpc_listen = "127.0.0.1:1"
        http_listen = "[::1]:2"
        key_file = "data/keys"
        policies_dir = "rules"
        sources_file = "data/sources.toml"
        otlp_endpoint = "http://127.0.0.1:4317"
        drain_seconds = 5
        [log]
        format = "text"
        filter = "warn,mamagang_app=debug"
    "#;
    let world = World {
        directories: vec!["data", "rules"],
        ..World::default()
    }
    .file(text);
    let expected = Settings {
        database_url: DatabaseUrl::Sqlite("data/a.db".into()),
        replica: None,
        auth: None,
        kept_mib: 256,
        calls_per_second: 500,
        grpc_listen: "127.0.0.1:1".parse().unwrap(),
        http_listen: "[::1]:2".parse().unwrap(),
        keys: KeySource::File("data/keys".into()),
        policies_dir: Some("rules".into()),
        sources_file: Some("data/sources.toml".into()),
        log: LogSettings {
            format: LogFormat::Text,
            filter: "warn,mamagang_app=debug".to_owned(),
        },
        otlp_endpoint: Some("http://127.0.0.1:4317".to_owned()),
        drain: Duration::from_secs(5),
    };
    assert_eq!(world.load().unwrap(), expected);

    let problems = World::default().file("config = \"other.toml\"").problems();
    assert_eq!(problems[0].setting, "config");
    assert!(problems[0].expected.starts_with("no such key"));
}

#[test]
fn the_file_may_be_named_in_the_environment() {
    let mut world = World::default()
        .file("drain_seconds = 2")
        .variable(Setting::Config, "conf.toml");
    world.flags.config = None;
    assert_eq!(world.load().unwrap().drain, Duration::from_secs(2));
}

#[test]
fn every_wrong_setting_of_every_source_is_reported_at_once() {
    let mut world = World::default()
        .file("colour = 1\nhttp_listen = \"here\"\ndrain_seconds = \"20\"\n[log]\ncolor = true\nformat = \"xml\"")
        .variable(Setting::GrpcListen, "0.0.0.0:50051")
        .variable(Setting::OtlpEndpoint, "https://collector:4317");
    world.flags.database_url = Some("mysql://clerk:secret@db/mamagang".to_owned());
    let mut lines: Vec<_> = world.problems().iter().map(ToString::to_string).collect();
    lines.sort();
    let keys = "there are database_url, replica.url, replica.max_lag_seconds, postgres.kept_mib, tls.certificate, tls.key, \
                tls.client_ca, tls.revoked, auth.callers, auth.require, jwt.jwks, jwt.issuer, jwt.audience, jwt.leeway_seconds, rate.calls_per_second, \
                grpc_listen, http_listen, key_file, key_command, policies_dir, sources_file, log.format, log.filter, \
                otlp_endpoint, drain_seconds";
    let expected = [
        format!("colour, from conf.toml:colour: expected no such key; {keys}"),
        "database_url, from --database-url: \"mysql://***@db/mamagang\" was given, expected sqlite://PATH".to_owned(),
        "drain_seconds, from conf.toml:drain_seconds: expected a whole number, not a text".to_owned(),
        "grpc_listen, from MAMAGANG_GRPC_LISTEN: \"0.0.0.0:50051\" was given, expected a loopback address, such as \
         127.0.0.1 or [::1]: without encryption and authentication every caller may do everything"
            .to_owned(),
        "http_listen, from conf.toml:http_listen: \"here\" was given, expected an IP address and a port, such as \
         127.0.0.1:50051"
            .to_owned(),
        format!("log.color, from conf.toml:log.color: expected no such key; {keys}"),
        "log.format, from conf.toml:log.format: \"xml\" was given, expected json or text".to_owned(),
        "otlp_endpoint, from MAMAGANG_OTLP_ENDPOINT: \"https://collector:4317\" was given, expected \
         http://HOST:PORT, without user, path or TLS"
            .to_owned(),
    ];
    assert_eq!(lines, expected);
    assert!(
        world
            .load()
            .unwrap_err()
            .to_string()
            .starts_with("8 settings are wrong\n  ")
    );
}

#[test]
fn a_value_that_another_source_overrides_is_not_judged() {
    let mut world = World::default()
        .file("grpc_listen = \"nowhere\"")
        .variable(Setting::DrainSeconds, "never");
    assert_eq!(world.problems().len(), 2);
    world.flags.grpc_listen = Some("127.0.0.1:9".to_owned());
    world.flags.drain_seconds = Some("9".to_owned());
    assert!(world.load().is_ok());
}

#[test]
fn an_empty_variable_counts_as_absent_and_an_empty_flag_does_not() {
    let mut world = World::default();
    for setting in Setting::ALL {
        world = world.variable(setting, "");
    }
    assert_eq!(world.load().unwrap(), World::default().load().unwrap());
    world.flags.otlp_endpoint = Some(String::new());
    world.flags.log_filter = Some(String::new());
    world.flags.key_file = Some(String::new());
    assert_eq!(world.problems().len(), 3);
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let mut world = World::default().variable(Setting::DrainSeconds, "never");
    world.flags.config = Some("gone.toml".to_owned());
    let problems = world.problems();
    assert_eq!(problems.len(), 2);
    assert_eq!(problems[0].source, Source::Flag("--config".to_owned()));
    assert_eq!(problems[0].given.as_deref(), Some("gone.toml"));
}

#[test]
fn a_file_that_is_no_toml_is_refused_with_its_line_and_without_its_text() {
    let world =
        World::default().file("drain_seconds = 2\ndatabase_url = postgres://clerk:secret@db/a\n");
    let error = world.load().unwrap_err();
    assert_eq!(error.problems.len(), 1);
    let place = Source::File {
        path: "conf.toml".to_owned(),
        place: "line 2".to_owned(),
    };
    assert_eq!(error.problems[0].source, place);
    assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
}

#[test]
fn a_table_where_a_value_belongs_is_refused_and_the_other_way_round() {
    for (text, key) in [
        ("log = \"json\"", "log"),
        ("[drain_seconds]\na = 1", "drain_seconds"),
        ("[colours]\nkey = 1", "colours"),
    ] {
        let problems = World::default().file(text).problems();
        assert_eq!(problems.len(), 1, "{text}");
        assert_eq!(problems[0].setting, key);
    }
}

#[test]
fn no_problem_shows_a_password() {
    for text in [
        "postgres://clerk:secret@db/mamagang",
        "postgres://clerk:se@cret@db/mamagang?sslmode=require",
        "postgres:/clerk:secret@db",
        "mysql://db/mamagang?user=clerk&password=secret",
        "host=db user=clerk password=secret",
        "postgres://clerk:%73secret/@db/a?b=secret",
        "secret@",
    ] {
        let problem = refused(Setting::DatabaseUrl, text);
        assert!(
            !format!("{problem} {problem:?}").contains("cret"),
            "{problem}"
        );
    }
    let problem = refused(Setting::OtlpEndpoint, "http://clerk:secret@collector:4317");
    assert_eq!(problem.given.as_deref(), Some("http://***@collector:4317"));
}

#[test]
fn settings_show_no_password() {
    let mut world = World {
        postgres: true,
        ..World::default()
    };
    world.flags.database_url = Some("postgres://clerk:secret@db/mamagang".to_owned());
    world.flags.key_file = Some("keys".to_owned());
    let settings = world.load().unwrap();
    assert!(!format!("{settings:?} {}", settings.database_url).contains("secret"));
    let DatabaseUrl::Postgres(url) = settings.database_url else {
        panic!("not PostgreSQL")
    };
    assert_eq!(url.expose(), "postgres://clerk:secret@db/mamagang");
}

#[test]
fn a_replica_is_a_standby_of_a_postgresql_database_and_late_by_no_more_than_an_hour() {
    let world = |database: &str, replica: &str, lag: &str| {
        World {
            postgres: true,
            ..World::default()
        }
        .variable(Setting::DatabaseUrl, database)
        .variable(Setting::KeyFile, "keys")
        .file(&format!(
            "[replica]\nurl = \"{replica}\"\nmax_lag_seconds = {lag}"
        ))
    };
    let (primary, standby) = ("postgres://db/a", "postgres://clerk:secret@standby/a");
    for (lag, seconds) in [
        ("1", Some(1)),
        ("3600", Some(3_600)),
        ("0", None),
        ("3601", None),
    ] {
        match world(primary, standby, lag).load() {
            Ok(settings) => {
                let replica = settings.replica.expect("a replica");
                assert_eq!(replica.lag_max.as_secs(), seconds.expect(lag));
                assert_eq!(replica.url.expose(), standby);
                assert!(!format!("{replica:?}").contains("secret"));
            }
            Err(error) => {
                assert_eq!(seconds, None, "{error}");
                assert_eq!(error.problems[0].setting, "replica.max_lag_seconds");
            }
        }
    }
    for (database, replica) in [("sqlite://a.db", standby), (primary, "sqlite://b.db")] {
        let problems = World {
            directories: vec![""],
            ..world(database, replica, "5")
        }
        .problems();
        assert_eq!(problems[0].setting, "replica.url", "{problems:?}");
        assert!(!problems[0].to_string().contains("secret"));
    }
    let mut world = world(primary, standby, "5");
    world.flags.config = None;
    assert_eq!(world.load().unwrap().replica, None);
}

#[test]
fn postgresql_is_recognised_and_refused_by_a_build_without_it() {
    for text in ["postgres://db/mamagang", "postgresql://db/mamagang"] {
        let problem = refused(Setting::DatabaseUrl, text);
        assert!(
            problem
                .expected
                .contains("this build has no PostgreSQL backend yet"),
            "{problem}"
        );
    }
}

#[test]
fn a_postgresql_database_needs_a_key_file_by_name() {
    let mut world = World {
        postgres: true,
        ..World::default()
    }
    .variable(Setting::DatabaseUrl, "postgres://db/a");
    assert_eq!(world.problems()[0].setting, "key_file");
    world.flags.key_file = Some("keys".to_owned());
    assert_eq!(world.load().unwrap().keys, KeySource::File("keys".into()));
}

#[test]
fn a_sqlite_path_is_a_file_in_a_directory_that_exists() {
    let world = World {
        directories: vec!["/", "/data"],
        ..World::default()
    };
    for (text, path) in [
        ("sqlite://a.db", Some("a.db")),
        ("sqlite:///a.db", Some("/a.db")),
        ("sqlite:///data/a.db", Some("/data/a.db")),
        ("sqlite:///data", None),
        ("sqlite:///other/a.db", None),
        ("sqlite:///data/a.db/", None),
        ("sqlite://", None),
        ("sqlite://.", None),
        ("sqlite://:memory:", None),
        ("sqlite://a.db?mode=ro", None),
        ("sqlite:a.db", None),
        ("a.db", None),
        ("SQLITE://a.db", None),
    ] {
        let mut world = World {
            directories: world.directories.clone(),
            ..World::default()
        };
        world.flags.database_url = Some(text.to_owned());
        match (world.load(), path) {
            (Ok(settings), Some(path)) => {
                assert_eq!(settings.database_url, DatabaseUrl::Sqlite(path.into()));
                let beside = KeySource::File(format!("{path}.keys").into());
                assert_eq!(settings.keys, beside);
            }
            (Err(error), None) => assert_eq!(error.problems[0].setting, "database_url"),
            (loaded, path) => panic!("{text}: {loaded:?}, expected {path:?}"),
        }
    }
}

#[test]
fn only_loopback_is_listened_on_until_callers_can_be_told_apart() {
    let world = |address: &str, authentication| {
        let world = World::default().variable(Setting::HttpListen, address);
        let world = if authentication {
            secured(world)
        } else {
            world
        };
        world.load()
    };
    for loopback in [
        "127.0.0.1:80",
        "127.9.9.9:80",
        "[::1]:80",
        "[::ffff:127.0.0.1]:80",
        "127.0.0.1:0",
    ] {
        assert!(world(loopback, false).is_ok(), "{loopback}");
    }
    for open in [
        "0.0.0.0:80",
        "[::]:80",
        "128.0.0.1:80",
        "126.255.255.255:80",
        "[::2]:80",
        "[::ffff:10.0.0.1]:80",
    ] {
        assert!(world(open, false).is_err(), "{open}");
        assert!(world(open, true).is_ok(), "{open}");
    }
    for wrong in ["localhost:80", "127.0.0.1", "127.0.0.1:65536", ":80"] {
        assert!(world(wrong, true).is_err(), "{wrong}");
    }
}

#[test]
fn two_listeners_need_two_addresses_unless_the_system_chooses() {
    let both = |address: &str| {
        World::default()
            .variable(Setting::GrpcListen, address)
            .variable(Setting::HttpListen, address)
            .load()
    };
    assert_eq!(
        both("127.0.0.1:7").unwrap_err().problems[0].setting,
        "http_listen"
    );
    assert!(both("127.0.0.1:0").is_ok());
}

#[test]
fn a_drain_lasts_from_one_second_to_ten_minutes() {
    for seconds in ["1", "600"] {
        assert!(accepted(Setting::DrainSeconds, seconds).drain >= Duration::from_secs(1));
    }
    for wrong in ["0", "601", "-1", "2.5", "20s"] {
        refused(Setting::DrainSeconds, wrong);
    }
    assert_eq!(
        World::default().file("drain_seconds = -1").problems()[0]
            .given
            .as_deref(),
        Some("-1")
    );
}

#[test]
fn a_filter_that_does_not_parse_is_refused() {
    accepted(Setting::LogFilter, "debug,mamagang_app=trace");
    refused(Setting::LogFilter, "mamagang_app=loud");
}

#[test]
fn an_endpoint_is_a_plain_origin() {
    for right in [
        "http://127.0.0.1:4317",
        "http://collector:4317/",
        "http://[::1]:4317",
    ] {
        assert_eq!(
            accepted(Setting::OtlpEndpoint, right)
                .otlp_endpoint
                .as_deref(),
            Some(right)
        );
    }
    for wrong in [
        "collector:4317",
        "https://collector:4317",
        "http://collector:4317/v1/traces",
        "http://",
        "grpc://a",
    ] {
        refused(Setting::OtlpEndpoint, wrong);
    }
}

#[test]
fn policies_come_from_a_directory_that_exists() {
    let world = World {
        directories: vec!["rules"],
        ..World::default()
    };
    let world = world.variable(Setting::PoliciesDir, "rules");
    assert_eq!(
        world.load().unwrap().policies_dir.as_deref(),
        Some(Path::new("rules"))
    );
    refused(Setting::PoliciesDir, "rules");
}

#[test]
fn text_that_was_no_unicode_is_refused() {
    assert_eq!(
        refused(Setting::KeyFile, "keys\u{fffd}").expected,
        "text in UTF-8"
    );
}

#[test]
fn the_example_file_of_the_deployment_is_accepted() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/mamagang.example.toml");
    let Ok(text) = std::fs::read_to_string(path) else {
        return;
    };
    let table: toml::Table = text.parse().unwrap();
    assert!(!table.is_empty(), "the example sets nothing");
    let named = |key: &str| table.get(key).and_then(toml::Value::as_str);
    let database = named("database_url").and_then(|url| url.strip_prefix("sqlite://"));
    let files: Vec<_> = [database, named("key_file")]
        .into_iter()
        .flatten()
        .collect();
    let world = World::default().file(&text);
    let surroundings = Surroundings {
        variable: &|_| None,
        read_file: &|_| Ok(text.clone()),
        // The directories are those of the machine that it is installed on; the files that it names are none.
        is_directory: &|path| !files.iter().any(|file| Path::new(file) == path),
        logs_to_terminal: false,
    };
    if let Err(error) = Settings::load(&world.flags, &surroundings, Capabilities::OF_THIS_BUILD) {
        panic!("{error}");
    }
}

#[test]
fn keys_come_from_one_place_and_are_never_shown() {
    let text = "version = 1\nsecret = \"hunter2\"";
    let settings = World::default()
        .variable(Setting::Keys, text)
        .load()
        .unwrap();
    assert!(matches!(settings.keys, KeySource::Environment(_)));
    assert!(!format!("{settings:?}").contains("hunter2"));

    let command = "/usr/bin/secrets get mamagang";
    let settings = World::default()
        .variable(Setting::KeyCommand, command)
        .load()
        .unwrap();
    let words = ["/usr/bin/secrets", "get", "mamagang"].map(str::to_owned);
    assert_eq!(settings.keys, KeySource::Command(words.to_vec()));
    assert_eq!(
        refused(Setting::KeyCommand, "secrets").setting,
        "key_command"
    );

    let both = World::default()
        .variable(Setting::Keys, text)
        .variable(Setting::KeyCommand, command);
    let problems = both.problems();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(!problems[0].to_string().contains("hunter2"));
    let unreadable = World::default().variable(Setting::Keys, "hunter2\u{fffd}");
    assert!(!unreadable.problems()[0].to_string().contains("hunter2"));
    // A file is read by more people than an environment.
    let in_a_file = World::default().file("keys = \"hunter2\"");
    assert!(!in_a_file.problems()[0].to_string().contains("hunter2"));
}

#[test]
fn a_postgresql_database_may_have_its_keys_from_a_command() {
    let mut world = World::default()
        .variable(Setting::DatabaseUrl, "postgres://db/mamagang")
        .variable(Setting::KeyCommand, "/usr/bin/secrets");
    world.postgres = true;
    assert!(world.load().is_ok());
}
