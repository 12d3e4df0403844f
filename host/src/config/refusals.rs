//! What a user may set about the host's own refusals.

use clap::Args;

use crate::door::Parity;

/// How the host refuses.
#[derive(Debug, Clone, Args)]
pub struct Refusals {
    /// How close refusals are to those of API Gateway: `friendly` adds `Retry-After`, `RateLimit` headers and the
    /// members of a problem; `strict` adds nothing
    #[arg(long, env = "PORTDESK_PARITY", value_name = "PARITY", default_value = "friendly")]
    pub parity: Parity,
}
