//! `cargo dist-components`: writes the components into `dist/` and says what each of them is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use data_encoding::HEXLOWER;
use portdesk_compose::{Artifact, Error, all};
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
    let failed = |path: &PathBuf| {
        let path = path.clone();
        move |error| Error::File(path, error)
    };
    fs::create_dir_all(&folder).map_err(failed(&folder))?;
    for artifact in all()? {
        let file = folder.join(&artifact.file);
        fs::write(&file, &artifact.wasm).map_err(failed(&file))?;
        print(&artifact);
    }
    Ok(())
}

fn print(artifact: &Artifact) {
    let Artifact { file, wasm, contract, platforms } = artifact;
    let digest = HEXLOWER.encode(&Sha256::digest(wasm));
    println!("dist/{file}  {} bytes  sha256:{digest}", wasm.len());
    println!("  runs on  {}", platforms.join(", "));
    for (what, names) in [("exports", &contract.exports), ("imports", &contract.imports)] {
        println!("  {what}  {}", names.join("\n           "));
    }
}
