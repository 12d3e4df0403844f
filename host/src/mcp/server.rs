//! The server of the SDK: what it lists, and how it passes calls on.
//!
//! The SDK runs a handler in a task of its own. A handler therefore sends its request back to the task that waits for the
//! answer, which performs it: there it belongs to the span of the message, and it is dropped if the client goes away.

use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};
use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, DiscoverResult, Implementation,
    ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams,
    ProtocolVersion, ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, ResourceContents,
    ResourceTemplate, ServerCapabilities, ServerConfig, Tool as Listed,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::json;
use tokio::sync::oneshot;

use super::message::Message;
use super::outcome::{self, Call};
use super::{Performed, Tools};

/// Tools, and the SDK's server over HTTP for them, without sessions.
pub(super) struct Service {
    pub(super) tools: Arc<Tools>,
    http: StreamableHttpService<Server, NeverSessionManager>,
}

impl Service {
    /// A server for these tools. The door in front of it has checked the host, the origin and the size of a message.
    pub(super) fn new(tools: Tools) -> Service {
        let tools = Arc::new(tools);
        let config = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(false)
            .with_json_response(true)
            .with_sse_keep_alive(None)
            .disable_allowed_hosts()
            .disable_allowed_origins()
            .with_max_request_body_bytes(usize::MAX);
        let server = Server { tools: Arc::clone(&tools) };
        let http = StreamableHttpService::new(move || Ok(server.clone()), Arc::default(), config);
        Service { tools, http }
    }

    /// Passes a message to the SDK, and performs the operation that its handler asks for.
    pub(super) async fn answer<F>(
        &self,
        message: &Message<'_>,
        perform: impl FnOnce(Request<Bytes>) -> F,
    ) -> Response<Bytes>
    where
        F: Future<Output = Performed>,
    {
        let (sender, receiver) = oneshot::channel::<Asked>();
        let mut request = Request::new(Full::new(message.body.clone()));
        *request.method_mut() = Method::POST;
        *request.headers_mut() = message.headers();
        request.extensions_mut().insert(Exchange(Arc::new(Mutex::new(Some(sender)))));
        let performing = async {
            if let Ok(Asked { request, answer }) = receiver.await {
                // The handler waits for this, unless the SDK has dropped it.
                drop(answer.send(perform(request).await));
            }
            std::future::pending::<Infallible>().await
        };
        let answered = async {
            let (parts, body) = self.http.handle(request).await.into_parts();
            let Ok(body) = body.collect().await;
            Response::from_parts(parts, body.to_bytes())
        };
        tokio::select! {
            answer = answered => answer,
            never = performing => match never {},
        }
    }
}

/// Answers the messages that the SDK has parsed.
#[derive(Debug, Clone)]
pub(super) struct Server {
    tools: Arc<Tools>,
}

/// The way from a handler back to the task that waits for its answer.
#[derive(Debug, Clone)]
struct Exchange(Arc<Mutex<Option<oneshot::Sender<Asked>>>>);

/// An operation to perform.
#[derive(Debug)]
struct Asked {
    request: Request<Bytes>,
    answer: oneshot::Sender<Performed>,
}

impl Server {
    /// Has an operation performed. Fails if the client is gone.
    async fn perform(
        context: &RequestContext<RoleServer>,
        request: Request<Bytes>,
    ) -> Result<Performed, ErrorData> {
        let gone = || ErrorData::internal_error("The client is gone.", None);
        let sender = exchange(context)?.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (answer, performed) = oneshot::channel();
        sender.ok_or_else(gone)?.send(Asked { request, answer }).map_err(|_| gone())?;
        performed.await.map_err(|_| gone())
    }

    fn has_resources(&self) -> bool {
        self.tools.tools.iter().any(|tool| tool.is_resource)
    }

    /// The beginning of every URI of a resource.
    fn scheme(&self) -> &str {
        self.tools.contract.info.scheme.as_deref().unwrap_or(SCHEME)
    }
}

