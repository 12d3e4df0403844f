//! Puts a host together: component, stores, door and pipeline. It binds nothing: `service` adds the ways in.

mod disposable;
mod first_state;
mod host_error;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::time::timeout;
use tracing::warn;

pub use self::disposable::DisposableError;
pub use self::first_state::FirstStateError;
pub use self::host_error::HostError;
#[cfg(feature = "dynamodb")]
use crate::backend::dynamodb::{self, DynamoDb};
use crate::backend::embedded::Embedded;
use crate::backend::memory::Memory;
use crate::backend::{Backend, Contents, QuotaStore, Schema, SharedText};
use crate::clock::{ClockSetting, SpaceClock};
use crate::config::{self, Config, DataDir, KeyPlace};
use crate::contract::Contract;
use crate::door::{
    ActiveKeys, Cors, Door, KeyFile, KeyFileError, KeyRecord, KeySource, KeyTable, KeyTableError, NewKey,
    Requests, SpaceKeys, Usage,
};
use crate::journal::Journal;
use crate::mcp::{Mcp, McpSettings, Tools};
use crate::pipeline::{PAGES, Pipeline};
use crate::sandbox::{Component, Description, Responder, Sandbox};
use crate::space::{Beginning, MAIN, Space, SpaceParts, Spaces, SpacesParts};
use crate::store::GuestStore;
use crate::telemetry::{Counter, Spans, Telemetry};

/// The component that is built in, where no other is asked for.
pub const BUILT_IN_COMPONENT: &[u8] = include_bytes!(env!("PORTDESK_DESK_WASM"));

/// A host that is open: it can answer requests, but listens nowhere. The ways in hand their requests to its pipeline.
pub struct Host {
    /// Answers requests.
    pub pipeline: Arc<Pipeline>,
    /// A key to show and to make valid. It is there only if keys are in the data folder and it never had one.
    pub first_key: Option<FirstKey>,
    /// How many keys were active when the host was opened.
    pub active_keys: usize,
    keys: ActiveKeys,
    key_source: KeySource,
}

impl Host {
    /// Opens a host with the component that the settings name.
    pub async fn open(config: &Config) -> Result<Host, HostError> {
        Host::open_with(config, component(config)?).await
    }

    /// Opens a host with a component that is already loaded.
    pub async fn open_with(config: &Config, component: Component) -> Result<Host, HostError> {
        let description = component.describe().await?;
        Host::open_as(config, description, |store| Arc::new(Sandbox::new(component, store))).await
    }

    /// Opens a host with a responder in place of the sandbox. The responder is made with the store of the host.
    pub async fn open_as(
        config: &Config,
        description: Description,
        responder: impl FnOnce(GuestStore) -> Arc<dyn Responder>,
    ) -> Result<Host, HostError> {
        let directory = data_directory(&config.data)?;
        let contract = Arc::new(contract(&description.openapi));
        let spans = Spans::open(config.otlp_endpoint.as_ref())?;
        let telemetry = Arc::new(Telemetry::new(&contract, &PAGES, spans)?);
        let retries = telemetry.metrics.store_retries();
        let opened = open(config, &directory, &description.schema, retries).await?;
        let OpenBackend { backend, quota_store, contents, shared_text } = opened;
        let key_source = key_source(config.keys.place, &directory, shared_text)?;
        let (keys, first_key) = keys(&key_source, config.api_key.as_deref()).await?;
        let schema = description.schema.clone();
        let store = GuestStore::new(Arc::clone(&backend), schema, Arc::clone(&telemetry));
        let beginning = Beginning::of(config.console.clock.as_ref().map(begin_at), config.console.seed);
        let clock = Arc::new(SpaceClock::new(&beginning.clock)?);
        let windows = config.console.controls.then(|| Arc::clone(&clock));
        let usage = Arc::new(Usage::new(config.rate_limit, quota_store, windows));
        let space_keys = Arc::new(SpaceKeys::default());
        let spaces = config.console.address.map(|_| {
            let journal = Journal::new(usize::from(config.console.journal_mib) << 20);
            let (store, usage) = (store.clone(), Arc::clone(&usage));
            let (name, kept) = (MAIN.into(), journal.clone());
            let main =
                Space::new(SpaceParts { name, beginning, clock, store, usage, contents, journal: kept });
            Arc::new(Spaces::new(SpacesParts {
                journal,
                are_controlled: config.console.controls,
                main,
                keys: Arc::clone(&space_keys),
                plans: keys.clone(),
                schema: description.schema,
                telemetry: Arc::clone(&telemetry),
            }))
        });
        let pipeline = Arc::new(Pipeline {
            door: door(config, keys.clone(), spaces.is_some().then_some(space_keys), usage),
            parity: config.parity,
            responder: responder(store.clone()),
            store,
            backend,
            telemetry,
            spaces,
            mcp: Mcp::new(tools(config, &contract)?),
            contract,
            time_limit: config.limits.time_limit,
            stopping: AtomicBool::new(false),
        });
        first_state::prepare(&config.console, &pipeline).await?;
        Ok(Host { pipeline, first_key, active_keys: keys.len(), keys, key_source })
    }

