//! A placeholder for a store: it exports `key-value`, and every call traps.

use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{ManglingAndAbi, Resolve};

use crate::Error;

/// Makes the placeholder for a desk that only returns its schema, which calls no import.
pub(crate) fn component() -> Result<Vec<u8>, Error> {
    made().map_err(|error| Error::Composition(format!("the stub store: {error}")))
}

fn made() -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut resolve = Resolve::default();
    resolve.push_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../wit"))?;
    let package = resolve.push_str("stub-store.wit", WORLD)?;
    let world = resolve.select_world(&[package], None)?;
    let mut module = dummy_module(&resolve, world, ManglingAndAbi::Standard32);
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    Ok(ComponentEncoder::default().validate(true).module(&module)?.encode()?)
}

const WORLD: &str = "package portdesk:stub-store;

world stub-store {
  export portdesk:desk/key-value@0.1.0;
}
";
