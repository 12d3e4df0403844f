//! `portdesk check`: prints what a file is, and what it lacks.

use std::path::Path;

use super::Ended;
use super::output::print;
use crate::host::component_bytes;
use crate::sandbox::Inspection;

pub(super) fn run(file: &Path) -> Result<(), Ended> {
    let inspection = Inspection::of(&component_bytes(Some(file))?)?;
    let text = format!("{}: {inspection}", file.display());
    if inspection.world.is_none() || !inspection.missing.is_empty() {
        return Err(Ended::Failed(text));
    }
    print(&format!("{text}\n"))
}
