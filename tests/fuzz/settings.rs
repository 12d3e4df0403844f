//! The command line and the key file. The same parsers read the environment variables.

use clap::Parser;
use portdesk::config::{Config, Limits};
use portdesk::door::{ActiveKeys, KeyFile, KeyRecord, NewKey};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::{fuzz, mutation};

#[test]
fn any_command_line_is_understood_or_refused() {
    let flags = vec![
        ("--listen", "127.0.0.1:8080"),
        ("--listen", "[::1]:0"),
        ("--data-dir", "./portdesk-data"),
        ("--store", "memory"),
        ("--isolation", "fresh"),
        ("--component", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")),
        ("--rate-limit", "off"),
        ("--instances", "128"),
        ("--memory-limit-mib", "64"),
        ("--body-limit-bytes", "65536"),
        ("--time-limit-ms", "10000"),
        ("--grace-seconds", "10"),
        ("--log-format", "json"),
        ("--log-level", "debug"),
        ("--client-timeout-ms", "5000"),
        ("--table", "tickets"),
        ("--endpoint-url", "http://127.0.0.1:8000"),
    ];
    let tokens = &["-", "--", "=", ":", "0", "18446744073709551616", " ", "\0", "é", "\n"];
    let flag = select(flags).prop_flat_map(move |(flag, value)| {
        let edited = mutation::text(Just(value.to_owned()), tokens);
        (Just(flag.to_owned()), prop_oneof![2 => Just(value.to_owned()), 1 => edited])
    });
    fuzz("command line", &vec(flag, 0..4), 0.3, |flags| {
        let flags = flags.into_iter().flat_map(|(flag, value)| [flag, value]);
        match Config::try_parse_from(std::iter::once("portdesk".to_owned()).chain(flags)) {
            Ok(config) => {
                let Limits { instances, memory_limit_mib, .. } = config.limits;
                prop_assert!((1..=1000).contains(&instances) && (1..=1024).contains(&memory_limit_mib));
                Ok(true)
            }
            Err(error) => {
                prop_assert!(!error.to_string().is_empty());
                Ok(false)
            }
        }
    });
}

#[test]
fn any_file_of_keys_is_read_or_called_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let file = KeyFile::new(folder.path());
    let path = folder.path().join("keys.json");
    file.update(|contents| {
        contents.keys.extend(["an agent", "a gateway"].map(|name| KeyRecord::new(&NewKey::generate(), name)));
        for key in contents.keys.iter_mut().take(1) {
            key.revoked_at = Some(key.created_at);
        }
    })
    .unwrap();
    let valid = std::fs::read(&path).unwrap();
    let tokens = &[
        "\"",
        "\\",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "null",
        "\"revoked_at\": null,",
        "\"x\": 1,",
        "é",
        "\0",
        "9999999999",
    ];
    fuzz("key file", &mutation::bytes(Just(valid), tokens), 0.15, |text| {
        std::fs::write(&path, &text).unwrap();
        match file.read() {
            Ok(contents) => {
                prop_assert!(ActiveKeys::new(&contents, None).len() <= contents.keys.len());
                Ok(true)
            }
            Err(error) => {
                // The error must not quote the file, because the text may be a key.
                prop_assert!(error.to_string().len() < folder.path().to_string_lossy().len() + 200);
                Ok(false)
            }
        }
    });
}
