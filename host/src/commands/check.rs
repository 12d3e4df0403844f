//! `portdesk check`: prints what a file is, what it lacks, and which tools agents get of it.

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use super::output::print;
use super::{Ended, describe};
use crate::config::ComponentFile;
use crate::contract::Contract;
use crate::host::component_bytes;
use crate::mcp::{McpSettings, Tools};
use crate::sandbox::Inspection;

pub(super) fn run(file: &Path) -> Result<(), Ended> {
    let inspection = Inspection::of(&component_bytes(Some(file))?)?;
    let mut text = format!("{}: {inspection}", file.display());
    if inspection.world.is_none() || !inspection.missing.is_empty() {
        return Err(Ended::Failed(text));
    }
    text.push('\n');
    if inspection.is_desk() {
        let component = ComponentFile { file: Some(file.to_owned()) };
        match Contract::parse(&describe(&component)?.openapi) {
            Ok(contract) => text.push_str(&tools(&Arc::new(contract))?),
            Err(error) => writeln!(text, "{error}, so agents get no tools")?,
        }
    }
    print(&text)
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
