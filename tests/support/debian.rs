//! Programs of Debian packages. They are unpacked and not installed, so that no rights are needed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{folder, lock};

/// See [`crate::faketime`].
pub(crate) fn faketime() -> Result<PathBuf, String> {
    let libraries = Path::new("usr/lib").join(format!("{}-linux-gnu", std::env::consts::ARCH));
    let library = libraries.join("faketime/libfaketimeMT.so.1");
    Ok(provide("libfaketime", &library)?.join(library))
}

/// See [`crate::chromium`]. Chromium needs dozens of libraries of the system, so it is installed and not unpacked.
pub(crate) fn chromium() -> PathBuf {
    let found = || {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        let programs: Vec<_> = std::env::split_paths(&folders).collect();
        CHROMIUMS
            .iter()
            .flat_map(|name| programs.iter().map(move |folder| folder.join(name)))
            .find(|path| path.is_file())
    };
    if let Some(found) = found() {
        return found;
    }
    let _held = lock(&folder(), "chromium");
    let mut apt = Command::new("apt-get");
    apt.args(["install", "--yes", "--no-install-recommends", "chromium", "fonts-inter", "fonts-dejavu-core"]);
    eprintln!("installing chromium of Debian; this takes about a minute, once");
    let done = Command::new("apt-get").arg("update").status().and_then(|_| apt.status());
    found().unwrap_or_else(|| {
        panic!(
            "the tests of the console need Chromium, and this machine has none ({apt:?}: {done:?}); install it, or set \
             PORTDESK_CHROMIUM to the path of another browser of its kind"
        )
    })
}

const CHROMIUMS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// The folder with the files of a package, which is unpacked if it is missing. Fails with the reason.
fn provide(package: &str, program: &Path) -> Result<PathBuf, String> {
    let debian = folder().join("debian");
    fs::create_dir_all(&debian).expect("the folder .tools/debian can be made");
    let _held = lock(&debian, package);
    let root = debian.join(package);
    if !root.join(program).exists() {
        let work = tempfile::tempdir_in(&debian).expect("the folder .tools/debian can be written");
        unpack(package, work.path())?;
        // The rename is the last step, so that an interrupted installation starts again.
        fs::rename(work.path().join("root"), &root)
            .map_err(|error| format!("{}: {error}", root.display()))?;
    }
    let found = root.join(program).exists();
    if found { Ok(root) } else { Err(format!("the package {package} has no {}", program.display())) }
}

/// Unpacks a package into `root` in a folder.
fn unpack(package: &str, folder: &Path) -> Result<(), String> {
    // apt-get gets lists of its own, because only root may fetch those of the system.
    let apt = |arguments: &[&str]| {
        let state = ["Dir::State=", "Dir::Cache="].map(|setting| format!("{setting}{}", folder.display()));
        let settings = state.iter().map(String::as_str).chain(SETTINGS);
        let mut apt = Command::new("apt-get");
        apt.args(settings.flat_map(|setting| ["-o", setting])).args(arguments);
        run(apt.current_dir(folder))
    };
    fs::create_dir_all(folder.join("lists/partial")).map_err(|error| error.to_string())?;
    apt(&["update"])?;
    apt(&["download", package])?;
    let files = fs::read_dir(folder).map_err(|error| error.to_string())?;
    let mut files = files.filter_map(|file| Some(file.ok()?.path()));
    let archive = files.find(|file| file.extension().is_some_and(|extension| extension == "deb"));
    let archive = archive.ok_or_else(|| format!("apt-get downloads no {package}"))?;
    run(Command::new("dpkg-deb").arg("--extract").arg(archive).arg(folder.join("root")))
}

/// Fails with the last line of the program's errors.
fn run(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().display().to_string();
    let output = command.output().map_err(|error| format!("{program} cannot be started: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().last().unwrap_or_default();
    if output.status.success() { Ok(()) } else { Err(format!("{program} failed: {last}")) }
}

/// If root runs it, apt-get drops its rights by default and then cannot write here. Without a network it must fail soon.
const SETTINGS: [&str; 4] = [
    "APT::Sandbox::User=root",
    "Acquire::Retries=0",
    "Acquire::http::Timeout=20",
    "Acquire::https::Timeout=20",
];
