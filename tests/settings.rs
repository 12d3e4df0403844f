//! Flags and variables: the program checks each when it reads it, and an error names the one that the user set.

use std::process::{Command, Output};

use crate::harness::{Process, portdesk, serve};

/// A flag, its variable, and wrong values.
const WRONG: [(&str, &str, &[&str]); 12] = [
    ("--listen", "PORTDESK_LISTEN", &["nowhere", "127.0.0.1", ":8080", "localhost:8080", "127.0.0.1:99999"]),
    ("--metrics", "PORTDESK_METRICS", &["9090", "http://127.0.0.1:9090", "127.0.0.1:"]),
    ("--console", "PORTDESK_CONSOLE", &["8081", "http://127.0.0.1:8081", ":8081"]),
    (
        "--endpoint-url",
        "PORTDESK_ENDPOINT_URL",
        &[
            "127.0.0.1:8000",
            "localhost:8000",
            "http:/127.0.0.1:8000",
            "ftp://a.example",
            "http://a.example/path",
            "http://a.example?x=1",
            "http://a.example#x",
            "http://a.example:99999",
            "http://",
            " http://a.example",
        ],
    ),
    (
        "--table",
        "PORTDESK_TABLE",
        &["ab", "a/b", "tickets ", "arn:aws:dynamodb:eu-west-1:123456789012:table/tickets"],
    ),
    ("--region", "PORTDESK_REGION", &["EU-WEST-1", "eu west", "Ireland", "eu-west-1a", "-"]),
    ("--component", "PORTDESK_COMPONENT", &["/no/such/file.wasm", "/"]),
    ("--store", "PORTDESK_STORE", &["paper", "Memory"]),
    ("--instances", "PORTDESK_INSTANCES", &["0", "1001", "many", "1.5", "-1", "0x10"]),
    ("--time-limit-ms", "PORTDESK_TIME_LIMIT_MS", &["9", "1s", "10 000"]),
    ("--allow-plaintext", "PORTDESK_ALLOW_PLAINTEXT", &["yes", "1"]),
    (
        "--otlp-endpoint",
        "PORTDESK_OTLP_ENDPOINT",
        &[
            "127.0.0.1:4318",
            "https://a.example",
            "grpc://a.example",
            "http://a.example#x",
            "http://a.example:0",
        ],
    ),
];

fn ended(command: &mut Command) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = command.output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

#[test]
fn a_flag_that_is_wrong_is_named() {
    for (flag, variable, values) in WRONG {
        // This flag takes no value.
        if flag == "--allow-plaintext" {
            continue;
        }
        for value in values {
            let (code, said) = ended(&mut portdesk(&[&format!("{flag}={value}")]));
            assert_eq!(code, Some(2), "{flag}={value}: {said}");
            assert!(said.contains(flag) && !said.contains(variable), "{flag}={value}: {said}");
        }
    }
}

#[test]
fn a_variable_that_is_wrong_is_named_and_not_its_flag() {
    for (flag, variable, values) in WRONG {
        for value in values {
            let (code, said) = ended(portdesk(&[]).env(variable, value));
            assert_eq!(code, Some(2), "{variable}={value}: {said}");
            assert!(said.contains(variable), "{variable}={value}: {said}");
            let without_variable = said.replace(variable, "");
            assert!(!without_variable.contains(&format!("'{flag}")), "{variable}={value}: {said}");
        }
    }
}

/// This also holds within a command, and if both are set.
#[test]
fn what_is_named_is_what_was_set() {
    let (_, said) =
        ended(portdesk(&["table", "check", "--table", "tickets"]).env("PORTDESK_ENDPOINT_URL", "nowhere"));
    assert!(said.contains("'PORTDESK_ENDPOINT_URL'"), "{said}");
    let (_, said) = ended(portdesk(&["serve"]).env("PORTDESK_IDLE_MS", "0"));
    assert!(said.contains("'PORTDESK_IDLE_MS'"), "{said}");
    let both = &mut portdesk(&["--listen", "nowhere"]);
    let (_, said) = ended(both.env("PORTDESK_LISTEN", "nowhere else"));
    assert!(said.contains("'--listen") && !said.contains("PORTDESK_LISTEN"), "{said}");
    let (_, said) = ended(portdesk(&["--listen", "nowhere"]).env("PORTDESK_IDLE_MS", "0"));
    assert!(said.contains("'--listen"), "{said}");
}

/// This also holds for errors that show only when a host starts.
#[test]
fn a_setting_that_fails_at_the_start_is_named_as_it_was_set() {
    let data = tempfile::tempdir().unwrap();
    let host = Process::start(data.path(), &[]);
    let address = host.address();
    let other = tempfile::tempdir().unwrap();
    let folder = other.path().to_str().unwrap();
    let (code, said) = ended(portdesk(&["--data-dir", folder]).env("PORTDESK_LISTEN", address));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("PORTDESK_LISTEN {address}: ")) && !said.contains("--listen"), "{said}");
    let taken = data.path().to_str().unwrap();
    let (_, said) = ended(portdesk(&["--listen", "127.0.0.1:0"]).env("PORTDESK_DATA_DIR", taken));
    assert!(said.contains("portdesk: PORTDESK_DATA_DIR: "), "{said}");
    let (_, said) =
        ended(portdesk(&["--listen", "0.0.0.0:0", "--data-dir", folder]).env("PORTDESK_LISTEN", "[::1]:0"));
    assert!(said.contains("portdesk: --listen 0.0.0.0:0: "), "{said}");
    for file in ["/no/such/file.pem", "/"] {
        let mut command = serve(other.path(), &["--tls-key", file]);
        let (code, said) = ended(command.env("PORTDESK_TLS_CERT", file));
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(&format!("portdesk: PORTDESK_TLS_CERT {file}: ")), "{said}");
    }
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let data = tempfile::tempdir().unwrap();
    let mut command = serve(data.path(), &["--log-level", "error"]);
    let all = WRONG.iter().map(|(_, variable, _)| *variable);
    for variable in all.chain([
        "PORTDESK_TLS_CERT",
        "PORTDESK_TLS_KEY",
        "PORTDESK_DATA_DIR",
        "PORTDESK_LOG_LEVEL",
        "PORTDESK_API_KEY",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_SDK_DISABLED",
        "AWS_REGION",
    ]) {
        command.env(variable, "");
    }
    let host = Process::spawn(&mut command);
    assert!(
        host.banner.contains("API key   portdesk_"),
        "an empty PORTDESK_API_KEY is not a key: {}",
        host.banner
    );
    assert!(host.banner.contains("(embedded store, durable)"), "{}", host.banner);
    let (code, said) = ended(portdesk(&["--store", "dynamodb"]).env("PORTDESK_TABLE", ""));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("--table"), "{said}");
}

