//! Puts the parts together and runs them: a component, a store, a door, a server.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use tokio::net::{TcpListener, TcpSocket};

#[cfg(feature = "dynamodb")]
use crate::backend::dynamodb::{self, DynamoDb};
use crate::backend::embedded::{Embedded, OpenError};
use crate::backend::memory::Memory;
use crate::backend::{Backend, QuotaStore, Schema};
use crate::config::{self, Config, DataDir};
use crate::door::{ActiveKeys, Cors, Door, KeyFile, KeyFileError, KeyRecord, NewKey, Requests, Usage};
use crate::entry::http::{IdentityError, Server, Tls};
use crate::pipeline::{PAGES, Pipeline};
use crate::sandbox::{Component, Description, LoadError, Responder, Sandbox};
use crate::store::GuestStore;
#[cfg(feature = "otlp")]
use crate::telemetry::CollectorError;
use crate::telemetry::{Counter, MetricsError, Scrape, ScrapeError, Spans, Telemetry};

/// The component that is built in, where no other is asked for.
pub const BUILT_IN_COMPONENT: &[u8] = include_bytes!(env!("PORTDESK_DESK_WASM"));

/// A host that is ready: its store is open and its port is bound.
pub struct Host<R = Sandbox> {
    /// Where it listens; the port is the one that the system chose where 0 was asked for.
    pub address: SocketAddr,
    /// Where its metrics are read; none where nobody asked for them.
    pub metrics_address: Option<SocketAddr>,
    /// A key to show and to make valid, because there never was one.
    pub first_key: Option<FirstKey>,
    /// How many keys opened the door at the start.
    pub active_keys: usize,
    /// The component's contract, an OpenAPI document.
    pub contract: String,
    /// Whether connections are TLS.
    pub is_encrypted: bool,
    server: Server<R>,
    keys: ActiveKeys,
    key_file: KeyFile,
    scrape: Option<Scrape>,
}

impl Host {
    /// Makes everything ready, or says what is in the way. Serves nothing yet.
    pub async fn start(config: Config) -> Result<Host, StartError> {
        let component = component(&config)?;
        Host::start_with(config, component).await
    }

    /// As [`Host::start`], with a component that was loaded before.
    pub async fn start_with(config: Config, component: Component) -> Result<Host, StartError> {
        let description = component.describe().await?;
        Host::start_as(config, description, |store| Sandbox::new(component, store)).await
    }
}

impl<R: Responder> Host<R> {
    /// As [`Host::start`], with somebody else in the place of the sandbox, who is made with the host's store.
    pub async fn start_as(
        config: Config,
        description: Description,
        responder: impl FnOnce(GuestStore) -> R,
    ) -> Result<Host<R>, StartError> {
        check_address(&config)?;
        let tls = config.tls.files().map(Tls::open).transpose()?;
        let directory = data_directory(&config.data)?;
        let telemetry = Arc::new(Telemetry::new(&description.openapi, &PAGES, spans(&config)?)?);
        if let Some(tls) = &tls {
            tls.report(&telemetry.metrics);
        }
        let retries = telemetry.metrics.store_retries();
        let (backend, quota_store) = open(&config, &directory, &description.schema, retries).await?;
        let scrape = scrape(&config).await?;
        let listener =
            listen(config.listen).map_err(|error| StartError::Listen { address: config.listen, error })?;
        let address =
            listener.local_addr().map_err(|error| StartError::Listen { address: config.listen, error })?;
        // Last of all that may fail: a key that was made is shown.
        let key_file = KeyFile::new(&directory);
        let (keys, first_key) = keys(&key_file, config.api_key.as_deref())?;
        let store = GuestStore::new(Arc::clone(&backend), description.schema, Arc::clone(&telemetry));
        let pipeline = Arc::new(Pipeline {
            door: door(&config, keys.clone(), quota_store),
            parity: config.refusals.parity,
            responder: responder(store.clone()),
            store,
            backend,
            telemetry,
            contract: Bytes::from(description.openapi.clone()),
            time_limit: config.time_limit(),
            stopping: AtomicBool::new(false),
        });
        let (active_keys, is_encrypted, contract) = (keys.len(), tls.is_some(), description.openapi);
        let metrics_address = scrape.as_ref().map(|scrape| scrape.address);
        let limits = config.connections.limits(pipeline.door.head.read_bytes());
        let server = Server { listener, tls, pipeline, limits, drain: config.drain(), grace: config.grace() };
        Ok(Host {
            address,
            metrics_address,
            first_key,
            active_keys,
            contract,
            is_encrypted,
            server,
            keys,
            key_file,
            scrape,
        })
    }