    /// Takes over every change of the keys, for as long as the future is polled.
    pub fn follow_keys(&self) -> impl Future<Output = ()> + Send + use<> {
        self.key_source.clone().follow(self.keys.clone())
    }

    /// Whether the host has read its keys. It starts without them if the table that has them does not answer.
    #[must_use]
    pub fn are_keys_known(&self) -> bool {
        self.keys.are_known()
    }

    /// Closes the host after the last request: stores what is only in memory, and sends the last spans `within` a time.
    pub async fn close(self, within: Duration) {
        let begun = Instant::now();
        self.pipeline.door.usage.close().await;
        self.pipeline.backend.close().await;
        flush(&self.pipeline, within.saturating_sub(begun.elapsed())).await;
    }
}

/// The tools that the contract gives agents. An operation that cannot be a tool is reported, and served all the same.
pub fn tools(config: &Config, contract: &Arc<Contract>) -> Result<Tools, HostError> {
    let settings = McpSettings { is_read_only: config.mcp_read_only, names: config.mcp_tools.clone() };
    let (tools, refused) = Tools::of(contract, &settings)?;
    for error in refused.iter().filter(|error| !error.is_meant) {
        warn!("{error}");
    }
    Ok(tools)
}

/// Parses the contract. A contract that cannot be parsed is served all the same.
#[must_use]
pub fn contract(text: &str) -> Contract {
    Contract::parse(text).unwrap_or_else(|error| {
        warn!("{error}, so its operations are not known: no examples are shown, and metrics do not tell them apart");
        Contract::unparsed(text)
    })
}

/// Sends the last spans, on a thread that may block.
async fn flush(pipeline: &Arc<Pipeline>, within: Duration) {
    let pipeline = Arc::clone(pipeline);
    // It fails only where it panics, which is logged.
    let _ = tokio::task::spawn_blocking(move || pipeline.telemetry.spans.flush(within)).await;
}

/// What requests have to pass.
fn door(config: &Config, keys: ActiveKeys, space_keys: Option<Arc<SpaceKeys>>, usage: Arc<Usage>) -> Door {
    Door {
        cors: Cors::of(config.cors_origins.clone()),
        keys,
        space_keys,
        head: config.limits.head(),
        requests: Requests::new(config.limits.requests),
        usage,
        body_limit_bytes: config.limits.body_limit_bytes as usize,
        body_time: config.limits.client_timeout,
    }
}

/// The component to serve. Compiles it only where the data folder does not keep it compiled.
fn component(config: &Config) -> Result<Component, HostError> {
    let bytes = component_bytes(config.component.file.as_deref())?;
    Ok(match &config.component.file {
        Some(file) if Component::is_compiled(&bytes) => {
            Component::load_compiled(file, config.limits.sandbox())?
        }
        Some(_) | None => {
            Component::load_cached(&bytes, config.limits.sandbox(), &data_directory(&config.data)?)?
        }
    })
}

/// The component in `file`, or the one that is built in.
pub fn component_bytes(file: Option<&Path>) -> Result<Vec<u8>, HostError> {
    match file {
        Some(file) => fs::read(file).map_err(|error| HostError::Component { file: file.to_owned(), error }),
        None => Ok(BUILT_IN_COMPONENT.to_vec()),
    }
}

/// The data folder, made where it is missing.
pub fn data_directory(data: &DataDir) -> Result<PathBuf, HostError> {
    data.prepare().map_err(|error| HostError::DataDir { path: data.path.clone(), error })
}

#[cfg_attr(
    not(feature = "dynamodb"),
    expect(unused_variables, clippy::unused_async, reason = "only DynamoDB has attempts, and connects")
)]
async fn open(
    config: &Config,
    directory: &Path,
    schema: &Schema,
    retries: Counter,
) -> Result<OpenBackend, HostError> {
    Ok(match config.store {
        #[cfg(feature = "dynamodb")]
        config::StoreKind::Dynamodb => {
            let settings = dynamodb::Settings { retries, ..config.table.settings(config.limits.time_limit)? };
            let backend = Arc::new(DynamoDb::open(&settings, schema).await?);
            let quota_store = Arc::clone(&backend) as Arc<dyn QuotaStore>;
            let shared_text = Some(Arc::clone(&backend) as Arc<dyn SharedText>);
            OpenBackend { backend, quota_store, contents: None, shared_text }
        }
        config::StoreKind::Embedded => {
            let store = Embedded::open(directory, schema)?;
            if config.console.controls {
                disposable::claim(directory)?;
            }
            own_backend(store)
        }
        config::StoreKind::Memory => own_backend(Memory::new(schema)),
    })
}

