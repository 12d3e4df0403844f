//! The operations of the component as tools and resources of the Model Context Protocol (MCP), for agents.
//!
//! Tools are derived from the component's contract alone: this module does not depend on what the component is about. A call
//! becomes the same plain request that a client of the HTTP API would send, and the caller of [`Mcp::answer`] performs it.
//! The protocol itself is the official SDK's (`rmcp`); `message` corrects its answers where they would mislead an agent.

mod message;
mod server;
mod tool;
mod argument;
mod schema;
mod call;
mod outcome;

use std::sync::Arc;

use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, HeaderValue};
use hyper::{HeaderMap, Request, Response, Uri};
use rmcp::model::Tool as Listed;

pub use self::message::{INVALID_REQUEST, NOT_JSON, PARSE_ERROR, SERVER_ERROR, failure, refused};
use self::message::{Message, PlainCall};
use self::server::Service;
pub use self::tool::NoToolError;
use self::tool::Tool;
use crate::contract::{Contract, Operation};

/// The path that messages are sent to, with POST.
pub const PATH: &str = "/mcp";

/// Whether a request to this URI is a message.
#[must_use]
pub fn is_message(uri: &Uri) -> bool {
    uri.path() == PATH
}

/// Takes the token of `Authorization: Bearer` for the key if the message has no key. Some agents can send no other header.
pub fn take_bearer_token(headers: &mut HeaderMap) {
    if headers.contains_key("x-api-key") {
        return;
    }
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return };
    let scheme = value.as_bytes().get(..BEARER.len());
    if scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(BEARER))
        && let Some(Ok(key)) = value.as_bytes().get(BEARER.len()..).map(HeaderValue::from_bytes)
    {
        headers.insert("x-api-key", key);
    }
}

const BEARER: &[u8] = b"Bearer ";

/// Which operations agents may use.
#[derive(Debug, Clone, Default)]
pub struct McpSettings {
    /// Only operations that change nothing.
    pub is_read_only: bool,
    /// Only the operations with these names. All, if there is no name.
    pub names: Vec<String>,
}

/// The settings name a tool that the contract does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("--mcp-tools: there is no tool {name:?}; the tools are {known}")]
pub struct UnknownToolError {
    name: String,
    known: String,
}

/// The tools and resources of a component.
#[derive(Debug)]
pub struct Tools {
    tools: Vec<Arc<Tool>>,
    contract: Arc<Contract>,
}

impl Tools {
    /// Derives the tools from a contract. Also returns why operations are not tools. Fails if the settings name a tool that there
    /// is not.
    pub fn of(
        contract: &Arc<Contract>,
        settings: &McpSettings,
    ) -> Result<(Tools, Vec<NoToolError>), UnknownToolError> {
        let (mut tools, mut refused) = (Vec::<Arc<Tool>>::new(), Vec::new());
        for operation in contract.operations() {
            match Tool::of(operation) {
                Ok(tool) if tools.iter().any(|other| other.listed.name == tool.listed.name) => {
                    let reason = "another operation has the same operationId";
                    refused.push(NoToolError::new(operation, reason));
                }
                Ok(tool) => tools.push(Arc::new(tool)),
                Err(error) => refused.push(error),
            }
        }
        let is_tool = |name: &&String| tools.iter().any(|tool| tool.listed.name == **name);
        if let Some(name) = settings.names.iter().find(|name| !is_tool(name)) {
            let known = tools.iter().map(|tool| tool.listed.name.as_ref()).collect::<Vec<_>>().join(", ");
            return Err(UnknownToolError { name: name.clone(), known });
        }
        let is_named = |tool: &Arc<Tool>| settings.names.iter().any(|name| *name == tool.listed.name);
        tools.retain(|tool| settings.names.is_empty() || is_named(tool));
        let tools = Tools { tools, contract: Arc::clone(contract) };
        Ok((if settings.is_read_only { tools.reads() } else { tools }, refused))
    }

    /// Those of the tools that change nothing.
    fn reads(&self) -> Tools {
        let tools = self.tools.iter().filter(|tool| tool.is_read()).cloned().collect();
        Tools { tools, contract: Arc::clone(&self.contract) }
    }

    /// The tools as `tools/list` shows them, in the order of the contract.
    pub fn listed(&self) -> impl Iterator<Item = &Listed> {
        self.tools.iter().map(|tool| &tool.listed)
    }

    /// The operations of the tools with the names of the tools, in the order of the contract.
    pub fn operations(&self) -> impl Iterator<Item = (&str, &Operation)> {
        self.tools.iter().map(|tool| (tool.listed.name.as_ref(), tool.operation.as_ref()))
    }

    fn find(&self, name: &str) -> Option<&Tool> {
        self.tools.iter().map(Arc::as_ref).find(|tool| tool.listed.name == name)
    }
}

/// Answers messages of the protocol. It keeps no state between messages.
pub struct Mcp {
    /// For clients that may use all tools.
    all: Service,
    /// For clients whose plan allows only reads.
    reads: Service,
}

impl Mcp {
    /// Answers messages with these tools.
    #[must_use]
    pub fn new(tools: Tools) -> Mcp {
        Mcp { reads: Service::new(tools.reads()), all: Service::new(tools) }
    }

    /// Answers one message: its headers as they arrived, and its body. A client that `is_read_only` has only the tools that
    /// change nothing. `perform` performs the operation that the message asks for, if it asks for one. If the returned future
    /// is dropped, that of `perform` is dropped too.
    pub async fn answer<F>(
        &self,
        headers: &HeaderMap,
        body: &Bytes,
        is_read_only: bool,
        perform: impl FnOnce(Request<Bytes>) -> F,
    ) -> Response<Bytes>
    where
        F: Future<Output = Performed>,
    {
        let mut message = match Message::read(headers, body) {
            Ok(message) => message,
            Err(refused) => return *refused,
        };
        let service = if is_read_only { &self.reads } else { &self.all };
        if let Some(call) = message.take_call()
            && let Some(tool) = service.tools.find(&call.name)
        {
            return tool.answer(call, perform).await;
        }
        // The future of the SDK is large.
        let answer = Box::pin(service.answer(&message, perform)).await;
        message.corrected(answer)
    }
}

impl Tool {
    /// Answers a call of this tool.
    async fn answer<F>(
        &self,
        mut call: PlainCall,
        perform: impl FnOnce(Request<Bytes>) -> F,
    ) -> Response<Bytes>
    where
        F: Future<Output = Performed>,
    {
        let result = match self.request(std::mem::take(&mut call.arguments)) {
            Ok(request) => {
                let Performed { answer, request_id } = perform(request).await;
                self.result(&answer, &request_id)
            }
            Err(error) => outcome::refusal(error.to_string()),
        };
        call.answer(result)
    }
}

/// The answer of an operation, and the id under which the host's log has it.
#[derive(Debug)]
pub struct Performed {
    /// The answer.
    pub answer: Response<Bytes>,
    /// The id of the request.
    pub request_id: String,
}

#[cfg(test)]
mod tests;
