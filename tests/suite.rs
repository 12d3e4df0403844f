//! The suite of claims that every store must keep (`portdesk::backend::suite`), run over the stores that need a server or
//! another program: the DynamoDB store of the host, and store components.

pub mod dynamodb;
mod store_component;