/// A clock that stands at a time until a test moves it, except for a step with each request.
fn begin_at(at: &Timestamp) -> ClockSetting {
    ClockSetting { at: Some(*at), ..ClockSetting::stepping() }
}

/// A store keeps items, and the counts of the quotas beside them.
struct OpenBackend {
    backend: Arc<dyn Backend>,
    quota_store: Arc<dyn QuotaStore>,
    /// `None` if other hosts may share the items.
    contents: Option<Arc<dyn Contents>>,
    /// `None` if no other host can share the items.
    shared_text: Option<Arc<dyn SharedText>>,
}

fn own_backend(backend: impl Backend + QuotaStore + Contents) -> OpenBackend {
    let backend = Arc::new(backend);
    let contents = Arc::clone(&backend) as Arc<dyn Contents>;
    OpenBackend {
        backend: Arc::clone(&backend) as Arc<dyn Backend>,
        quota_store: backend,
        contents: Some(contents),
        shared_text: None,
    }
}

#[cfg_attr(
    not(feature = "dynamodb"),
    expect(
        unused_variables,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        reason = "only DynamoDB has a shared text"
    )
)]
fn key_source(
    place: KeyPlace,
    directory: &Path,
    shared_text: Option<Arc<dyn SharedText>>,
) -> Result<KeySource, HostError> {
    match place {
        KeyPlace::File => Ok(KeySource::File(KeyFile::new(directory))),
        #[cfg(feature = "dynamodb")]
        KeyPlace::Table => {
            let text = shared_text.ok_or(HostError::KeysWithoutTable)?;
            Ok(KeySource::Table(KeyTable::new(text)))
        }
    }
}

/// Reads the keys. Returns a first key too if the data folder has the keys and never had one. A table gets no first key: several
/// hosts may start at once, and nobody reads what they print.
async fn keys(
    source: &KeySource,
    environment: Option<&str>,
) -> Result<(ActiveKeys, Option<FirstKey>), HostError> {
    let file = match source {
        KeySource::File(file) => file,
        KeySource::Table(table) => return Ok((keys_in(table, environment).await?, None)),
    };
    let contents = file.read()?;
    let active_keys = ActiveKeys::new(&contents, environment);
    // Revoked keys stay in the file. So an empty file means that there never was a key.
    if environment.is_some() || !contents.keys.is_empty() {
        return Ok((active_keys, None));
    }
    let first = FirstKey { key: NewKey::generate(), file: file.clone(), keys: active_keys.clone() };
    Ok((active_keys, Some(first)))
}

/// Reads the keys in a table. If the table does not answer now, it may answer later, so the host starts without them.
async fn keys_in(table: &KeyTable, environment: Option<&str>) -> Result<ActiveKeys, HostError> {
    match timeout(KEYS_TIME, table.read()).await.unwrap_or(Err(KeyTableError::Slow)) {
        Ok(contents) => Ok(ActiveKeys::new(&contents, environment)),
        Err(error) if error.is_passing() => {
            warn!(%error, "every request that needs a key is answered with 503 until the keys can be read");
            Ok(ActiveKeys::unknown(environment))
        }
        Err(error) => Err(error.into()),
    }
}

/// How long the start of a host waits for the keys in a table.
const KEYS_TIME: Duration = Duration::from_secs(5);

/// A key that is not valid yet. It is shown before it is stored, so that there is no valid key that nobody knows.
pub struct FirstKey {
    /// The key.
    pub key: NewKey,
    file: KeyFile,
    keys: ActiveKeys,
}

impl FirstKey {
    /// Fails if the key file cannot be written. Call this before the key is shown, after everything else that may fail.
    pub fn check(&self) -> Result<(), HostError> {
        Ok(self.file.update(|_contents| ())?)
    }

    /// Makes the key valid at once. Call this after the key was shown.
    pub fn make_valid(&self) -> Result<(), KeyFileError> {
        let contents = self.file.update(|contents| {
            contents.keys.push(KeyRecord::new(&self.key, "first"));
            contents.clone()
        })?;
        self.keys.take_over(contents);
        Ok(())
    }
}
