//! The components to ship, and the checks that each of them has to pass.

use std::path::PathBuf;

use crate::component::component;
use crate::platform::PLATFORMS;
use crate::{Interfaces, composition};

/// A store component of this tree.
#[derive(Debug, Clone, Copy)]
pub struct Store {
    /// The name of the store, which is a part of the name of the artifact.
    pub name: &'static str,
    /// The package of the store.
    pub package: &'static str,
}

/// All store components of this tree.
pub const STORES: [Store; 2] = [
    Store { name: "memory", package: "portdesk-store-memory" },
    Store { name: "dynamodb", package: "portdesk-store-dynamodb" },
];

/// A component to ship.
#[derive(Debug)]
pub struct Artifact {
    /// The name of the file.
    pub file: String,
    /// The bytes of the component.
    pub wasm: Vec<u8>,
    /// The imports and exports.
    pub interfaces: Interfaces,
    /// The platforms that offer all imports. Empty if the component only works as a part of another one.
    pub platforms: Vec<&'static str>,
}

/// Makes all artifacts: the desk for our host, the front for other compositions, and a stand-alone component for each store.
pub fn all() -> Result<Vec<Artifact>, Error> {
    let front = artifact("portdesk-front.wasm".into(), component("portdesk-http-front")?, Vec::new());
    let stand_alone = STORES.iter().map(|store| stand_alone(*store));
    [desk(), front].into_iter().chain(stand_alone).collect()
}

/// Makes the desk for our host.
pub fn desk() -> Result<Artifact, Error> {
    artifact("portdesk-desk.wasm".into(), component("portdesk-desk")?, vec!["portdesk"])
}

fn artifact(file: String, wasm: Vec<u8>, platforms: Vec<&'static str>) -> Result<Artifact, Error> {
    Ok(Artifact { interfaces: Interfaces::of(&wasm)?, file, wasm, platforms })
}

/// Composes front, desk and a store of this tree.
pub fn stand_alone(store: Store) -> Result<Artifact, Error> {
    with_store(store.name, component(store.package)?)
}

/// Composes front, desk and any store into one component that all known platforms can run. `store` is a component of the
/// world `store`.
pub fn with_store(name: &str, store: Vec<u8>) -> Result<Artifact, Error> {
    let (front, desk) = (component("portdesk-http-front")?, component("portdesk-desk")?);
    let wasm = composition::stand_alone(front, desk, store)?;
    let artifact = artifact(format!("portdesk-{name}.wasm"), wasm, PLATFORMS.into())?;
    artifact.interfaces.check_stand_alone()?;
    Ok(artifact)
}

/// The reason why an artifact cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// cargo failed and printed the reason.
    #[error("the component {0} does not build; the messages of cargo above have the reason")]
    Build(&'static str),
    /// The interfaces of two components differ.
    #[error("the components do not fit together: {0}")]
    Composition(String),
    /// The exports are not exactly one HTTP handler.
    #[error("a stand-alone component exports one wasi:http/incoming-handler and nothing else, not {0:?}")]
    Exports(Vec<String>),
    /// A file cannot be read or written, or a program cannot be started.
    #[error("{0}: {1}")]
    File(PathBuf, std::io::Error),
    /// The component needs an interface that platforms do not have.
    #[error("the component imports {0}, which the platforms do not offer")]
    NotOffered(String),
    /// An interface of our own is still an import.
    #[error("no part of the component exports {0}, which another part imports")]
    Unmet(String),
    /// The command line has another argument.
    #[error("the only argument is `--store FILE`, a component of the world `store`")]
    Usage,
}
