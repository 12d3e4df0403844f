//! `cargo dist-components` writes the components into `dist/` and prints what each of them imports and exports. `--store FILE`
//! writes only one component: front, desk and the store in that file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use data_encoding::HEXLOWER;
use portdesk_components::{Artifact, Error, all, with_store};
use sha2::{Digest, Sha256};

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
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist");
    fs::create_dir_all(&folder).map_err(failed(&folder))?;
    let artifacts = match asked()? {
        Some(store) => vec![with(&store)?],
        None => all()?,
    };
    for artifact in artifacts {
        let file = folder.join(&artifact.file);
        fs::write(&file, &artifact.wasm).map_err(failed(&file))?;
        print(&artifact);
    }
    Ok(())
}

/// Returns the file of the store that the command line names.
fn asked() -> Result<Option<PathBuf>, Error> {
    let mut arguments = std::env::args_os().skip(1);
    match (arguments.next(), arguments.next(), arguments.next()) {
        (None, ..) => Ok(None),
        (Some(flag), Some(file), None) if flag == "--store" => Ok(Some(file.into())),
        _ => Err(Error::Usage),
    }
}

fn with(store: &Path) -> Result<Artifact, Error> {
    let name = store.file_stem().unwrap_or_default().to_string_lossy();
    with_store(&name, fs::read(store).map_err(failed(store))?)
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |error| Error::File(path, error)
}

fn print(artifact: &Artifact) {
    let Artifact { file, wasm, interfaces, platforms } = artifact;
    let digest = HEXLOWER.encode(&Sha256::digest(wasm));
    println!("dist/{file}  {} bytes  sha256:{digest}", wasm.len());
    if !platforms.is_empty() {
        println!("  runs on  {}", platforms.join(", "));
    }
    for (what, names) in [("exports", &interfaces.exports), ("imports", &interfaces.imports)] {
        println!("  {what}  {}", names.join("\n           "));
    }
}
