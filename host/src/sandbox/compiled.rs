//! Components that were compiled before. There are two kinds: the host's cache in its data folder, so that a host does not
//! compile at every start, and the files of `portdesk compile`, for read-only images.
//!
//! Compiled code runs natively, outside of the sandbox (wasmtime, "Unsafety" of `Module::deserialize`). So a file is
//! loaded only if no other user could have written it (`trusted_file`) and if its checksum is right. A file consists
//! of wasmtime's code, a hash of the component and the compiler's settings, and the SHA-256 of both.

mod trusted_file;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::Path;

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use tracing::{debug, warn};
use wasmtime::Engine;
use wasmtime::component::Component as Code;

pub use self::trusted_file::TrustedFileError;

/// Whether these bytes are a compiled component, not WebAssembly.
pub(super) fn is_compiled(bytes: &[u8]) -> bool {
    Engine::detect_precompiled(bytes).is_some()
}

/// The code of `wasm`, from the cache in `folder` if it is there. Otherwise `wasm` is compiled and cached for the next
/// start.
///
/// If the folder cannot be trusted or written to, only the cache is unused: the component is compiled at every start.
pub(super) fn cached(engine: &Engine, wasm: &[u8], folder: &Path) -> wasmtime::Result<Code> {
    let file = folder.join(FILE);
    let origin = Origin::of(engine, wasm);
    match kept(engine, &file, &origin) {
        Ok(Some(code)) => return Ok(code),
        Ok(None) => {}
        Err(error) => {
            warn!(%error, "the cached compiled component cannot be used; compiling the component again");
        }
    }
    let code = Code::from_binary(engine, wasm)?;
    match keep(&code, &file, &origin) {
        Ok(()) => debug!(file = %file.display(), "cached the compiled component"),
        Err(error) => warn!(%error, "the compiled component cannot be cached; every start compiles it again"),
    }
    Ok(code)
}

/// The bytes of a compiled file, which a host can serve without compiling.
pub(super) fn compile(engine: &Engine, wasm: &[u8]) -> wasmtime::Result<Vec<u8>> {
    sealed(&Code::from_binary(engine, wasm)?, &Origin::of(engine, wasm))
}

/// The code in `file`.
pub(super) fn load(engine: &Engine, file: &Path) -> Result<Code, CompiledError> {
    let bytes = trusted_file::read(file)?;
    let (code, _origin) = unsealed(&bytes).ok_or(CompiledError::Damaged)?;
    deserialize(engine, code).map_err(CompiledError::Foreign)
}

fn kept(engine: &Engine, file: &Path, origin: &Origin) -> Result<Option<Code>, CompiledError> {
    if !file.exists() {
        return Ok(None);
    }
    let bytes = trusted_file::read(file)?;
    let (code, compiled_from) = unsealed(&bytes).ok_or(CompiledError::Damaged)?;
    if compiled_from != origin.0 {
        return Ok(None);
    }
    deserialize(engine, code).map(Some).map_err(CompiledError::Foreign)
}

/// Replaces the cached file, completely or not at all.
fn keep(code: &Code, file: &Path, origin: &Origin) -> wasmtime::Result<()> {
    let mut new = NamedTempFile::new_in(file.parent().unwrap_or(Path::new(".")))?;
    new.write_all(&sealed(code, origin)?)?;
    new.persist(file)?;
    Ok(())
}

fn sealed(code: &Code, origin: &Origin) -> wasmtime::Result<Vec<u8>> {
    let mut bytes = code.serialize()?;
    bytes.extend(origin.0);
    bytes.extend(Sha256::digest(&bytes));
    Ok(bytes)
}

/// The code and its origin, or `None` if the checksum is wrong.
fn unsealed(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (rest, seal) = bytes.split_at_checked(bytes.len().checked_sub(DIGEST_BYTES)?)?;
    if Sha256::digest(rest).as_slice() != seal {
        return None;
    }
    rest.split_at_checked(rest.len().checked_sub(DIGEST_BYTES)?)
}

