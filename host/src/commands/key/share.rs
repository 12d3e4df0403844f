//! `portdesk key share`: copies the keys and plans of a data folder to a table.

use clap::Args;

use super::super::Ended;
use super::super::output::print;
use super::super::place::Place;
use crate::door::KeyFile;

#[derive(Debug, Args)]
pub(in crate::commands) struct Arguments {
    /// Replace the keys that the table has, also if they are damaged; keys that are only there end
    #[arg(long)]
    replace: bool,

    #[command(flatten)]
    place: Place,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Ended> {
    let Arguments { replace, place } = arguments;
    let contents = KeyFile::new(&place.folder()?).read()?;
    if contents.keys.is_empty() {
        return Err(Ended::Failed("--data-dir: there is no key in this folder".to_owned()));
    }
    let open = place.open_table()?;
    let keys = open.keys();
    if *replace {
        open.runtime.block_on(keys.overwrite(&contents))?;
    } else {
        open.runtime.block_on(keys.update(|there| {
            if !there.keys.is_empty() || !there.plans.is_empty() {
                return Err(Ended::Failed("the table has keys; `--replace` replaces them".to_owned()));
            }
            there.clone_from(&contents);
            Ok(())
        }))??;
    }
    let (keys, plans) = (contents.keys.len(), contents.plans.len());
    print(&format!("the table has {keys} keys and {plans} plans; start its hosts with `--keys table`\n"))
}
