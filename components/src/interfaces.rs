//! What a component imports and exports.

use wac_graph::CompositionGraph;
use wac_graph::types::Package;

use crate::Error;

/// The names of a component's imports and exports, with their versions, sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interfaces {
    /// What it needs.
    pub imports: Vec<String>,
    /// What it offers.
    pub exports: Vec<String>,
}

impl Interfaces {
    /// Reads the interfaces of a component.
    pub fn of(wasm: &[u8]) -> Result<Interfaces, Error> {
        let mut graph = CompositionGraph::new();
        let package = Package::from_bytes("portdesk:any", None, wasm, graph.types_mut());
        let package = package.map_err(|error| Error::Composition(format!("{error:#}")))?;
        let package =
            graph.register_package(package).map_err(|error| Error::Composition(error.to_string()))?;
        let world = &graph.types()[graph[package].ty()];
        let sorted = |names: Vec<&String>| {
            let mut names: Vec<String> = names.into_iter().cloned().collect();
            names.sort();
            names
        };
        Ok(Interfaces {
            imports: sorted(world.imports.keys().collect()),
            exports: sorted(world.exports.keys().collect()),
        })
    }

    /// Whether nothing of our own is missing, and one handler of HTTP is all that it exports. What a composition lacks
    /// is no error of its own: it stays an import.
    pub(crate) fn check_stand_alone(&self) -> Result<(), Error> {
        if let Some(unmet) = self.imports.iter().find(|import| import.starts_with("portdesk:")) {
            return Err(Error::Unmet(unmet.clone()));
        }
        match self.exports.as_slice() {
            [export] if export.starts_with("wasi:http/incoming-handler@0.2.") => Ok(()),
            exports => Err(Error::Exports(exports.to_vec())),
        }
    }
}
