//! `portdesk lambda`: serves as the function of AWS Lambda.

use std::env;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use tokio::runtime;
use tracing::{info, warn};

use super::Ended;
use super::serve::{RUNTIME_END, report_panics};
use crate::backend::dynamodb::location;
use crate::config::{Config, KeyPlace, LogFormat, StoreKind};
use crate::door::RateLimit;
use crate::entry::lambda::{self, LambdaSettings, RuntimeApi};
use crate::environment::variable;
use crate::host::Host;
use crate::telemetry::log;

/// The arguments of `portdesk lambda`.
///
/// The function keeps items in the table that `TABLE_NAME` or --table names, in the region that `REGION` or --region names. It answers
/// one event at a time. The gateway checks keys and plans, so flags about ports, connections, keys and plans have no effect.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Client of events that name no API key
    ///
    /// Without this setting, such an event is refused with 403. Set it only if everybody who can invoke the function is allowed to
    /// use it, for example behind a function URL with the authorization `AWS_IAM`.
    #[arg(long, env = "PORTDESK_LAMBDA_CLIENT", value_name = "NAME", value_parser = client)]
    client: Option<String>,

    #[command(flatten)]
    config: Config,
}

pub(super) fn run(arguments: Arguments) -> Result<(), Ended> {
    let Arguments { client, config } = arguments;
    let api = Arc::new(RuntimeApi::from_environment()?);
    let log = log::start(log_format(config.log_format), config.log_level)?;
    report_panics();
    // One thread, because a function with little memory has a fraction of a processor.
    let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    // Spawned, so that it runs on that thread and not on this one.
    let serving = runtime.spawn(serve(api, for_lambda(config), LambdaSettings { client }));
    let served = runtime.block_on(serving)?;
    runtime.shutdown_timeout(RUNTIME_END);
    log.end();
    served
}

/// The format of the log. In Lambda it is a setting of the function, which the process learns from this variable.
fn log_format(flag: LogFormat) -> LogFormat {
    let is_json = variable("AWS_LAMBDA_LOG_FORMAT").is_some_and(|format| format == "JSON");
    if is_json { LogFormat::Json } else { flag }
}

/// Serves until Lambda gives no event any more. A failure at the start is reported to Lambda, which shows it to the operator.
async fn serve(
    api: Arc<RuntimeApi>,
    config: Result<Config, Ended>,
    settings: LambdaSettings,
) -> Result<(), Ended> {
    let opened = async { Ok(Box::pin(Host::open(&config?)).await?) };
    let host = match opened.await {
        Ok(host) => host,
        Err(ended) => {
            // If Lambda does not take the report, the text on standard error is still there.
            let _ = api.fail_start(ended_text(&ended)).await;
            return Err(ended);
        }
    };
    if let Some(client) = &settings.client {
        // Beside a gateway that checks keys, this setting would let in whoever the gateway lets through without a key.
        warn!(
            client,
            "PORTDESK_LAMBDA_CLIENT is set: events that name no API key are accepted, as this client"
        );
    }
    info!("ready for events");
    Err(lambda::serve(host.pipeline, api, settings).await.into())
}

/// The settings of a function: what is the gateway's part is off, and files are where a function can have them.
fn for_lambda(mut config: Config) -> Result<Config, Ended> {
    config.rate_limit = RateLimit::Off;
    config.keys.place = KeyPlace::File;
    // A function gets one event at a time.
    config.limits.instances = 1;
    if config.store == StoreKind::Embedded {
        config.store = StoreKind::Dynamodb;
    }
    if config.store == StoreKind::Dynamodb {
        let name = setting(config.table.name, "TABLE_NAME", location::table_name)?;
        config.table.name = Some(name.ok_or_else(|| Ended::WrongUse(NO_TABLE.to_owned()))?);
        let place = &mut config.table.location;
        place.region = setting(place.region.take(), "REGION", location::region)?;
    }
    config.component.file = config.component.file.or_else(beside_program);
    // The only folder that a function can write to.
    config.data.path = env::temp_dir().join("portdesk");
    Ok(config)
}

/// The value of a flag, or of the variable that templates for functions commonly use.
fn setting(
    flag: Option<String>,
    name: &str,
    parse: fn(&str) -> Result<String, &'static str>,
) -> Result<Option<String>, Ended> {
    let parsed = |text: String| parse(&text).map_err(|why| Ended::WrongUse(format!("{name}: {why}")));
    flag.map_or_else(|| variable(name).map(parsed).transpose(), |flag| Ok(Some(flag)))
}

/// The compiled component of the package, so that a start does not compile it.
fn beside_program() -> Option<PathBuf> {
    let file = env::current_exe().ok()?.with_file_name("desk.cwasm");
    file.exists().then_some(file)
}

fn ended_text(ended: &Ended) -> &str {
    match ended {
        Ended::Failed(text) | Ended::WrongUse(text) | Ended::WithCode(text, _) => text,
        Ended::Explained => "the settings are wrong",
    }
}

const NO_TABLE: &str = "--table: name the table of the function, or set TABLE_NAME";

fn client(text: &str) -> Result<String, &'static str> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte);
    if (1..=128).contains(&text.len()) && text.bytes().all(is_name) {
        return Ok(text.to_owned());
    }
    Err("not 1 to 128 letters, digits and -_.:/")
}
