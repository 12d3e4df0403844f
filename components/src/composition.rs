//! Composes front, desk and store.

use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, NodeId, PackageId};

use crate::{Error, stub_store};

/// Makes one component from three. The platform has to supply all imports of the store except `schema`.
pub(crate) fn stand_alone(front: Vec<u8>, desk: Vec<u8>, store: Vec<u8>) -> Result<Vec<u8>, Error> {
    let mut parts = Parts { graph: CompositionGraph::new() };
    let (front, desk) = (parts.add("front", front)?, parts.add("desk", desk)?);
    let (store, stub_store) =
        (parts.add("store", store)?, parts.add("stub-store", stub_store::component()?)?);
    let stub_store = parts.instance(stub_store, &[])?;
    let describing = parts.instance(desk, &[(KEY_VALUE, stub_store)])?;
    let store = parts.instance(store, &[(SCHEMA, describing)])?;
    let serving = parts.instance(desk, &[(KEY_VALUE, store)])?;
    let fronting = parts.instance(front, &[(HANDLER, serving), (SCHEMA, serving)])?;
    parts.publish(fronting, front, INCOMING_HANDLER)
}

struct Parts {
    graph: CompositionGraph,
}

impl Parts {
    fn add(&mut self, name: &str, wasm: Vec<u8>) -> Result<PackageId, Error> {
        let package = Package::from_bytes(&format!("portdesk:{name}"), None, wasm, self.graph.types_mut());
        self.graph.register_package(package.map_err(misfit)?).map_err(misfit)
    }

    /// Adds an instance. If it imports one of the interfaces, it gets the export of the given instance.
    fn instance(&mut self, package: PackageId, given: &[(&str, NodeId)]) -> Result<NodeId, Error> {
        let world = self.graph.types()[self.graph[package].ty()].clone();
        let instance = self.graph.instantiate(package);
        for (interface, from) in given {
            let Some(import) = world.imports.keys().find(|name| is(name, interface)) else { continue };
            let export = self.graph.alias_instance_export(*from, import).map_err(misfit)?;
            self.graph.set_instantiation_argument(instance, import, export).map_err(misfit)?;
        }
        Ok(instance)
    }

    /// Returns the composition, which exports this interface of this instance of `package`.
    fn publish(mut self, instance: NodeId, package: PackageId, interface: &str) -> Result<Vec<u8>, Error> {
        let world = &self.graph.types()[self.graph[package].ty()];
        let name = world.exports.keys().find(|name| is(name, interface)).cloned();
        let name =
            name.ok_or_else(|| Error::Composition(format!("the front does not export {interface}")))?;
        let export = self.graph.alias_instance_export(instance, &name).map_err(misfit)?;
        self.graph.export(export, name).map_err(misfit)?;
        self.graph.encode(EncodeOptions::default()).map_err(misfit)
    }
}

pub(crate) fn misfit(error: impl std::fmt::Display) -> Error {
    Error::Composition(format!("{error:#}"))
}

/// Whether a name is the name of an interface in any version.
fn is(name: &str, interface: &str) -> bool {
    name.split_once('@').map_or(name, |(name, _)| name) == interface
}

const HANDLER: &str = "portdesk:desk/handler";
const INCOMING_HANDLER: &str = "wasi:http/incoming-handler";
const KEY_VALUE: &str = "portdesk:desk/key-value";
const SCHEMA: &str = "portdesk:desk/schema";
