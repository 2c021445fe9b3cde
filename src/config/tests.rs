//! The order of the sources, what is refused, and what is shown.

use std::fs;
use std::path::PathBuf;

use super::{Config, Format, KNOWN, Origin, Sources};

/// A settings file of its own for one test, so that no `usher.toml` of the developer is read.
struct File(PathBuf);

impl File {
    fn new(test: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("usher-{test}-{}", std::process::id()));
        fs::write(&path, text).unwrap();
        Self(path)
    }

    fn load(&self, environment: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Config, String> {
        let owned = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(key, value)| (String::from(*key), String::from(*value)))
                .collect()
        };
        let sources = Sources {
            file: Some(self.0.clone()),
            environment: owned(environment),
            flags: owned(flags),
        };
        Config::load(&sources)
            .map_err(|error| error.to_string().replace(self.0.to_str().unwrap(), "FILE"))
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn every_setting_has_a_default() {
    let file = File::new("defaults", "");
    let settings = file.load(&[], &[]).unwrap().describe();
    let shown: Vec<(&str, Option<&str>)> = settings
        .iter()
        .map(|setting| (setting.key, setting.value.as_deref()))
        .collect();
    assert_eq!(
        shown,
        [
            ("listen", Some("127.0.0.1:8080")),
            ("public_url", Some("http://127.0.0.1:8080")),
            ("metrics_listen", None),
            ("trusted_proxies", None),
            ("max_connections", Some("1024")),
            ("rate_limits.key", None),
            ("rate_limits.organization", None),
            ("rate_limits.address", None),
            ("database_url", Some("sqlite://usher.db")),
            ("master_key_file", Some("usher.key")),
            ("mail.url", Some("file:outbox")),
            ("mail.from", Some("Usher <no-reply@localhost>")),
            ("mail.per_second", Some("10")),
            ("mail.operator", None),
            ("outbound.allow", None),
            ("outbound.name_server", None),
            ("outbound.proxy", None),
            ("outbound.ca_file", None),
            ("allow_private_targets", Some("false")),
            ("log", Some("info")),
            ("log_format", Some("text")),
        ]
    );
    assert!(
        settings
            .iter()
            .all(|setting| setting.origin == Origin::Default)
    );
}

#[test]
fn flags_win_over_the_environment_and_the_environment_over_the_file() {
    let text = r#"
        listen = "127.0.0.1:1"
        public_url = "https://file.example"
        log = "warn"
        trusted_proxies = ["10.0.0.0/8"]
        [mail]
        from = "a@file.example"
    "#;
    let file = File::new("order", text);
    let environment = [
        ("USHER_LISTEN", "127.0.0.1:2"),
        ("USHER_PUBLIC_URL", "https://environment.example"),
        ("USHER_LOG", ""),
        ("PATH", "/bin"),
    ];
    let config = file
        .load(&environment, &[("listen", "127.0.0.1:3")])
        .unwrap();
    assert_eq!(config.server.listen.port(), 3);
    assert_eq!(
        config.server.public_url.as_str(),
        "https://environment.example"
    );
    assert_eq!(config.server.trusted_proxies.len(), 1);
    let settings = config.describe();
    let origin = |key: &str| {
        let setting = settings.iter().find(|setting| setting.key == key).unwrap();
        setting
            .origin
            .to_string()
            .replace(file.0.to_str().unwrap(), "FILE")
    };
    assert_eq!(origin("listen"), "flag");
    assert_eq!(origin("public_url"), "environment USHER_PUBLIC_URL");
    assert_eq!(origin("log"), "file FILE");
    assert_eq!(origin("mail.from"), "file FILE");
    assert_eq!(origin("mail.url"), "default");
}

