//! `cargo dist-lambda --arch arm64|x86_64` packages the host as a function of AWS Lambda, into `dist/lambda/`.
//!
//! The package has two entries: the program, called `bootstrap`, and the built-in component, compiled for every processor of the
//! architecture. Two packages of the same sources are the same, byte for byte, wherever they are built.
//!
//! A package for the other architecture needs Debian's cross compiler and, to compile the component, its user emulation:
//! `apt-get install gcc-aarch64-linux-gnu qemu-user-static`.

#[path = "lambda/architecture.rs"]
mod architecture;
#[path = "lambda/package.rs"]
mod package;

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use architecture::Architecture;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Error> {
    let architecture = asked()?;
    refuse_flags()?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let root = root.canonicalize().map_err(Error::at(&root))?;
    let folder = root.join("dist/lambda");
    fs::create_dir_all(&folder).map_err(Error::at(&folder))?;
    let program = build(architecture, &root)?;
    let code = folder.join(format!("desk-{}.cwasm", architecture.name()));
    succeed(architecture.run(&program).args(["compile", "--portable"]).arg(&code), "compile the component")?;
    let package = folder.join(format!("portdesk-{}.zip", architecture.name()));
    package::write(&package, &program, &code)
}

/// Returns the architecture that the command line names.
fn asked() -> Result<Architecture, Error> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--arch", name] => Architecture::named(name).ok_or(Error::Usage),
        _ => Err(Error::Usage),
    }
}

/// Refuses flags of the environment. One that fits this machine's processor (`target-cpu=native`) makes a program that ends with
/// SIGILL on the processors of Lambda, and any makes another package.
fn refuse_flags() -> Result<(), Error> {
    let flags = ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CFLAGS", "CXXFLAGS", "TARGET_CFLAGS"];
    match flags.into_iter().find(|name| env::var_os(name).is_some_and(|value| !value.is_empty())) {
        Some(name) => Err(Error::Flags(name)),
        None => Ok(()),
    }
}

/// Builds the program and returns its path.
fn build(architecture: Architecture, root: &Path) -> Result<PathBuf, Error> {
    let target = architecture.target();
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
    let places = [(root.to_owned(), "/portdesk"), (home.ok_or(Error::NoHome)?, "/cargo")];
    let remapped = |flag: &str| {
        places.each_ref().map(|(place, name)| format!("{flag}={}={name}", place.display())).join(" ")
    };
    let target_folder = root.join("target");
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .current_dir(root)
        .args(["build", "--locked", "--package", "portdesk", "--bin", "portdesk", "--profile", "dist"])
        .args(["--no-default-features", "--features", "lambda", "--target", target])
        .args(["--config", "profile.dist.strip=\"symbols\""])
        .env("CARGO_TARGET_DIR", &target_folder)
        .env("RUSTFLAGS", remapped("--remap-path-prefix"))
        .env(format!("CFLAGS_{}", target.replace('-', "_")), remapped("-ffile-prefix-map"));
    if let Some(compiler) = architecture.cross_compiler() {
        let name = target.replace('-', "_");
        cargo.env(format!("CC_{name}"), compiler);
        cargo.env(format!("CARGO_TARGET_{}_LINKER", name.to_uppercase()), compiler);
    }
    succeed(&mut cargo, "build the program")?;
    Ok(target_folder.join(target).join("dist/portdesk"))
}

/// Runs a command, which must succeed.
fn succeed(command: &mut Command, what: &'static str) -> Result<(), Error> {
    let program = PathBuf::from(command.get_program());
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(Error::Failed(what)),
        Err(error) => Err(Error::File(program, error)),
    }
}

/// Why the package cannot be made.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("the arguments are `--arch arm64` or `--arch x86_64`")]
    Usage,
    #[error("{0} is set; a package for Lambda is built without flags of this machine, so unset it")]
    Flags(&'static str),
    #[error("neither CARGO_HOME nor HOME is set")]
    NoHome,
    #[error("the package cannot {0}; the messages above have the reason")]
    Failed(&'static str),
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
    #[error("the program needs GLIBC 2.{0}, and Lambda has 2.{LAMBDA}", LAMBDA = package::GLIBC_MINOR)]
    Glibc(u32),
    #[error("the archive cannot be written: {0}")]
    Archive(#[from] zip::result::ZipError),
}

impl Error {
    /// An error of this path.
    fn at(path: &Path) -> impl Fn(io::Error) -> Error {
        move |error| Error::File(path.to_owned(), error)
    }
}