#[test]
fn a_password_in_a_url_is_not_shown() {
    for (flag, variable) in
        [("--endpoint-url", "PORTDESK_ENDPOINT_URL"), ("--otlp-endpoint", "PORTDESK_OTLP_ENDPOINT")]
    {
        let url = "http://me:secret-password@a.example";
        for (code, said) in [ended(&mut portdesk(&[flag, url])), ended(portdesk(&[]).env(variable, url))] {
            assert_eq!(code, Some(2), "{said}");
            assert!(said.contains("a.example") && !said.contains("secret-password"), "{said}");
        }
    }
}

/// Unit tests in the host cover all variables. This test shows that a host reads them at its start.
#[test]
fn variables_of_opentelemetry_are_followed_or_refused_at_the_start() {
    let data = tempfile::tempdir().unwrap();
    let command = || serve(data.path(), &["--log-level", "error"]);
    let spans = ["--otlp-endpoint", "http://127.0.0.1:9"];
    for (name, value) in [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"),
        ("OTEL_TRACES_EXPORTER", "console"),
        ("OTEL_TRACES_SAMPLER", "xray"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization: secret-password"),
        ("OTEL_NEVER_HEARD_OF", "x"),
    ] {
        let (code, said) = ended(command().args(spans).env(name, value));
        assert_eq!(code, Some(1), "{name}: {said}");
        assert!(said.contains(name) && !said.contains("secret-password"), "{name}: {said}");
        // Without a collector the host ignores them.
        let host = Process::spawn(command().env(name, value));
        assert_eq!(host.end("TERM").0, Some(0));
    }
    for (name, value) in [("OTEL_SDK_DISABLED", "true"), ("OTEL_TRACES_EXPORTER", "none")] {
        let mut command = command();
        command.args(spans).env(name, value).env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
        assert_eq!(Process::spawn(&mut command).end("TERM").0, Some(0));
    }
    let (code, said) = ended(command().env("OTEL_EXPORTER_OTLP_ENDPOINT", "https://a.example"));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("OTEL_EXPORTER_OTLP_ENDPOINT"), "{said}");
}

#[test]
fn a_host_shows_the_settings_that_differ_from_their_defaults() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("ada@example");
    let folder = folder.to_str().unwrap();
    let mut command = portdesk(&["--listen", "127.0.0.1:0", "--store", "memory", "--instances", "128"]);
    command.env("PORTDESK_DATA_DIR", folder).env("PORTDESK_PARITY", "strict");
    command.env("PORTDESK_LOG_LEVEL", "error").env("PORTDESK_LOG_FORMAT", "text");
    command.args(["--cors-origin=https://a.example,https://b.example", "--allow-plaintext"]);
    let host = Process::spawn_bare(&mut command);
    let mut lines = host.banner.lines().map(str::trim);
    assert_eq!(
        lines.find_map(|line| line.strip_prefix("settings")).unwrap().trim(),
        format!(
            "--listen 127.0.0.1:0 --allow-plaintext --data-dir {folder} --store memory --parity strict \
             --cors-origin https://a.example,https://b.example --log-level error"
        )
    );
}

#[test]
fn the_short_help_fits_a_screen_and_the_long_one_names_each_variable() {
    let help = |flag: &str| String::from_utf8(portdesk(&[flag]).output().unwrap().stdout).unwrap();
    let (short, long) = (help("-h"), help("--help"));
    assert!((24..=40).contains(&short.lines().count()), "{short}");
    assert!(short.lines().all(|line| line.chars().count() <= 120), "{short}");
    for (flag, variable, _) in WRONG {
        assert!(short.contains(flag) && !short.contains(variable), "{flag}: {short}");
        assert!(long.contains(flag) && long.contains(variable), "{flag}: {long}");
    }
    for rare in ["--parity", "--cors-origin", "--connections", "--grace-seconds"] {
        assert!(!short.contains(rare) && long.contains(rare), "{rare}");
    }
    assert!(!short.contains('\u{1b}') && !long.contains('\u{1b}'), "no colours but on a terminal");
}

#[test]
fn an_address_or_a_tls_file_that_cannot_be_used_leaves_no_data_folder_behind() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("new");
    let file = data.path().join("missing.pem");
    let file = file.to_str().unwrap();
    for flags in
        [&["--listen", "0.0.0.0:0"][..], &["--listen", "127.0.0.1:0", "--tls-cert", file, "--tls-key", file]]
    {
        let (code, said) = ended(portdesk(flags).arg("--data-dir").arg(&folder));
        assert_eq!(code, Some(1), "{said}");
        assert!(!folder.exists(), "{said}");
    }
}
