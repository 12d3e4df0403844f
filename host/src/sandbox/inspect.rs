//! Describes a file before it is compiled: which world it fits, which imports it lacks, and what supplies them.

use std::fmt;

use wasmparser::{Encoding, Parser, Payload, Validator, WasmFeatures};

use super::given::Given;

/// The worlds of `wit/world.wit`, and the composition of three of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum World {
    /// The host serves components of this world.
    Desk,
    /// Components of this world lift a desk into `wasi:http`.
    Front,
    /// Components of this world implement `key-value`.
    Store,
    /// A composition of a front, a desk and a store.
    StandAlone,
}

/// The world of a component, derived from the names of its imports and exports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The world that the component's exports fit, if any.
    pub world: Option<World>,
    /// The names of the component's imports.
    pub imports: Vec<String>,
    /// The imports that this world does not have.
    pub missing: Vec<String>,
}

/// Why a file is not a component.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InspectError {
    /// The file is a core module.
    #[error(
        "this is a core WebAssembly module, not a WebAssembly component; build it for wasm32-wasip2, or wrap it with \
         `wasm-tools component new`"
    )]
    CoreModule,
    /// The file begins like a component, but is not valid.
    #[error("this WebAssembly component is damaged ({0}); build or fetch the file again")]
    Damaged(String),
    /// The file is not WebAssembly.
    #[error(
        "this is not a WebAssembly component: its first bytes are not those of one; name the .wasm file that a build \
         for wasm32-wasip2 made"
    )]
    NotWasm,
}

impl Inspection {
    /// Inspects the bytes of a file.
    pub fn of(wasm: &[u8]) -> Result<Inspection, InspectError> {
        if Parser::is_core_wasm(wasm) {
            return Err(InspectError::CoreModule);
        }
        if !Parser::is_component(wasm) {
            return Err(InspectError::NotWasm);
        }
        let (imports, exports) =
            names(wasm).map_err(|error| InspectError::Damaged(error.message().to_owned()))?;
        let exports = |interface: &str| exports.iter().any(|name| is(name, interface));
        let world = if exports(INCOMING_HANDLER) {
            let is_front = imports.iter().any(|name| is(name, HANDLER));
            Some(if is_front { World::Front } else { World::StandAlone })
        } else if exports(HANDLER) && exports(SCHEMA) {
            Some(World::Desk)
        } else {
            exports(KEY_VALUE).then_some(World::Store)
        };
        let is_missing = |name: &&String| world.is_none_or(|world| !world.gives(name));
        let missing = imports.iter().filter(is_missing).cloned().collect();
        Ok(Inspection { world, imports, missing })
    }

    /// Whether this host can serve the component.
    #[must_use]
    pub fn is_desk(&self) -> bool {
        self.world == Some(World::Desk) && self.missing.is_empty()
    }
}

impl World {
    /// Whether a component of this world may have this import.
    fn gives(self, import: &str) -> bool {
        let any_of = |interfaces: &[&str]| interfaces.iter().any(|interface| is(import, interface));
        let is_wasi = import.starts_with("wasi:");
        match self {
            World::Desk => Given::of(import).is_some(),
            World::Front => is_wasi || any_of(&[HANDLER, SCHEMA]),
            World::Store => is_wasi || any_of(&[SCHEMA]),
            World::StandAlone => is_wasi,
        }
    }
}

impl fmt::Display for Inspection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self.world {
            Some(World::Desk) if self.missing.is_empty() => {
                "this component is a desk: `portdesk --component FILE` serves it"
            }
            Some(World::Desk) => "this component is a desk",
            Some(World::Front) => {
                "this component is a front, which lifts a desk into wasi:http; it does not run alone: compose it with a \
                 desk and a store (`cargo dist-components`)"
            }
            Some(World::Store) => {
                "this component is a store; compose it with a front and a desk (docs/stores.md), or let `portdesk` \
                 keep the items itself"
            }
            Some(World::StandAlone) => {
                "this component serves wasi:http by itself: run it on wasmtime, Spin, wasmCloud or Node \
                 (docs/deploy.md); `portdesk` itself serves only the desk inside it, portdesk-desk.wasm"
            }
            None => {
                "this component does not fit the world `desk` of wit/world.wit or any other world there: it exports \
                 neither portdesk:desk/handler with portdesk:desk/schema, nor portdesk:desk/key-value, nor \
                 wasi:http/incoming-handler; build it against wit/"
            }
        })?;
        if self.world.is_none() {
            return Ok(());
        }
        self.missing
            .iter()
            .try_for_each(|import| write!(out, "; it cannot run yet: {}", advice(import, self.world)))
    }
}

/// Advice about an import that the world does not have.
fn advice(import: &str, world: Option<World>) -> String {
    if world == Some(World::Desk) && import.starts_with("wasi:http/") {
        return format!(
            "it imports HTTP to other servers ({import}), which a desk cannot use; let a store component or another \
             program fetch the data, and read it through key-value"
        );
    }
    if world == Some(World::Desk) && import.starts_with("wasi:") {
        return format!(
            "it imports {import}, but a desk can import only wasi:cli, clocks, filesystem, io, random and sockets of WASI \
             0.2; build it for wasm32-wasip2, or leave out what needs this import (docs/components.md)"
        );
    }
    let adapter = match import.split_once('@').map_or(import, |(name, _)| name) {
        HANDLER | SCHEMA => "a desk exports it (portdesk-desk.wasm): compose it with a desk",
        KEY_VALUE => "a store exports it (guest/store-memory, guest/store-dynamodb): compose it with a store",
        _ => {
            "no component of Portdesk exports it; remove the import, or compose it with a component that exports it"
        }
    };
    format!("it lacks {import}; {adapter}")
}

/// The names of the imports and exports of a component. Fails if any part of the component is invalid.
#[expect(clippy::wildcard_enum_match_arm, reason = "the other parts of a component do not matter here")]
fn names(wasm: &[u8]) -> wasmparser::Result<(Vec<String>, Vec<String>)> {
    Validator::new_with_features(WasmFeatures::all()).validate_all(wasm)?;
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::Version { encoding: Encoding::Component | Encoding::Module, .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section {
                    imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                for export in section {
                    exports.push(export?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok((imports, exports))
}

/// Whether a name is the name of an interface, in any version.
fn is(name: &str, interface: &str) -> bool {
    name.split_once('@').map_or(name, |(name, _)| name) == interface
}

const HANDLER: &str = "portdesk:desk/handler";
const INCOMING_HANDLER: &str = "wasi:http/incoming-handler";
const KEY_VALUE: &str = "portdesk:desk/key-value";
const SCHEMA: &str = "portdesk:desk/schema";
