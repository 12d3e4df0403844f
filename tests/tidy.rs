//! The rules of this project for its source tree. Clippy checks further rules; see `Cargo.toml`.
//!
//! The tests walk the file system and not the version control, so that they also work on an unpacked archive. Each rule has a test
//! with a text that breaks it.

mod tree;
mod functions;
mod prices;
mod words;
mod wit;

use tree::Tree;

const FILE_LINES_LIMIT: usize = 400;
const FUNCTION_LINES_LIMIT: usize = 60;

/// The words of tickets, which the host must not contain in upper or lower case.
const TICKET_WORDS: [&str; 6] =
    ["ticket", "caller_id", "calleridindex", "issue_description", "comment_id", "on_hold"];

/// Marks of unfinished work. They are put together here, because this file must not contain them.
const UNFINISHED: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

#[test]
fn the_tree_is_seen() {
    let tree = Tree::of_this_project();
    for path in ["host/src/lib.rs", "guest/desk/src/lib.rs", "tests/tidy.rs", "wit/world.wit", "openapi.yaml"]
    {
        assert!(tree.files.iter().any(|file| file.path == path), "{path} was not found");
    }
    assert!(
        !tree.files.iter().any(|file| file.path.starts_with("target/") || file.path.starts_with(".git/"))
    );
}

#[test]
fn no_rust_file_is_longer_than_the_limit() {
    let tree = Tree::of_this_project();
    let long = tree.rust().filter_map(|file| {
        let lines = file.text.lines().count();
        (lines > FILE_LINES_LIMIT).then(|| format!("{}: {lines} lines", file.path))
    });
    assert_none(long);
}

#[test]
fn no_function_is_longer_than_the_limit() {
    let tree = Tree::of_this_project();
    assert_none(tree.rust().flat_map(|file| {
        functions::longer_than(FUNCTION_LINES_LIMIT, &file.parsed())
            .into_iter()
            .map(|function| format!("{}: {function}", file.path))
    }));
}

#[test]
fn the_host_knows_nothing_of_tickets() {
    let files = Tree::of_this_project().files;
    let host = files.iter().filter(|file| file.path.starts_with("host/"));
    assert_none(host.flat_map(|file| words::found(file, &TICKET_WORDS)));
}

/// The defaults of the AWS SDK would add a second, old stack of each.
#[test]
fn one_http_stack_and_one_tls_stack_are_built() {
    let files = Tree::of_this_project().files;
    let lock = files.iter().find(|file| file.path == "Cargo.lock").expect("Cargo.lock is kept");
    let versions = |name: &str| lock.text.matches(&format!("name = \"{name}\"\n")).count();
    for name in ["h2", "http", "http-body", "hyper", "hyper-rustls", "rustls", "tokio-rustls"] {
        assert_eq!(versions(name), 1, "{name}");
    }
    for name in ["native-tls", "openssl", "openssl-sys"] {
        assert_eq!(versions(name), 0, "{name}");
    }
}

/// Whoever sees this fail compares the prices with those of AWS and writes the day into the file.
#[test]
fn the_prices_of_aws_were_compared_within_a_year() {
    let files = Tree::of_this_project().files;
    let prices =
        files.iter().find(|file| file.path == "host/src/commands/cost/prices.rs").expect("they are kept");
    let today = portdesk::clock::now().expect("the clock of this machine is right").to_string();
    let date = prices::date(&prices.text).expect("the prices have a date");
    assert!(!prices::is_over_a_year_old(date, &today), "{}: of {date}", prices.path);
}

#[test]
fn nothing_is_marked_as_unfinished() {
    let files = Tree::of_this_project().files;
    assert_none(files.iter().flat_map(|file| words::found_whole(file, &UNFINISHED)));
}

#[test]
fn everything_that_wit_declares_is_documented() {
    let tree = Tree::of_this_project();
    assert_none(tree.wit().flat_map(|file| {
        wit::undocumented(&file.text).into_iter().map(|item| format!("{}: {item}", file.path))
    }));
}

#[test]
fn at_least_half_of_wit_is_documentation() {
    let tree = Tree::of_this_project();
    let lines =
        || tree.wit().flat_map(|file| file.text.lines()).map(str::trim).filter(|line| !line.is_empty());
    let (documentation, all) = (lines().filter(|line| line.starts_with("///")).count(), lines().count());
    assert!(documentation * 2 >= all, "{documentation} of {all} lines");
}

#[test]
fn all_of_wit_names_one_version_of_wasi() {
    let tree = Tree::of_this_project();
    let files = tree.files.iter().filter(|file| file.path.starts_with("wit/") && file.path.ends_with(".wit"));
    let mut versions: Vec<String> = files.flat_map(|file| wit::wasi_versions(&file.text)).collect();
    versions.sort();
    versions.dedup();
    assert_eq!(versions.len(), 1, "{versions:?}");
}

#[track_caller]
fn assert_none(found: impl Iterator<Item = String>) {
    let found: Vec<String> = found.collect();
    assert!(found.is_empty(), "found:\n{}", found.join("\n"));
}
