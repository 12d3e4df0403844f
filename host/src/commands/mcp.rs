//! `portdesk mcp`: serves one agent over standard input and output. `portdesk mcp tools`: prints what agents get.

use std::sync::Arc;

use clap::{Args, Subcommand};
use rmcp::transport::io::stdio_pipes;
use serde_json::json;
use tokio::io::BufReader;
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tracing::info;

use super::serve::{RUNTIME_END, report_panics, stop};
use super::{Ended, describe, output};
use crate::admin::{About, Console};
use crate::config::Config;
use crate::entry::stdio::{self, Answerer, Remote, StdioLimits};
use crate::host::{self, Host, data_directory};
use crate::http_url::HttpUrl;
use crate::service::name_of;
use crate::telemetry::log;

/// The arguments of `portdesk mcp`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    /// Address of a running host that answers the messages
    ///
    /// For example `http://127.0.0.1:8080`. The host's key is read from the variable `PORTDESK_API_KEY`. Without this flag, the command opens
    /// the store itself, which only one process can do at a time.
    #[arg(long, value_name = "URL")]
    url: Option<HttpUrl>,

    #[command(flatten)]
    config: Config,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the tools as `tools/list` shows them, as JSON
    Tools(Box<Config>),
}

pub(super) fn run(arguments: Arguments, key: Option<String>) -> Result<(), Ended> {
    let Arguments { command, url, config } = arguments;
    if let Some(Command::Tools(config)) = command {
        return tools(&config);
    }
    let log = log::start(config.log_format, config.log_level)?;
    report_panics();
    let runtime = Runtime::new()?;
    let served = runtime.block_on(async {
        match url {
            Some(url) => {
                if config.mcp_read_only || !config.mcp_tools.is_empty() || config.console.address.is_some() {
                    return Err(Ended::WrongUse(OF_THE_HOST.to_owned()));
                }
                let key = key.ok_or_else(|| Ended::WrongUse(NO_KEY.to_owned()))?;
                let time = config.limits.time_limit + config.limits.client_timeout;
                let remote = Remote::new(&url, &key, time)?;
                serve(Answerer::Remote(Arc::new(remote)), &config).await
            }
            None => local(&config).await,
        }
    });
    // A read of standard input that still waits does not delay the end of the process.
    runtime.shutdown_timeout(RUNTIME_END);
    log.end();
    served
}

fn tools(config: &Config) -> Result<(), Ended> {
    // Operations that cannot be tools are reported there.
    let log = log::start(config.log_format, config.log_level)?;
    let contract = Arc::new(host::contract(&describe(&config.component)?.openapi));
    let tools = host::tools(config, &contract)?;
    let list = json!({"tools": tools.listed().collect::<Vec<_>>()});
    let printed = output::print(&format!("{list:#}\n"));
    log.end();
    printed
}

/// Serves with the store of this process.
async fn local(config: &Config) -> Result<(), Ended> {
    let host = Host::open(config).await?;
    let console = match config.console.listener(config.tls.allow_plaintext) {
        Some(settings) => Some(Console::open(&settings, &data_directory(&config.data)?).await?),
        None => None,
    };
    // Standard output belongs to the agent, and the log must not have the token.
    if let Some(console) = &console {
        let (address, folder) = (console.address, config.data.path.display());
        info!(%address, %folder, "the console: open http://ADDRESS/#k=TOKEN; the token is in console.token of the folder");
    }
    // There is no HTTP, so the page knows no address of the API.
    let about = About { url: String::new(), store: name_of(config.store) };
    let (console, _files) = console.map(|console| console.serve(Arc::clone(&host.pipeline), about)).unzip();
    let console = console.map(tokio::spawn);
    let served = serve(Answerer::Local(Arc::clone(&host.pipeline)), config).await;
    // A write whose answer nobody waits for is finished.
    drop(timeout(config.limits.grace, host.pipeline.all_ended()).await);
    host.close(config.limits.grace).await;
    if let Some(console) = console {
        console.abort();
    }
    served
}

/// Serves until the input ends, the output is closed, or a signal stops the process.
async fn serve(answerer: Answerer, config: &Config) -> Result<(), Ended> {
    let limits = StdioLimits {
        line_bytes: config.limits.body_limit_bytes as usize,
        messages: config.limits.instances as usize,
    };
    let (stop, (input, output)) = (stop()?, stdio_pipes());
    tokio::select! {
        served = stdio::serve(answerer, limits, BufReader::new(input), output) => served.map_err(Ended::from),
        () = stop => Ok(()),
    }
}

const OF_THE_HOST: &str =
    "--url: --mcp-read-only, --mcp-tools and --console are settings of the host that answers; set them there";
const NO_KEY: &str = "--url: the host needs a key; set PORTDESK_API_KEY to it";
