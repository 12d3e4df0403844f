//! The judgements of cfn-lint, which knows the schemas of AWS, and of checkov, which looks for risks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use portdesk_test_support as tools;
use serde_json::Value;

use super::{path, template};

const TEMPLATES: [&str; 2] = ["portdesk.yaml", "agentcore.yaml"];

#[test]
fn cfn_lint_finds_nothing_in_two_regions() {
    for name in TEMPLATES {
        let output = cfn_lint(&path(name));
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && printed.is_empty(), "{name}: {printed}{output:?}");
    }
}

#[test]
fn cfn_lint_finds_a_property_that_does_not_exist() {
    let folder = tempfile::tempdir().unwrap();
    let mut broken = template("portdesk.yaml");
    broken["Resources"]["Function"]["Properties"]["Timeouts"] = 10.into();
    let output = cfn_lint(&write(folder.path(), "broken.json", &broken));
    assert!(String::from_utf8_lossy(&output.stdout).contains("Timeouts"), "{output:?}");
}

/// If checkov skipped more, the template would hide a finding. If checkov found less, a skip would be unnecessary.
#[test]
fn checkov_finds_exactly_what_is_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let mut expected = BTreeMap::new();
    for name in TEMPLATES {
        std::fs::copy(path(name), folder.path().join(name)).unwrap();
        let mut bare = template(name);
        let skipped = take_skips(&mut bare);
        let name = format!("bare-{name}.json");
        write(folder.path(), &name, &bare);
        if !skipped.is_empty() {
            expected.insert(format!("/{name}"), skipped);
        }
    }
    assert_eq!(checkov(folder.path()), expected);
}

fn cfn_lint(template: &Path) -> Output {
    let mut command = Command::new(tools::cfn_lint());
    // Informational findings too.
    command
        .args(["--regions", "us-east-1", "eu-west-1", "--include-checks", "I", "--template"])
        .arg(template);
    command.output().unwrap()
}

/// A finding: the number of a check, and the resource that does not pass it.
type Finding = (String, String);

/// Removes the skips from a template and returns them.
fn take_skips(template: &mut Value) -> BTreeSet<Finding> {
    let mut skipped = BTreeSet::new();
    for (id, resource) in template["Resources"].as_object_mut().unwrap() {
        let resource = resource.as_object_mut().unwrap();
        let metadata = resource.remove("Metadata").unwrap_or_default();
        let kind = resource["Type"].as_str().unwrap();
        let skips = metadata["checkov"]["skip"].as_array().into_iter().flatten();
        skipped.extend(skips.map(|skip| (text(&skip["id"]), format!("{kind}.{id}"))));
    }
    skipped
}

/// What does not pass a check in the files of a folder, by file.
fn checkov(folder: &Path) -> BTreeMap<String, BTreeSet<Finding>> {
    let mut command = Command::new(tools::checkov());
    command.args(["--framework", "cloudformation", "--skip-download", "--compact", "--output", "json"]);
    let output = command.arg("--directory").arg(folder).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    assert_eq!(report["summary"]["parsing_errors"], 0, "{report}");
    let mut found = BTreeMap::<_, BTreeSet<_>>::new();
    for check in report["results"]["failed_checks"].as_array().unwrap() {
        let finding = (text(&check["check_id"]), text(&check["resource"]));
        found.entry(text(&check["file_path"])).or_default().insert(finding);
    }
    found
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn write(folder: &Path, name: &str, template: &Value) -> PathBuf {
    let file = folder.join(name);
    std::fs::write(&file, template.to_string()).unwrap();
    file
}
