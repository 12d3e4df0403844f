//! The setting that says where keys and plans are.

use clap::{Args, ValueEnum};

/// Where keys and plans are.
#[derive(Debug, Clone, Args)]
pub struct KeysSetting {
    /// Where keys and plans are: file or table
    ///
    /// `file` is `keys.json` in the data folder. `table` is the table of --table, so that all hosts of that table share them.
    #[arg(
        id = "keys",
        long = "keys",
        env = "PORTDESK_KEYS",
        value_name = "PLACE",
        default_value = "file",
        hide_short_help = true
    )]
    #[cfg_attr(feature = "dynamodb", arg(requires_if("table", "table")))]
    pub place: KeyPlace,
}

/// The value of `--keys`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KeyPlace {
    /// In the data folder.
    File,
    /// In a table of Amazon DynamoDB.
    #[cfg(feature = "dynamodb")]
    Table,
}