    /// Serves until `stop` resolves and everything that was begun is finished or cut.
    pub async fn serve(self, stop: impl Future<Output = ()>) {
        let Host { server, keys, key_file, scrape, .. } = self;
        let (pipeline, ending) = (Arc::clone(&server.pipeline), server.drain + server.grace);
        let follow = tokio::spawn(keys.follow(key_file));
        let scraped = scrape.map(|scrape| {
            let pipeline = Arc::clone(&pipeline);
            tokio::spawn(scrape.serve(move || pipeline.metrics()))
        });
        let mut stopped = Instant::now();
        let stop = async {
            stop.await;
            stopped = Instant::now();
        };
        server.serve(stop).await;
        follow.abort();
        pipeline.door.usage.close().await;
        pipeline.backend.close().await;
        flush(&pipeline, ending.saturating_sub(stopped.elapsed())).await;
        if let Some(scraped) = scraped {
            scraped.abort();
        }
    }
}

/// Sends the last spans, on a thread that may block.
async fn flush(pipeline: &Arc<Pipeline<impl Responder>>, within: Duration) {
    let pipeline = Arc::clone(pipeline);
    // It fails only where it panics, which is logged.
    let _ = tokio::task::spawn_blocking(move || pipeline.telemetry.spans.flush(within)).await;
}

async fn scrape(config: &Config) -> Result<Option<Scrape>, ScrapeError> {
    match config.observe.metrics {
        Some(address) => Ok(Some(Scrape::bind(address, config.observe.metrics_public).await?)),
        None => Ok(None),
    }
}

#[cfg(feature = "otlp")]
fn spans(config: &Config) -> Result<Spans, CollectorError> {
    Spans::open(config.observe.otlp_endpoint.as_ref())
}

#[cfg(not(feature = "otlp"))]
fn spans(_: &Config) -> Result<Spans, StartError> {
    Ok(Spans)
}

/// What requests have to pass.
fn door(config: &Config, keys: ActiveKeys, quota_store: Arc<dyn QuotaStore>) -> Door {
    Door {
        cors: Cors::of(config.cors.origins.clone()),
        keys,
        head: config.requests.head(),
        requests: Requests::new(config.requests.requests),
        usage: Usage::new(config.rate_limit, quota_store),
        body_limit_bytes: config.body_limit_bytes as usize,
        body_time: config.requests.body_time(),
    }
}

/// The component to serve. Compiles it only where the data folder does not keep it compiled.
fn component(config: &Config) -> Result<Component, StartError> {
    let bytes = component_bytes(config.component.as_deref())?;
    Ok(match &config.component {
        Some(file) if Component::is_compiled(&bytes) => Component::load_compiled(file, config.limits())?,
        Some(_) | None => Component::load_cached(&bytes, config.limits(), &data_directory(&config.data)?)?,
    })
}

/// Keys and items would go over the network for everybody to read.
fn check_address(config: &Config) -> Result<(), StartError> {
    let is_private = config.listen.ip().to_canonical().is_loopback();
    if is_private || config.tls.files().is_some() || config.tls.allow_plaintext {
        return Ok(());
    }
    Err(StartError::Plaintext { address: config.listen })
}

/// As tokio's own `bind`, with room for more connections than 128 that come at once: what finds no room tries again
/// only after a second.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A new host need not wait until the system has forgotten the connections of the last one.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(UNACCEPTED)
}

/// Connections that the system makes and the host has not accepted yet; where the system allows less, that holds.
const UNACCEPTED: u32 = 4096;

/// The component in `file`, or the one that is built in.
pub fn component_bytes(file: Option<&Path>) -> Result<Vec<u8>, StartError> {
    match file {
        Some(file) => fs::read(file).map_err(|error| StartError::Component { file: file.to_owned(), error }),
        None => Ok(BUILT_IN_COMPONENT.to_vec()),
    }
}

