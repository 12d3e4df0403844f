//! The suite of claims that every store is held to (`portdesk::backend::suite`), over the stores that need a server or
//! another program: the DynamoDB store of the host, and store components.

mod dynamodb;
mod store_component;
