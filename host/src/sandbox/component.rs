//! Loads a component: from its bytes to linked code that can be instantiated. Also reads the component's description of
//! itself.

use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, timeout};
use wasmtime::component::{Component as Code, Linker};
use wasmtime::{Engine, Store};

use super::compiled::{self, CompiledError};
use super::engine::{config, engine};
use super::epochs::{Epochs, Running};
use super::given::Given;
use super::inspect::{InspectError, Inspection};
use super::instance::{State, store};
use super::key_value;
use super::limits::{HighWater, Limits, MemoryLimitError};
use super::wasi::{self, Wasi};
use crate::backend::{Index, List, Schema};
use crate::bindings::exports::portdesk::desk::schema::CollectionSchema;
use crate::bindings::{Desk, DeskPre};
use crate::store::GuestStore;

/// The processors that compiled code runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunsOn {
    /// Processors that have every extension of this machine's processor.
    ThisProcessor,
    /// Every processor of this architecture.
    Architecture,
}

/// A component of the world `desk`, compiled and linked.
#[derive(Clone)]
pub struct Component {
    pre: DeskPre<State>,
    limits: Limits,
    memory_high_water: HighWater,
    epochs: Epochs,
}

impl Component {
    /// Compiles `wasm` and links it to what the world `desk` imports.
    pub fn load(wasm: &[u8], limits: Limits) -> Result<Component, LoadError> {
        inspect(wasm)?;
        let engine = engine(&limits).map_err(LoadError::Engine)?;
        let code = Code::from_binary(&engine, wasm).map_err(LoadError::TooMuch)?;
        Component::new(&engine, &code, limits)
    }

    /// Does the same as [`Component::load`], but uses the compiled code that is cached in `folder`.
    pub fn load_cached(wasm: &[u8], limits: Limits, folder: &Path) -> Result<Component, LoadError> {
        inspect(wasm)?;
        let engine = engine(&limits).map_err(LoadError::Engine)?;
        let code = compiled::cached(&engine, wasm, folder).map_err(LoadError::TooMuch)?;
        Component::new(&engine, &code, limits)
    }

    /// Links the code in a file that [`Component::compile`] made. Refuses a file that another user could have written,
    /// because its code runs outside of the sandbox.
    pub fn load_compiled(file: &Path, limits: Limits) -> Result<Component, LoadError> {
        let engine = engine(&limits).map_err(LoadError::Engine)?;
        let code = compiled::load(&engine, file)?;
        Component::new(&engine, &code, limits)
    }

    /// Whether these bytes are a compiled component, for [`Component::load_compiled`].
    #[must_use]
    pub fn is_compiled(bytes: &[u8]) -> bool {
        compiled::is_compiled(bytes)
    }

    /// Compiles `wasm` to the bytes of a file for this version of this program, and for the processors that `runs_on` names.
    pub fn compile(wasm: &[u8], limits: &Limits, runs_on: RunsOn) -> Result<Vec<u8>, LoadError> {
        inspect(wasm)?;
        let mut config = config(limits);
        if runs_on == RunsOn::Architecture {
            // A compiler with a target does not look at the processor that it runs on.
            config.target(env!("PORTDESK_TARGET")).map_err(LoadError::Engine)?;
        }
        let engine = Engine::new(&config).map_err(LoadError::Engine)?;
        compiled::compile(&engine, wasm).map_err(LoadError::TooMuch)
    }

    pub(super) fn new(engine: &Engine, code: &Code, limits: Limits) -> Result<Component, LoadError> {
        check_memory(code, &limits)?;
        let pre = link(engine, code).map_err(LoadError::WrongWorld)?;
        let epochs = Epochs::of(engine).map_err(|error| LoadError::Engine(error.into()))?;
        Ok(Component { pre, limits, memory_high_water: HighWater::default(), epochs })
    }

    /// Calls the component for its schema and its contract.
    pub async fn describe(&self) -> Result<Description, LoadError> {
        let deadline = Instant::now() + DESCRIPTION_TIME;
        timeout(DESCRIPTION_TIME, self.ask(deadline))
            .await
            .map_err(|elapsed| LoadError::Silent(wasmtime::Error::new(elapsed)))?
            .map_err(|error| LoadError::of_description(error, &self.limits))
            .and_then(|description| match GuestStore::check(&description.schema) {
                Ok(()) => Ok(description),
                Err(defect) => Err(LoadError::Schema(defect.to_string())),
            })
    }

    async fn ask(&self, deadline: Instant) -> wasmtime::Result<Description> {
        let _running = self.run();
        let mut store = store(self, GuestStore::none(), deadline);
        let desk = self.instantiate(&mut store).await?;
        let schema = desk.portdesk_desk_schema();
        let collection = schema.call_collection(&mut store).await?;
        let openapi = schema.call_openapi(&mut store).await?;
        Ok(Description { schema: collection.into(), openapi })
    }

    pub(super) async fn instantiate(&self, store: &mut Store<State>) -> wasmtime::Result<Desk> {
        self.pre.instantiate_async(store).await
    }

    /// The caller holds the returned guard while one of the component's instances may run.
    pub(super) fn run(&self) -> Running<'_> {
        self.epochs.run()
    }

    pub(super) fn engine(&self) -> &Engine {
        self.pre.engine()
    }

    /// The limits of the component's instances.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The most memory that one of the component's instances has had, in bytes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.memory_high_water.bytes()
    }

    /// The same count, shared with the component's instances.
    pub(super) fn memory_high_water(&self) -> &HighWater {
        &self.memory_high_water
    }
}

