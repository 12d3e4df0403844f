//! Ways in: each makes plain requests of what it takes and hands them to the pipeline.

pub mod http;