#[expect(
    unsafe_code,
    reason = "both callers have checked that the file is trusted and its checksum is right"
)]
fn deserialize(engine: &Engine, code: &[u8]) -> wasmtime::Result<Code> {
    // SAFETY: `sealed` made this code, on this machine or for its administrator, and the checksum shows that it is
    // unchanged. Wasmtime itself checks that the code is for this version, these settings and this processor.
    unsafe { Code::deserialize(engine, code) }
}

/// A hash of the component and of all settings of the engine that affect the code.
struct Origin([u8; DIGEST_BYTES]);

impl Origin {
    fn of(engine: &Engine, wasm: &[u8]) -> Origin {
        let mut settings = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut settings);
        let digest = Sha256::new().chain_update(settings.finish().to_le_bytes()).chain_update(wasm);
        Origin(digest.finalize().into())
    }
}

/// Why compiled code is not used.
#[derive(Debug, thiserror::Error)]
pub enum CompiledError {
    /// The file is truncated or changed.
    #[error("the file is damaged; make it again with `portdesk compile`")]
    Damaged,
    /// Another user could have written the file.
    #[error(transparent)]
    Untrusted(#[from] TrustedFileError),
    /// The code is from another version, for other settings or for another processor.
    #[error(
        "this program cannot run the file; make it again with `portdesk compile` of this version ({0:#})"
    )]
    Foreign(wasmtime::Error),
}

/// The name of the cached file in the data folder.
const FILE: &str = "component.cwasm";
const DIGEST_BYTES: usize = 32;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::host::BUILT_IN_COMPONENT;

    fn engine() -> Engine {
        Engine::default()
    }

    /// An empty component: what matters here is the file.
    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    #[test]
    fn what_was_kept_is_loaded_and_another_component_is_not() {
        let (engine, folder) = (engine(), tempfile::tempdir().unwrap());
        let file = folder.path().join(FILE);
        cached(&engine, EMPTY, folder.path()).unwrap();
        assert!(kept(&engine, &file, &Origin::of(&engine, EMPTY)).unwrap().is_some());
        assert!(kept(&engine, &file, &Origin::of(&engine, BUILT_IN_COMPONENT)).unwrap().is_none());
    }

    #[test]
    fn another_setting_of_the_engine_compiles_anew() {
        let folder = tempfile::tempdir().unwrap();
        cached(&engine(), EMPTY, folder.path()).unwrap();
        let mut config = wasmtime::Config::new();
        config.epoch_interruption(true);
        let other = Engine::new(&config).unwrap();
        let origin = Origin::of(&other, EMPTY);
        assert!(kept(&other, &folder.path().join(FILE), &origin).unwrap().is_none());
        assert!(deserialize(&other, unsealed(&compile(&engine(), EMPTY).unwrap()).unwrap().0).is_err());
    }

    #[test]
    fn a_changed_byte_is_never_loaded() {
        let (engine, folder) = (engine(), tempfile::tempdir().unwrap());
        let file = folder.path().join(FILE);
        let whole = compile(&engine, EMPTY).unwrap();
        assert!(is_compiled(&whole) && !is_compiled(EMPTY));
        for at in [0, whole.len() / 2, whole.len() - DIGEST_BYTES - 1, whole.len() - 1] {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            fs::write(&file, &changed).unwrap();
            assert!(matches!(load(&engine, &file), Err(CompiledError::Damaged)), "byte {at}");
        }
        fs::write(&file, &whole[..16]).unwrap();
        assert!(matches!(load(&engine, &file), Err(CompiledError::Damaged)));
        fs::write(&file, &whole).unwrap();
        assert!(load(&engine, &file).is_ok());
    }

    #[test]
    fn a_file_that_others_can_write_is_never_loaded() {
        let (engine, folder) = (engine(), tempfile::tempdir().unwrap());
        let file = folder.path().join(FILE);
        let code = compile(&engine, EMPTY).unwrap();
        fs::write(&file, &code).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(matches!(load(&engine, &file), Err(CompiledError::Untrusted(_))));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(load(&engine, &file), Err(CompiledError::Untrusted(_))));
        assert!(cached(&engine, EMPTY, folder.path()).is_ok(), "it is compiled instead");
    }
}
