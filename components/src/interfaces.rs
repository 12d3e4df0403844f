//! The imports and exports of a component.

use wac_graph::CompositionGraph;
use wac_graph::types::Package;

use crate::Error;
use crate::composition::misfit;
use crate::platform::is_offered;

/// The names of a component's imports and exports, with their versions, sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interfaces {
    /// The names of the imports.
    pub imports: Vec<String>,
    /// The names of the exports.
    pub exports: Vec<String>,
}

impl Interfaces {
    /// Reads the interfaces of a component.
    pub fn of(wasm: &[u8]) -> Result<Interfaces, Error> {
        let mut graph = CompositionGraph::new();
        let package = Package::from_bytes("portdesk:any", None, wasm, graph.types_mut()).map_err(misfit)?;
        let package = graph.register_package(package).map_err(misfit)?;
        let world = &graph.types()[graph[package].ty()];
        let mut interfaces = Interfaces {
            imports: world.imports.keys().cloned().collect(),
            exports: world.exports.keys().cloned().collect(),
        };
        interfaces.imports.sort();
        interfaces.exports.sort();
        Ok(interfaces)
    }

    /// Checks that the platforms offer every import and that the only export is one HTTP handler. A composition that lacks a
    /// part does not fail; it imports what the part would export.
    pub(crate) fn check_stand_alone(&self) -> Result<(), Error> {
        if let Some(unmet) = self.imports.iter().find(|import| import.starts_with("portdesk:")) {
            return Err(Error::Unmet(unmet.clone()));
        }
        if let Some(import) = self.imports.iter().find(|import| !is_offered(import)) {
            return Err(Error::NotOffered(import.clone()));
        }
        match self.exports.as_slice() {
            [export] if export.starts_with("wasi:http/incoming-handler@0.2.") => Ok(()),
            exports => Err(Error::Exports(exports.to_vec())),
        }
    }
}
