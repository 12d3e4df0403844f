//! The rest of WASI 0.2, for a component whose language needs it: there are no files, no variables, no arguments and no
//! network behind it.

use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime_wasi::cli::{WasiCli, WasiCliView};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView};
use wasmtime_wasi::p2::bindings::{cli, clocks, filesystem, random, sockets};
use wasmtime_wasi::sockets::{WasiSockets, WasiSocketsView};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_io::bindings::wasi::io;

use super::elapsed::{Elapsed, HasElapsed, Reached};
use super::printed::{Printed, Stream};
use super::{HasWasi, Wasi};
use crate::sandbox::conditions::Moment;
use crate::sandbox::instance::State;

/// What an instance has of this part of WASI.
pub(in crate::sandbox) struct Nothing {
    ctx: WasiCtx,
    /// What the component holds: its streams, and its waits.
    table: ResourceTable,
    printed: Printed,
    reached: Reached,
}

impl Nothing {
    /// For an instance that works on this request.
    pub(in crate::sandbox) fn new(request_id: &str) -> Nothing {
        let printed = Printed::default();
        printed.begin(request_id);
        let mut ctx = WasiCtx::builder();
        ctx.stdout(printed.stream(Stream::Output)).stderr(printed.stream(Stream::Error));
        // The builder allows none of these by default. They are said here in case that changes.
        ctx.allow_tcp(false).allow_udp(false).allow_ip_name_lookup(false);
        let mut table = ResourceTable::new();
        table.set_max_capacity(RESOURCES);
        Nothing { ctx: ctx.build(), table, printed, reached: Reached::default() }
    }

    /// Begins a request. Waits of the requests before do not move its clock.
    pub(in crate::sandbox) fn begin(&mut self, request_id: &str) {
        self.printed.begin(request_id);
        self.reached = Reached::default();
    }

    /// Ends a request.
    pub(in crate::sandbox) fn end(&self) {
        self.printed.end();
    }

    /// The monotonic clock of a request.
    pub(in crate::sandbox) fn elapsed<'a>(&'a mut self, moment: &'a Moment) -> Elapsed<'a> {
        Elapsed { moment, reached: &self.reached, table: &mut self.table }
    }
}

/// An instance that is dropped in the middle of a request, such as one past its deadline, has not ended it.
impl Drop for Nothing {
    fn drop(&mut self) {
        self.printed.end();
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let Nothing { ctx, table, .. } = self.nothing();
        WasiCtxView { ctx, table }
    }
}

struct HasTable;

impl HasData for HasTable {
    type Data<'a> = &'a mut ResourceTable;
}

/// Adds this part of WASI to the linker. Clocks and randomness are the host's own, because those of the library know nothing of
/// spaces and budgets.
pub(in crate::sandbox) fn add_to_linker(
    linker: &mut Linker<State>,
    wasi: fn(&mut State) -> Wasi<'_>,
) -> wasmtime::Result<()> {
    clocks::monotonic_clock::add_to_linker::<State, HasElapsed>(linker, State::elapsed)?;
    random::insecure::add_to_linker::<State, HasWasi>(linker, wasi)?;
    random::insecure_seed::add_to_linker::<State, HasWasi>(linker, wasi)?;

    io::error::add_to_linker::<State, HasTable>(linker, |state| state.ctx().table)?;
    io::poll::add_to_linker::<State, HasTable>(linker, |state| state.ctx().table)?;
    io::streams::add_to_linker::<State, HasTable>(linker, |state| state.ctx().table)?;

    cli::environment::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::exit::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::stdin::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::stdout::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::stderr::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_input::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_output::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_stdin::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_stdout::add_to_linker::<State, WasiCli>(linker, State::cli)?;
    cli::terminal_stderr::add_to_linker::<State, WasiCli>(linker, State::cli)?;

    filesystem::preopens::add_to_linker::<State, WasiFilesystem>(linker, State::filesystem)?;
    filesystem::types::add_to_linker::<State, WasiFilesystem>(linker, State::filesystem)?;

    let network = sockets::network::LinkOptions::default();
    sockets::network::add_to_linker::<State, WasiSockets>(linker, &network, State::sockets)?;
    sockets::instance_network::add_to_linker::<State, WasiSockets>(linker, State::sockets)?;
    sockets::ip_name_lookup::add_to_linker::<State, WasiSockets>(linker, State::sockets)?;
    sockets::tcp::add_to_linker::<State, WasiSockets>(linker, State::sockets)?;
    sockets::tcp_create_socket::add_to_linker::<State, WasiSockets>(linker, State::sockets)?;
    sockets::udp::add_to_linker::<State, WasiSockets>(linker, State::sockets)?;
    sockets::udp_create_socket::add_to_linker::<State, WasiSockets>(linker, State::sockets)?;
    Ok(())
}

/// The most streams and waits that an instance may hold. A component that asks for more traps.
const RESOURCES: usize = 1000;
