//! The ways in. Each turns what it receives into plain requests and passes them to the pipeline.

pub mod http;
#[cfg(feature = "lambda")]
pub mod lambda;
pub mod stdio;