/// Checks that a component fits the world `desk`. This runs before the component is compiled, so that the error can name
/// what is missing.
fn inspect(wasm: &[u8]) -> Result<(), LoadError> {
    let inspection = Inspection::of(wasm)?;
    if inspection.is_desk() { Ok(()) } else { Err(LoadError::NoDesk(inspection)) }
}

/// Fails if a memory of the component is larger at its start than an instance may have.
fn check_memory(code: &Code, limits: &Limits) -> Result<(), LoadError> {
    let pages = code.resources_required().and_then(|resources| resources.max_initial_memory_size);
    let bytes = pages.unwrap_or_default().saturating_mul(PAGE_BYTES);
    if usize::try_from(bytes).is_ok_and(|bytes| bytes <= limits.memory_bytes) {
        return Ok(());
    }
    Err(LoadError::Memory { needed_mib: bytes.div_ceil(1 << 20), limit_mib: limits.memory_bytes >> 20 })
}

fn link(engine: &Engine, code: &Code) -> wasmtime::Result<DeskPre<State>> {
    let mut linker = Linker::new(engine);
    key_value::add_to_linker(&mut linker)?;
    wasi::add_to_linker::<State>(&mut linker, of_wasi)?;
    if code.component_type().imports(engine).any(|(name, _)| !Given::is_for_every_component(name)) {
        wasi::add_rest_to_linker(&mut linker, of_wasi)?;
    }
    DeskPre::new(linker.instantiate_pre(code)?)
}

fn of_wasi(state: &mut State) -> Wasi<'_> {
    Wasi { budget: &mut state.budget, moment: &mut state.moment }
}

/// A component's description of itself.
#[derive(Debug, Clone)]
pub struct Description {
    /// The schema of the items that the component stores.
    pub schema: Schema,
    /// The contract that the component serves: an OpenAPI document in YAML.
    pub openapi: String,
}

impl From<CollectionSchema> for Schema {
    fn from(collection: CollectionSchema) -> Schema {
        let indexes = collection.indexes.into_iter().map(|index| Index {
            name: index.name,
            partition: index.partition,
            order: index.order,
            optional: index.optional,
        });
        let lists =
            collection.lists.into_iter().map(|list| List { name: list.name, id_field: list.id_field });
        Schema {
            key_field: collection.key_field,
            listed: collection.listed,
            lists: lists.collect(),
            indexes: indexes.collect(),
        }
    }
}

/// Why a component cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The compiled code cannot be loaded.
    #[error(transparent)]
    Compiled(#[from] CompiledError),
    /// The machine cannot hold the pool of instances.
    #[error(
        "this machine has no room for the pool of instances; lower --instances or --memory-limit-mib ({0:#})"
    )]
    Engine(wasmtime::Error),
    /// The component has more memory at its start than an instance may have.
    #[error(
        "the component has {needed_mib} MiB of memory at its start, and an instance may have {limit_mib} MiB; raise \
         --memory-limit-mib"
    )]
    Memory {
        /// The memory that the component has at its start.
        needed_mib: u64,
        /// The memory that an instance may have.
        limit_mib: usize,
    },
    /// The component takes more memory to describe itself than an instance may have.
    #[error(
        "the component needs more memory to describe itself than the {limit_mib} MiB that an instance may have; raise \
         --memory-limit-mib"
    )]
    MemoryOfDescription {
        /// The memory that an instance may have.
        limit_mib: usize,
    },
    /// The file is a component, but not one that this host can serve.
    #[error("{0}")]
    NoDesk(Inspection),
    /// The component's schema breaks a limit of `wit/schema.wit`.
    #[error("the component's schema breaks a limit of wit/schema.wit: {0}")]
    Schema(String),
    /// The component failed to describe itself.
    #[error("the component does not describe itself: its export `schema` failed ({0:#})")]
    Silent(wasmtime::Error),
    /// The component has more or larger memories, tables or modules than an instance may have.
    #[error("the component needs more than an instance may have ({}); ARCHITECTURE.md lists the limits", cause(.0))]
    TooMuch(wasmtime::Error),
    /// The file is not a component.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// The imports or exports have the names of the world `desk`, but other types.
    #[error(
        "this component was built against another version of wit/: it has the names of the world `desk` but other types \
         ({0:#}); build it again"
    )]
    WrongWorld(wasmtime::Error),
}

impl LoadError {
    fn of_description(error: wasmtime::Error, limits: &Limits) -> LoadError {
        if error.is::<MemoryLimitError>() {
            LoadError::MemoryOfDescription { limit_mib: limits.memory_bytes >> 20 }
        } else {
            LoadError::Silent(error)
        }
    }
}

/// The first line of the last cause. The last cause is the specific one, and a parser appends its input in further lines.
fn cause(error: &wasmtime::Error) -> String {
    error.root_cause().to_string().lines().next().unwrap_or_default().to_owned()
}

/// The size of a page of linear memory.
const PAGE_BYTES: u64 = 64 * 1024;
/// How long a component may take to describe itself.
const DESCRIPTION_TIME: Duration = Duration::from_secs(5);
