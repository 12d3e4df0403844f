//! The files that are made, and what is checked before one is.

use std::path::PathBuf;

use crate::component::component;
use crate::platform::Platform;
use crate::{Interfaces, PLATFORMS, composition};

/// A store that is composed with the desk.
#[derive(Debug, Clone, Copy)]
pub struct Store {
    /// What the artifact is called after.
    pub name: &'static str,
    /// The package that it is built from.
    pub package: &'static str,
}

/// Every store of this tree.
pub const STORES: [Store; 2] = [
    Store { name: "memory", package: "portdesk-store-memory" },
    Store { name: "dynamodb", package: "portdesk-store-dynamodb" },
];

/// A component that can be shipped.
#[derive(Debug)]
pub struct Artifact {
    /// The name of its file.
    pub file: String,
    /// The component.
    pub wasm: Vec<u8>,
    /// What it imports and exports.
    pub interfaces: Interfaces,
    /// The platforms that offer all that it imports; none for a part of others.
    pub platforms: Vec<&'static str>,
}

/// Every artifact: the desk for our host, the front for whoever links it otherwise, and a stand-alone component for each
/// store.
pub fn all() -> Result<Vec<Artifact>, Error> {
    let stand_alone = STORES.iter().map(|store| stand_alone(*store));
    [desk(), front()].into_iter().chain(stand_alone).collect()
}

/// The desk, for our host.
pub fn desk() -> Result<Artifact, Error> {
    let wasm = component("portdesk-desk")?;
    let interfaces = Interfaces::of(&wasm)?;
    Ok(Artifact { file: "portdesk-desk.wasm".into(), platforms: vec!["portdesk"], wasm, interfaces })
}

/// The front, which needs a desk to run.
pub fn front() -> Result<Artifact, Error> {
    let wasm = component("portdesk-http-front")?;
    let interfaces = Interfaces::of(&wasm)?;
    Ok(Artifact { file: "portdesk-front.wasm".into(), platforms: Vec::new(), wasm, interfaces })
}

/// Front, desk and a store of this tree in one component that every platform of [`PLATFORMS`] can run.
pub fn stand_alone(store: Store) -> Result<Artifact, Error> {
    let artifact = with_store(store.name, component(store.package)?)?;
    PLATFORMS.iter().try_for_each(|platform| check(&artifact.interfaces, platform))?;
    Ok(artifact)
}

/// Front, desk and any store in one component that one platform of [`PLATFORMS`] at least can run. `store` is a
/// component of the world `store`.
pub fn with_store(name: &str, store: Vec<u8>) -> Result<Artifact, Error> {
    let front = component("portdesk-http-front")?;
    let desk = component("portdesk-desk")?;
    let wasm = composition::stand_alone(front, desk, store)?;
    let interfaces = Interfaces::of(&wasm)?;
    interfaces.check_stand_alone()?;
    let checked = PLATFORMS.iter().map(|platform| check(&interfaces, platform).map(|()| platform.name));
    let (platforms, misfits): (Vec<_>, Vec<_>) = checked.partition(Result::is_ok);
    if platforms.is_empty() {
        misfits.into_iter().next().unwrap_or(Ok(""))?;
    }
    let platforms = platforms.into_iter().flatten().collect();
    Ok(Artifact { file: format!("portdesk-{name}.wasm"), wasm, interfaces, platforms })
}

fn check(interfaces: &Interfaces, platform: &Platform) -> Result<(), Error> {
    match interfaces.imports.iter().find(|import| !platform.offers(import)) {
        Some(import) => Err(Error::NotOffered { platform: platform.name, import: import.clone() }),
        None => Ok(()),
    }
}

/// Why an artifact is not made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// cargo failed; it says why.
    #[error("the component {0} does not build")]
    Build(&'static str),
    /// The parts do not fit.
    #[error("the components do not fit together: {0}")]
    Composition(String),
    /// It exports more or less than one handler of HTTP.
    #[error("a stand-alone component exports one wasi:http/incoming-handler and nothing else, not {0:?}")]
    Exports(Vec<String>),
    /// A file or a program cannot be used.
    #[error("{0}: {1}")]
    File(PathBuf, std::io::Error),
    /// A platform lacks something.
    #[error("{platform} does not offer {import}")]
    NotOffered {
        /// The platform.
        platform: &'static str,
        /// What it lacks.
        import: String,
    },
    /// Something of our own is still missing in it.
    #[error("nothing supplies {0}")]
    Unmet(String),
    /// The command line says something else.
    #[error("the only argument is `--store FILE`, a component of the world `store`")]
    Usage,
}
