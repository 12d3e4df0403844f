//! Reads, on connections of their own: a read never waits for a write or its sync.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Semaphore;
use tokio::task;

use crate::backend::Error;

/// A few connections that cannot write, lent to one read at a time.
#[derive(Debug)]
pub(super) struct Readers {
    idle: Arc<Mutex<Vec<Connection>>>,
    /// One for each connection.
    permits: Arc<Semaphore>,
    number: u32,
}

impl Readers {
    pub(super) fn new(connections: Vec<Connection>) -> Readers {
        let permits = Arc::new(Semaphore::new(connections.len()));
        let number = u32::try_from(connections.len()).unwrap_or(u32::MAX);
        Readers { idle: Arc::new(Mutex::new(connections)), permits, number }
    }

    /// Runs `op` in a read transaction, where it may block. Not to be called inside a `LocalSet`.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        op: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| closed())?;
        let idle = Arc::clone(&self.idle);
        let read = move || {
            // Goes with the read, not with who waits for it: the connection is lent until the read is over.
            let _permit = permit;
            let loan = Loan::new(&idle)?;
            loan.read(op)
        };
        // Handing a read of 10 us to another thread and back takes three times as long as the read. Blocking in
        // place gives this thread's other tasks to another thread instead, should the disk be slow.
        if Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread {
            return task::block_in_place(read);
        }
        let ended = |error: task::JoinError| Error::Unavailable(format!("a read broke off: {error}"));
        task::spawn_blocking(read).await.map_err(ended)?
    }

    /// Waits for the reads that are under way and closes the connections.
    pub(super) async fn close(&self) {
        // Fails where it is closed already.
        if let Ok(all) = self.permits.acquire_many(self.number).await {
            self.permits.close();
            drop(all);
        }
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// A connection that goes back when it is dropped, also by a panic.
struct Loan<'a> {
    connection: Option<Connection>,
    idle: &'a Mutex<Vec<Connection>>,
}

impl Loan<'_> {
    fn new(idle: &Mutex<Vec<Connection>>) -> Result<Loan<'_>, Error> {
        let connection = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if connection.is_none() { Err(closed()) } else { Ok(Loan { connection, idle }) }
    }

    fn read<T>(&self, op: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        let Some(connection) = &self.connection else { return Err(closed()) };
        // An item and its entries, an index and its twin: both as of one moment. Dropping it ends it.
        let _snapshot = connection.unchecked_transaction()?;
        op(connection)
    }
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).extend(self.connection.take());
    }
}

fn closed() -> Error {
    Error::Unavailable("the store is closed".to_owned())
}