fn exchange(context: &RequestContext<RoleServer>) -> Result<&Exchange, ErrorData> {
    let parts = context.extensions.get::<Parts>();
    let exchange = parts.and_then(|parts| parts.extensions.get::<Exchange>());
    exchange.ok_or_else(|| ErrorData::internal_error("The message did not come over HTTP.", None))
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let info = &self.tools.contract.info;
        let mut capabilities = ServerCapabilities::builder().enable_tools().build();
        if self.has_resources() {
            capabilities.resources = Some(rmcp::model::ResourcesCapability::default());
        }
        let config = ServerConfig::new(capabilities)
            .with_server_info(Implementation::new(info.title.clone(), info.version.clone()));
        match info.description.split("\n\n").next() {
            Some(first) if !first.is_empty() => config.with_instructions(first),
            _ => config,
        }
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        Cow::Borrowed(&VERSIONS)
    }

    async fn discover(&self, _: RequestContext<RoleServer>) -> Result<DiscoverResult, ErrorData> {
        let discovered = DiscoverResult::from_server_info(VERSIONS.to_vec(), self.get_info());
        Ok(discovered.with_ttl_ms(TTL_MS).with_cache_scope(CacheScope::Private))
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let mut list = ListToolsResult::with_all_items(self.tools.listed().cloned().collect());
        (list.ttl_ms, list.cache_scope) = (Some(TTL_MS), Some(CacheScope::Private));
        Ok(list)
    }

    /// The SDK checks the headers of a call against the schema of its tool.
    fn get_tool(&self, name: &str) -> Option<Listed> {
        self.tools.find(name).map(|tool| tool.listed.clone())
    }

    async fn call_tool(
        &self,
        call: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(tool) = self.tools.find(&call.name) else {
            let known = self.tools.listed().map(|tool| tool.name.as_ref()).collect::<Vec<_>>();
            let text = format!("There is no such tool. The tools are: {}.", known.join(", "));
            return Err(ErrorData::invalid_params(text, None));
        };
        let result = match tool.request(call.arguments.unwrap_or_default()) {
            Ok(request) => {
                let Performed { answer, request_id } = Server::perform(&context, request).await?;
                tool.result(&answer, &request_id)
            }
            Err(error) => outcome::refusal(error.to_string()),
        };
        Ok(result.into())
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        if !self.has_resources() {
            return Err(ErrorData::method_not_found::<rmcp::model::ListResourcesRequestMethod>());
        }
        let mut list = ListResourcesResult::default();
        (list.ttl_ms, list.cache_scope) = (Some(TTL_MS), Some(CacheScope::Private));
        Ok(list)
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        if !self.has_resources() {
            return Err(ErrorData::method_not_found::<rmcp::model::ListResourceTemplatesRequestMethod>());
        }
        let templates = self.tools.tools.iter().filter(|tool| tool.is_resource).map(|tool| {
            let uri = format!("{}:/{}", self.scheme(), tool.operation.path);
            let mut template = ResourceTemplate::new(uri, tool.listed.name.clone());
            template.title.clone_from(&tool.listed.title);
            template.description = tool.listed.description.as_deref().map(str::to_owned);
            template.mime_type = Some(JSON.to_owned());
            template
        });
        let mut list = ListResourceTemplatesResult::with_all_items(templates.collect());
        (list.ttl_ms, list.cache_scope) = (Some(TTL_MS), Some(CacheScope::Private));
        Ok(list)
    }

    async fn read_resource(
        &self,
        read: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let data = json!({ "uri": read.uri });
        let unknown = || ErrorData::resource_not_found("There is no such resource.", Some(data.clone()));
        let path = read.uri.strip_prefix(self.scheme()).and_then(|rest| rest.strip_prefix(":/"));
        let path = path.filter(|path| !path.contains(['?', '#'])).ok_or_else(unknown)?;
        let route = self.tools.contract.route(&Method::GET, path).ok_or_else(unknown)?;
        let is_this =
            |tool: &&Arc<super::Tool>| tool.is_resource && Arc::ptr_eq(&tool.operation, route.operation);
        let tool = self.tools.tools.iter().find(is_this).ok_or_else(unknown)?;
        let parameters = route.parameters.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let request = tool.read(parameters.collect()).map_err(|_| unknown())?;
        let Performed { answer, request_id } = Server::perform(&context, request).await?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Err(unknown());
        }
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        if !answer.status().is_success() {
            let text = outcome::text(&answer, &request_id, READ);
            return Err(ErrorData::internal_error(text, None));
        }
        let contents = ResourceContents::text(text, read.uri).with_mime_type(JSON);
        let mut result = ReadResourceResult::new(vec![contents]);
        (result.ttl_ms, result.cache_scope) = (Some(0), Some(CacheScope::Private));
        Ok(result.into())
    }
}

const VERSIONS: [ProtocolVersion; 4] = [
    ProtocolVersion::V_2025_03_26,
    ProtocolVersion::V_2025_06_18,
    ProtocolVersion::V_2025_11_25,
    ProtocolVersion::V_2026_07_28,
];
/// The tools change only when the host starts again.
const TTL_MS: u64 = 3_600_000;
/// A resource is only read.
const READ: Call = Call { is_write: false, has_key: false };
const SCHEME: &str = "portdesk";
const JSON: &str = "application/json";
