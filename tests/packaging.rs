//! What a package installs beside the program, and the files in `deploy/` that start it as a service.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use portdesk_test_support as tools;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::harness::{KEY, portdesk, run};

fn printed(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_long_version_says_of_what_the_program_is_made_and_the_short_one_is_a_line() {
    let version = format!("portdesk {}", env!("CARGO_PKG_VERSION"));
    assert_eq!(printed(&["-V"]), format!("{version}\n"));
    let long = printed(&["--version"]);
    let lines: Vec<&str> = long.lines().collect();
    let [first, commit, component, wasmtime] = lines[..] else { panic!("{long}") };
    assert_eq!(first, version);
    assert!(commit.starts_with("commit     "), "{long}");
    let digest = Sha256::digest(portdesk::host::BUILT_IN_COMPONENT);
    assert_eq!(component, format!("component  sha256:{}", data_encoding::HEXLOWER.encode(&digest)));
    let lock = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock")).unwrap();
    let locked = lock.split_once("name = \"wasmtime\"\nversion = \"").unwrap().1.split_once('"').unwrap().0;
    assert_eq!(wasmtime, format!("wasmtime   {locked}"));
}

/// Has a shell check a script without running it.
#[test]
fn a_shell_accepts_its_completions() {
    for shell in ["bash", "zsh", "fish"] {
        let script = printed(&["completions", shell]);
        assert!(script.contains("revoke") && script.contains("data-dir"), "{shell}: {script}");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("script");
        fs::write(&file, script).unwrap();
        match Command::new(shell).arg("-n").arg(&file).stdin(Stdio::null()).output() {
            Ok(checked) => {
                assert!(checked.status.success(), "{shell}: {}", String::from_utf8_lossy(&checked.stderr))
            }
            Err(_) => println!("NOT RUN: this machine has no {shell}"),
        }
    }
    assert_eq!(run(&["completions", "tcsh"]).status.code(), Some(2));
}

#[test]
fn there_is_a_man_page_for_the_program_and_for_each_command() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("pages");
    let written = run(&["man", pages.to_str().unwrap()]);
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    let read = |name: &str| fs::read_to_string(pages.join(name)).unwrap();
    assert!(read("portdesk.1").contains(".TH portdesk 1"));
    assert!(
        read("portdesk-key-create.1").contains("usage plan of the key")
            || read("portdesk-key-create.1").contains("Usage plan of the key")
    );
    // The pages are the same for everybody: no value of a variable is in them.
    for page in fs::read_dir(&pages).unwrap() {
        let text = fs::read_to_string(page.unwrap().path()).unwrap();
        assert!(!text.contains(KEY));
    }
    let taken = folder.path().join("file");
    fs::write(&taken, "").unwrap();
    let refused = run(&["man", taken.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("the pages cannot be written"));
}

fn deploy(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(file)
}

/// systemd itself reads the unit, with a program that exists in place of the installed one.
#[test]
fn systemd_accepts_the_unit_and_calls_it_well_confined() {
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("portdesk.service");
    let text = fs::read_to_string(deploy("systemd/portdesk.service")).unwrap();
    let program = "/usr/local/bin/portdesk";
    assert!(text.contains(&format!("ExecStart={program} serve\n")));
    let analyze = |text: &str, arguments: &[&str]| {
        fs::write(&unit, text).unwrap();
        Command::new("systemd-analyze").args(arguments).arg(&unit).output()
    };
    let present = text.replace(program, "/bin/true");
    let Ok(verified) = analyze(&present, &["verify", "--man=no"]) else {
        println!("NOT RUN: this machine has no systemd-analyze");
        return;
    };
    let said = String::from_utf8_lossy(&verified.stderr);
    assert!(verified.status.success() && said.is_empty(), "{said}");
    let broken = present.replace("ProtectSystem=strict", "ProtectSystem=tight");
    let refused = analyze(&broken, &["verify", "--man=no"]).unwrap();
    assert!(!refused.stderr.is_empty(), "a wrong value is not noticed");
    // Ten times the exposure level, which is at most 10.
    let judged = analyze(&present, &["security", "--no-pager", "--offline=yes", "--threshold=15"]).unwrap();
    assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stdout));
}

/// The documents of the manifest.
fn manifests() -> Vec<Value> {
    let text = fs::read_to_string(deploy("kubernetes/portdesk.yaml")).unwrap();
    text.split("\n---\n").map(|document| serde_saphyr::from_str(document).unwrap()).collect()
}

#[test]
fn the_manifests_fit_the_schemas_of_kubernetes() {
    let validate = |file: &Path, version: &str| {
        let mut validate = Command::new(tools::kubernetes_validate());
        validate.args(["--strict", "--kubernetes-version", version]).arg(file).output().unwrap()
    };
    let file = deploy("kubernetes/portdesk.yaml");
    for version in ["1.30.0", "1.37.0"] {
        let judged = validate(&file, version);
        assert!(judged.status.success(), "{version}: {judged:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&broken, text.replace("readOnlyRootFilesystem", "readOnlyRoot")).unwrap();
    assert!(!validate(&broken, "1.37.0").status.success(), "a wrong name is not noticed");
}

/// A host that gets these settings fails only at the first file that is not there.
#[test]
fn the_settings_in_the_manifests_are_settings_of_a_host() {
    let documented = fs::read_to_string(deploy("../docs/settings.md")).unwrap();
    let manifests = manifests();
    let settings = manifests.iter().find(|manifest| manifest["kind"] == "ConfigMap").unwrap();
    let mut serve = portdesk(&["serve"]);
    let data = tempfile::tempdir().unwrap();
    for (name, value) in settings["data"].as_object().unwrap() {
        assert!(documented.contains(&format!("`{name}`")), "{name}");
        serve.env(name, value.as_str().unwrap());
    }
    let ended = serve.env("PORTDESK_DATA_DIR", data.path()).output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains("/etc/portdesk/tls/tls.crt"), "{said}");
    let deployment = manifests.iter().find(|manifest| manifest["kind"] == "Deployment").unwrap();
    let drain: u64 = settings["data"]["PORTDESK_DRAIN_MS"].as_str().unwrap().parse().unwrap();
    let grace = deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"].as_u64().unwrap();
    assert!(grace > drain / 1000 + 10, "a pod is killed before its host has stopped in order");
}
