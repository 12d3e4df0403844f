//! Writes the archive, and prints what a deployment needs to know of it.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use data_encoding::{BASE64, HEXLOWER};
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::Error;

/// Amazon Linux 2023, the system of `provided.al2023`, has GLIBC 2.34.
pub(crate) const GLIBC_MINOR: u32 = 34;

/// Packages the program and the compiled component.
pub(crate) fn write(package: &Path, program: &Path, code: &Path) -> Result<(), Error> {
    let (program, code) =
        (fs::read(program).map_err(Error::at(program))?, fs::read(code).map_err(Error::at(code))?);
    let glibc_minor = glibc_minor(&program);
    if glibc_minor > GLIBC_MINOR {
        return Err(Error::Glibc(glibc_minor));
    }
    let mut archive = ZipWriter::new(File::create(package).map_err(Error::at(package))?);
    for (name, mode, bytes) in [("bootstrap", 0o755, &program), ("desk.cwasm", 0o644, &code)] {
        archive.start_file(name, options(mode))?;
        archive.write_all(bytes).map_err(Error::at(package))?;
    }
    archive.finish()?;
    let bytes = fs::read(package).map_err(Error::at(package))?;
    let digest = Sha256::digest(&bytes);
    println!("{}  {} bytes", package.display(), bytes.len());
    println!("  sha256      {}", HEXLOWER.encode(&digest));
    println!("  CodeSha256  {}", BASE64.encode(&digest));
    println!("  bootstrap   {} bytes, needs GLIBC 2.{glibc_minor}", program.len());
    println!("  desk.cwasm  {} bytes", code.len());
    Ok(())
}

/// The same for every package: no time, and the level of compression is fixed. Lambda needs the permissions: it does not run a
/// program that is not executable, and the host refuses compiled code that others could have written.
fn options(mode: u32) -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(DateTime::default())
        .unix_permissions(mode)
}

/// The newest version 2.x of GLIBC whose symbols the program uses. The names of the versions are texts in the program.
fn glibc_minor(program: &[u8]) -> u32 {
    let prefix = b"GLIBC_2.";
    let found = program.windows(prefix.len()).enumerate().filter(|(_, window)| window == prefix);
    let minors = found.filter_map(|(at, _)| {
        let rest = program.get(at + prefix.len()..)?;
        let digits: Vec<u8> = rest.iter().copied().take_while(u8::is_ascii_digit).collect();
        String::from_utf8(digits).ok()?.parse().ok()
    });
    minors.max().unwrap_or(0)
}
