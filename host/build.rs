//! Builds the component that the host serves by default, embeds it, and gathers what `portdesk --version` says of a build.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use data_encoding::HEXLOWER;
use portdesk_components::Guest;
use sha2::{Digest, Sha256};

fn main() -> ExitCode {
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("cargo::error={error}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<(), Box<dyn Error>> {
    // A folder of its own: the outer cargo holds the lock of the other one.
    let target_dir = PathBuf::from(env::var("OUT_DIR")?).join("guest");
    let desk = Guest { folder: "guest/desk", target: &["--lib"], profile: "guest", file: "desk.wasm" };
    let component = desk.build(&target_dir)?;
    println!("cargo::rustc-env=PORTDESK_DESK_WASM={}", component.display());
    // The code of `portdesk compile --portable` is for this target.
    println!("cargo::rustc-env=PORTDESK_TARGET={}", env::var("TARGET")?);
    // For the build scripts of packages that use the host: what is compiled here need not be compiled there again.
    println!("cargo::metadata=GUEST_TARGET_DIR={}", target_dir.display());
    let digest = HEXLOWER.encode(&Sha256::digest(fs::read(component)?));
    println!("cargo::rustc-env=PORTDESK_DESK_SHA256={digest}");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("..");
    println!("cargo::rustc-env=PORTDESK_WASMTIME={}", version_of("wasmtime", &root)?);
    println!("cargo::rustc-env=PORTDESK_BUILT_FROM={}", built_from(&root)?);
    Ok(())
}

/// The version of a crate in the lock file.
fn version_of(name: &str, root: &Path) -> Result<String, Box<dyn Error>> {
    let lock = root.join("Cargo.lock");
    println!("cargo::rerun-if-changed={}", lock.display());
    let text = fs::read_to_string(lock)?;
    let begin = format!("name = \"{name}\"\nversion = \"");
    let version = text.split_once(&begin).and_then(|(_, rest)| rest.split_once('"'));
    let (version, _) = version.ok_or_else(|| format!("Cargo.lock has no {name}"))?;
    Ok(version.to_owned())
}

/// The commit of a release build, from `PORTDESK_COMMIT` or from the repository. A debug build has none, so that a commit does not
/// build the host anew.
fn built_from(root: &Path) -> Result<String, Box<dyn Error>> {
    println!("cargo::rerun-if-env-changed=PORTDESK_COMMIT");
    if let Ok(commit) = env::var("PORTDESK_COMMIT") {
        let is_commit = commit.len() >= 7 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        return if is_commit { Ok(commit) } else { Err("PORTDESK_COMMIT is not a commit of git".into()) };
    }
    if env::var("PROFILE")? != "release" {
        return Ok("not recorded in a debug build".to_owned());
    }
    let git = |arguments: &[&str]| {
        let done = Command::new("git").arg("-C").arg(root).args(arguments).output().ok()?;
        let said = String::from_utf8(done.stdout).ok().filter(|_| done.status.success())?;
        Some(said.trim_end().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--verify", "HEAD"]) else { return Ok("unknown".to_owned()) };
    for file in
        ["HEAD", "logs/HEAD", "index"].iter().filter_map(|file| git(&["rev-parse", "--git-path", file]))
    {
        println!("cargo::rerun-if-changed={}", root.join(file).display());
    }
    // Whatever changes the program makes cargo compile it anyway, so this does not cost a build.
    for folder in ["host", "items", "components", "Cargo.toml"] {
        println!("cargo::rerun-if-changed={}", root.join(folder).display());
    }
    let is_changed =
        git(&["status", "--porcelain", "--untracked-files=no"]).is_none_or(|said| !said.is_empty());
    Ok(if is_changed { format!("{commit} with changes") } else { commit })
}