#[test]
fn the_environment_can_say_every_setting() {
    let file = File::new("environment", "");
    let environment = [
        ("USHER_LISTEN", "[::1]:9"),
        ("USHER_PUBLIC_URL", "https://id.example/"),
        ("USHER_METRICS_LISTEN", "127.0.0.1:9090"),
        ("USHER_TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
        ("USHER_MAX_CONNECTIONS", "7"),
        ("USHER_RATE_LIMITS__KEY", "600"),
        ("USHER_RATE_LIMITS__ORGANIZATION", "6000"),
        ("USHER_RATE_LIMITS__ADDRESS", "1000000"),
        ("USHER_DATABASE_URL", "postgres://u:s3cret@db/usher"),
        ("USHER_MASTER_KEY_FILE", "/run/key"),
        ("USHER_MAIL_URL", "smtps://u:s3cret@mail.example"),
        ("USHER_MAIL_FROM", "IT <it@id.example>"),
        ("USHER_MAIL_PER_SECOND", "50"),
        ("USHER_MAIL_OPERATOR", "Night watch <ops@id.example>"),
        ("USHER_OUTBOUND__ALLOW", "adfs.example,192.168.0.0/16"),
        ("USHER_OUTBOUND__NAME_SERVER", "192.0.2.53"),
        (
            "USHER_OUTBOUND__PROXY",
            "http://u:s3cret@proxy.example:3128",
        ),
        ("USHER_OUTBOUND__CA_FILE", "/run/ca.pem"),
        ("USHER_ALLOW_PRIVATE_TARGETS", "true"),
        ("USHER_LOG", "usher=debug,info"),
        ("USHER_LOG_FORMAT", "json"),
    ];
    assert_eq!(environment.len(), KNOWN.len());
    let config = file.load(&environment, &[]).unwrap();
    assert_eq!(config.log.format, Format::Json);
    assert_eq!(config.server.max_connections.get(), 7);
    let key = config.rate_limits.key.unwrap();
    assert_eq!(key.0.get(), 600);
    let settings = config.describe();
    for ((variable, _), setting) in environment.iter().zip(&settings) {
        assert_eq!(setting.origin, Origin::Environment(String::from(*variable)));
        assert!(setting.value.is_some(), "{variable}");
    }
    let value = |key: &str| {
        let setting = settings.iter().find(|setting| setting.key == key).unwrap();
        setting.value.clone().unwrap()
    };
    assert_eq!(value("database_url"), "postgres://u:***@db/usher");
    assert_eq!(value("mail.url"), "smtps://u:***@mail.example:465");
    assert_eq!(value("outbound.proxy"), "http://u:***@proxy.example:3128/");
    assert_eq!(value("trusted_proxies"), "10.0.0.0/8,::1/128");
    assert!(!format!("{config:?}").contains("s3cret"));
}

#[test]
fn a_secret_may_stand_in_a_file() {
    let file = File::new("secret", "");
    let secret = File::new("secret-value", "postgres://u:p@db/usher\n");
    let path = secret.0.to_str().unwrap();
    let environment = [
        ("USHER_DATABASE_URL_FILE", path),
        ("USHER_MASTER_KEY_FILE", path),
    ];
    let config = file.load(&environment, &[]).unwrap();
    assert_eq!(
        config.database.url,
        "postgres://u:p@db/usher".parse().unwrap()
    );
    assert_eq!(config.keys.master_key_file, secret.0);
}

#[test]
fn the_master_key_is_beside_the_database_file() {
    let file = File::new("key", "database_url = 'sqlite:///srv/usher/people.db'");
    let config = file.load(&[], &[]).unwrap();
    assert_eq!(
        config.keys.master_key_file,
        PathBuf::from("/srv/usher/usher.key")
    );
}

#[test]
fn what_is_wrong_is_named_and_no_secret_repeated() {
    for (number, (text, environment, flags, expected)) in WRONG.iter().enumerate() {
        let file = File::new(&format!("wrong-{number}"), text);
        assert_eq!(file.load(environment, flags).unwrap_err(), *expected);
    }
}

type Pairs = &'static [(&'static str, &'static str)];

const PG: (&str, &str) = ("USHER_DATABASE_URL", "postgres://u:s3cret@db/usher");

/// File, environment, flags, and what is said of them.
const WRONG: &[(&str, Pairs, Pairs, &str)] = &[
    (
        "lisen = 1",
        &[],
        &[],
        "unknown setting lisen (from file FILE); did you mean listen?",
    ),
    (
        "[mail]\nurll = 1",
        &[],
        &[],
        "unknown setting mail.urll (from file FILE); did you mean mail.url?",
    ),
    (
        "[zebra]\na = 1",
        &[],
        &[],
        "unknown setting zebra (from file FILE)",
    ),
    (
        "",
        &[("USHER_PUBLIC_ULR", "x")],
        &[],
        "unknown setting USHER_PUBLIC_ULR (from environment USHER_PUBLIC_ULR); did you mean USHER_PUBLIC_URL?",
    ),
    (
        "",
        &[("USHER_MASTER_KEY_FILE_FILE", "x")],
        &[],
        "unknown setting USHER_MASTER_KEY_FILE_FILE (from environment USHER_MASTER_KEY_FILE_FILE); did you mean USHER_MASTER_KEY_FILE?",
    ),
    (
        "",
        &[],
        &[("listn", "x")],
        "unknown setting listn (from flag); did you mean listen?",
    ),
    (
        "log = ",
        &[],
        &[],
        "FILE, line 1: string values must be quoted, expected literal string",
    ),
    (
        "log = 5",
        &[],
        &[],
        "log (from file FILE): invalid type: integer `5`, expected a string",
    ),
    (
        "",
        &[("USHER_LISTEN", "s3cret")],
        &[],
        "listen (from environment USHER_LISTEN): invalid socket address syntax",
    ),
    (
        "",
        &[("USHER_MAX_CONNECTIONS", "0")],
        &[],
        "max_connections (from environment USHER_MAX_CONNECTIONS): invalid value: integer `0`, expected a nonzero usize",
    ),
    (
        "[rate_limits]\nkey = 0",
        &[],
        &[],
        "rate_limits.key (from file FILE): expected 1 to 1000000 requests a minute; leave it out for no limit",
    ),
    (
        "",
        &[("USHER_RATE_LIMITS__ADDRESS", "1000001")],
        &[],
        "rate_limits.address (from environment USHER_RATE_LIMITS__ADDRESS): expected 1 to 1000000 requests a minute; leave it out for no limit",
    ),
    (
        "",
        &[("USHER_RATE_LIMITS__ORGANIZATION", "many")],
        &[],
        "rate_limits.organization (from environment USHER_RATE_LIMITS__ORGANIZATION): expected a whole number",
    ),
    (
        "",
        &[("USHER_ALLOW_PRIVATE_TARGETS", "yes")],
        &[],
        "allow_private_targets (from environment USHER_ALLOW_PRIVATE_TARGETS): expected true or false",
    ),
    (
        "",
        &[("USHER_TRUSTED_PROXIES", "10.0.0.0/8,office")],
        &[],
        "trusted_proxies (from environment USHER_TRUSTED_PROXIES): expected a network such as 10.0.0.0/8 or fd00::/8, or an address",
    ),
    (
        "",
        &[("USHER_LOG_FORMAT", "xml")],
        &[],
        "log_format (from environment USHER_LOG_FORMAT): unknown variant `xml`, expected `json` or `text`",
    ),
    (
        "",
        &[("USHER_DATABASE_URL", "mysql://u:s3cret@db")],
        &[],
        "database_url (from environment USHER_DATABASE_URL): expected sqlite://PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE",
    ),
    (
        "",
        &[PG],
        &[],
        "master_key_file must be set: with PostgreSQL there is no file to put the key beside",
    ),
    (
        "",
        &[PG, ("USHER_DATABASE_URL_FILE", "/x")],
        &[],
        "USHER_DATABASE_URL and USHER_DATABASE_URL_FILE both set database_url; keep one",
    ),
    (
        "",
        &[("USHER_MAIL_URL_FILE", "/nowhere/at-all")],
        &[],
        "cannot read /nowhere/at-all: No such file or directory (os error 2)",
    ),
];

#[test]
fn a_named_file_must_be_there() {
    let sources = Sources {
        file: Some(PathBuf::from("/nowhere/usher.toml")),
        ..Sources::default()
    };
    let error = Config::load(&sources).unwrap_err().to_string();
    assert_eq!(
        error,
        "cannot read /nowhere/usher.toml: No such file or directory (os error 2)"
    );
}