/// The data folder, made where it is missing.
pub fn data_directory(data: &DataDir) -> Result<PathBuf, StartError> {
    data.prepare().map_err(|error| StartError::DataDir { path: data.path.clone(), error })
}

#[cfg_attr(not(feature = "dynamodb"), expect(unused_variables, reason = "only DynamoDB has attempts"))]
async fn open(
    config: &Config,
    directory: &Path,
    schema: &Schema,
    retries: Counter,
) -> Result<OpenBackend, StartError> {
    Ok(match config.store {
        #[cfg(feature = "dynamodb")]
        config::StoreKind::Dynamodb => {
            let settings = dynamodb::Settings { retries, ..config.table.settings(config.time_limit())? };
            open_backend(DynamoDb::open(&settings, schema).await?)
        }
        config::StoreKind::Embedded => open_backend(Embedded::open(directory, schema)?),
        config::StoreKind::Memory => open_backend(Memory::new(schema)),
    })
}

/// A store keeps items, and the counts of the quotas beside them.
type OpenBackend = (Arc<dyn Backend>, Arc<dyn QuotaStore>);

fn open_backend(backend: impl Backend + QuotaStore) -> OpenBackend {
    let backend = Arc::new(backend);
    (Arc::clone(&backend) as Arc<dyn Backend>, backend)
}

/// The keys of the data folder, and a first one where there never was one.
fn keys(file: &KeyFile, environment: Option<&str>) -> Result<(ActiveKeys, Option<FirstKey>), StartError> {
    let contents = file.read()?;
    let ring = ActiveKeys::new(&contents, environment);
    // Keys that were revoked stay in the file: none is there only where none ever was.
    if environment.is_some() || !contents.keys.is_empty() {
        return Ok((ring, None));
    }
    // A host that could not store the key later does not start.
    file.update(|_register| ())?;
    let first = FirstKey { key: NewKey::generate(), file: file.clone(), keys: ring.clone() };
    Ok((ring, Some(first)))
}

/// A key that is not valid yet: it is shown before it is stored, so that no key is valid that nobody knows.
pub struct FirstKey {
    /// The key.
    pub key: NewKey,
    file: KeyFile,
    keys: ActiveKeys,
}

impl FirstKey {
    /// Makes the key valid at once. Call this when the key was shown.
    pub fn make_valid(&self) -> Result<(), KeyFileError> {
        let contents = self.file.update(|contents| {
            contents.keys.push(KeyRecord::new(&self.key, "first"));
            contents.clone()
        })?;
        self.keys.take_over(contents);
        Ok(())
    }
}

/// Why a host cannot start: a sentence that names the flag to change.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The file of `--component` cannot be read.
    #[error("--component {}: the file cannot be read ({error})", file.display())]
    Component {
        /// The file.
        file: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// The data folder cannot be used.
    #[error("--data-dir {}: the folder cannot be made or used ({error})", path.display())]
    DataDir {
        /// The folder.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// The keys cannot be read.
    #[error("--data-dir: {0}")]
    Keys(#[from] KeyFileError),
    /// The address cannot be listened on.
    #[error("--listen {address}: the address cannot be used ({error}); choose another")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        error: io::Error,
    },
    /// The certificate or its key cannot be used.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The address can be reached from elsewhere, and connections are not encrypted.
    #[error(
        "--listen {address}: others than this machine can reach it, and without --tls-cert and --tls-key keys go over \
         the network as plain text; give both, or --allow-plaintext where a proxy encrypts"
    )]
    Plaintext {
        /// The address.
        address: SocketAddr,
    },
    /// The component cannot be served.
    #[error("--component: {0}")]
    Load(#[from] LoadError),
    /// The metrics cannot be counted.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// The metrics cannot be served.
    #[error(transparent)]
    Scrape(#[from] ScrapeError),
    /// Spans cannot be sent.
    #[cfg(feature = "otlp")]
    #[error(transparent)]
    Spans(#[from] CollectorError),
    /// The table cannot be served from.
    #[cfg(feature = "dynamodb")]
    #[error(transparent)]
    Table(#[from] dynamodb::OpenError),
    /// A variable says wrongly where the table is.
    #[cfg(feature = "dynamodb")]
    #[error(transparent)]
    Location(#[from] config::LocationError),
    /// The store cannot be opened.
    #[error("--data-dir: {0}")]
    Store(#[from] OpenError),
}
