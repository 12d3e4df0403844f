//! What a file is, in words, before it is compiled: which world it fits, what it lacks, and what supplies that.

use std::fmt;

use wasmparser::{Encoding, Parser, Payload, Validator, WasmFeatures};

/// The worlds of `wit/world.wit`, and what becomes of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum World {
    /// What a host of this kind serves.
    Desk,
    /// Lifts a desk into `wasi:http`.
    Front,
    /// Keeps items.
    Store,
    /// Front, desk and store in one.
    StandAlone,
}

/// A component, by the names of its imports and exports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// What it offers; none of the worlds where it fits none.
    pub world: Option<World>,
    /// Its imports that this world is not given.
    pub missing: Vec<String>,
}

/// A file that is no component.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InspectError {
    /// WebAssembly, but without the shell that says what it imports and exports.
    #[error(
        "this is a core WebAssembly module, not a WebAssembly component; build it for wasm32-wasip2, or wrap it with \
         `wasm-tools component new`"
    )]
    CoreModule,
    /// It begins as a component and does not go on as one.
    #[error("this WebAssembly component is damaged ({0}); build or fetch the file again")]
    Damaged(String),
    /// Something else.
    #[error(
        "this is not a WebAssembly component: it does not begin as one; name the .wasm file that a build for \
         wasm32-wasip2 made"
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
        let is_missing = |name: &String| world.is_none_or(|world| !world.gives(name));
        Ok(Inspection { world, missing: imports.into_iter().filter(is_missing).collect() })
    }

    /// Whether a host of this kind can serve it.
    #[must_use]
    pub fn is_desk(&self) -> bool {
        self.world == Some(World::Desk) && self.missing.is_empty()
    }
}

impl World {
    /// Whether a component of this world may import this.
    fn gives(self, import: &str) -> bool {
        let any_of = |interfaces: &[&str]| interfaces.iter().any(|interface| is(import, interface));
        let is_wasi = import.starts_with("wasi:");
        match self {
            World::Desk => any_of(&[KEY_VALUE, "wasi:clocks/wall-clock", "wasi:random/random"]),
            World::Front => is_wasi || any_of(&[HANDLER, SCHEMA]),
            World::Store => is_wasi || any_of(&[SCHEMA]),
            World::StandAlone => is_wasi,
        }
    }
}

impl fmt::Display for Inspection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self.world {
            Some(World::Desk) => "this component is a desk: `portdesk --component FILE` serves it",
            Some(World::Front) => {
                "this component is a front, which lifts a desk into wasi:http; it is served by nothing alone: compose \
                 it with a desk and a store (`cargo dist-components`)"
            }
            Some(World::Store) => {
                "this component is a store; compose it with a front and a desk (docs/stores.md), or let `portdesk` \
                 keep the items itself"
            }
            Some(World::StandAlone) => {
                "this component serves wasi:http by itself: run it on wasmtime, Spin, wasmCloud or Node \
                 (docs/deploy.md); `portdesk` serves the desk inside of it, portdesk-desk.wasm"
            }
            None => {
                "this component does not fit the world `desk` of wit/world.wit, nor any other there: it exports \
                 neither portdesk:desk/handler with portdesk:desk/schema, nor portdesk:desk/key-value, nor \
                 wasi:http/incoming-handler; build it against wit/"
            }
        })?;
        if self.world.is_none() {
            return Ok(());
        }
        self.missing
            .iter()
            .try_for_each(|import| write!(out, "; it does not fit yet: {}", advice(import, self.world)))
    }
}

/// What to do about an import that its world is not given.
fn advice(import: &str, world: Option<World>) -> String {
    let network = ["wasi:sockets/", "wasi:http/"].iter().any(|package| import.starts_with(package));
    if world == Some(World::Desk) && network {
        return format!(
            "it wants the network ({import}), which a desk is not given; keep what it fetches in key-value, or let a \
             store or a program beside it do the fetching"
        );
    }
    if world == Some(World::Desk) && import.starts_with("wasi:") {
        return format!(
            "it wants {import}, and a desk is given nothing of WASI but wasi:clocks/wall-clock and wasi:random/random; \
             build it without std, as guest/desk is"
        );
    }
    let adapter = match import.split_once('@').map_or(import, |(name, _)| name) {
        HANDLER | SCHEMA => "a desk supplies it (portdesk-desk.wasm): compose with it",
        KEY_VALUE => "a store supplies it (guest/store-memory, guest/store-dynamodb): compose with one",
        _ => "nothing here supplies it; remove the import, or compose with a component that exports it",
    };
    format!("it lacks {import}; {adapter}")
}

/// The imports and exports of a component that is valid throughout.
#[expect(clippy::wildcard_enum_match_arm, reason = "what else stands in a component is no matter here")]
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

/// Whether a name is that of an interface, in whatever version.
fn is(name: &str, interface: &str) -> bool {
    name.split_once('@').map_or(name, |(name, _)| name) == interface
}

const HANDLER: &str = "portdesk:desk/handler";
const INCOMING_HANDLER: &str = "wasi:http/incoming-handler";
const KEY_VALUE: &str = "portdesk:desk/key-value";
const SCHEMA: &str = "portdesk:desk/schema";
