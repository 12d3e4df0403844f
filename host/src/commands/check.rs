//! `portdesk check`: prints what a file is, what it lacks, what it gets, and which tools agents get of it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use super::output::print;
use super::{Ended, described};
use crate::config::{ComponentFile, MEMORY_LIMIT_MIB};
use crate::contract::Contract;
use crate::host::component_bytes;
use crate::mcp::{McpSettings, Tools};
use crate::sandbox::{Given, Inspection};

pub(super) fn run(file: &Path) -> Result<(), Ended> {
    let inspection = Inspection::of(&component_bytes(Some(file))?)?;
    let mut text = format!("{}: {inspection}", file.display());
    if inspection.world.is_none() || !inspection.missing.is_empty() {
        return Err(Ended::Failed(text));
    }
    text.push('\n');
    if inspection.is_desk() {
        let (component, description) = described(&ComponentFile { file: Some(file.to_owned()) })?;
        text.push_str(&given(&inspection)?);
        text.push_str(&memory(component.memory_bytes()));
        match Contract::parse(&description.openapi) {
            Ok(contract) => text.push_str(&tools(&Arc::new(contract))?),
            Err(error) => writeln!(text, "{error}, so agents get no tools")?,
        }
    }
    print(&text)
}

/// A line for each kind of thing that a component may get, with the imports that ask for it.
fn given(inspection: &Inspection) -> Result<String, Ended> {
    let mut kinds: BTreeMap<Given, Vec<&str>> = BTreeMap::new();
    for import in &inspection.imports {
        if let Some(given) = Given::of(import) {
            let name = import.split_once('@').map_or(import.as_str(), |(name, _version)| name);
            kinds.entry(given).or_default().push(name);
        }
    }
    let mut text = "what it gets:\n".to_owned();
    for (given, mut names) in kinds {
        names.sort_unstable();
        writeln!(text, "  {given} ({})", names.join(", "))?;
    }
    Ok(text)
}

fn memory(bytes: usize) -> String {
    let mib = bytes.div_ceil(1 << 20);
    let advice = if mib <= usize::from(MEMORY_LIMIT_MIB) {
        String::new()
    } else {
        format!("; the default of --memory-limit-mib, {MEMORY_LIMIT_MIB}, is not enough for it")
    };
    format!("  memory: {mib} MiB before the first request{advice}\n")
}

/// A line for each operation: the tool that it is, or why it is not a tool.
fn tools(contract: &Arc<Contract>) -> Result<String, Ended> {
    let (tools, refused) = Tools::of(contract, &McpSettings::default())?;
    let width = tools.operations().map(|(name, _)| name.len()).max().unwrap_or_default();
    let mut text = "tools for agents:\n".to_owned();
    for (name, operation) in tools.operations() {
        let access = if operation.method.is_safe() { "read" } else { "write" };
        // `Method` does not pad itself.
        let (method, path) = (operation.method.as_str(), &operation.path);
        writeln!(text, "  {name:width$}  {access:5}  {method:6}  {path}")?;
    }
    for error in refused {
        writeln!(text, "  {error}")?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::memory;

    #[test]
    fn memory_above_the_default_limit_is_said() {
        assert_eq!(memory(32 << 20), "  memory: 32 MiB before the first request\n");
        assert!(
            memory((32 << 20) + 1)
                .contains("33 MiB before the first request; the default of --memory-limit-mib, 32,")
        );
    }
}
