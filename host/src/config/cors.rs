//! What a user may set about pages in browsers.

use clap::Args;

use crate::door::Origin;

/// Which pages may call the host.
#[derive(Debug, Clone, Args)]
pub struct Cors {
    /// Origin whose pages may call the API from a browser, for example `https://app.example.net`; give it again for
    /// another, and put commas between those of the variable. `*` is every page. Without it no page may
    #[arg(long = "cors-origin", env = "PORTDESK_CORS_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    pub origins: Vec<Origin>,
}

impl Cors {
    /// The settings in force, a flag with its value each.
    pub(super) fn effective(&self) -> [(&'static str, String); 1] {
        let origins: Vec<_> = self.origins.iter().map(ToString::to_string).collect();
        [("cors-origin", if origins.is_empty() { "off".to_owned() } else { origins.join(",") })]
    }
}
