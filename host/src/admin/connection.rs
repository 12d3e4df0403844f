//! What a connection of a private listener and the answer that it carries tell each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// A connection. Clones are the same connection.
#[derive(Debug, Clone, Default)]
pub(super) struct ConnectionState {
    streams: Arc<AtomicBool>,
    cut: CancellationToken,
}

impl ConnectionState {
    /// Lets the connection last as long as a stream may last.
    pub(super) fn begin_stream(&self) {
        self.streams.store(true, Ordering::Relaxed);
    }

    /// Ends the connection at once, also if its client does not read.
    pub(super) fn cut(&self) {
        self.cut.cancel();
    }

    /// Polls a connection to its end, or until it has lasted too long or was cut. Without a time limit, a client that does not read
    /// its answer would keep its place.
    pub(super) async fn limited<T>(&self, connection: impl Future<Output = T>) {
        let mut connection = std::pin::pin!(connection);
        let limited = async {
            if timeout(CONNECTION_TIME, &mut connection).await.is_err()
                && self.streams.load(Ordering::Relaxed)
            {
                drop(timeout(STREAM_TIME, &mut connection).await);
            }
        };
        tokio::select! {
            () = limited => {}
            () = self.cut.cancelled() => {}
        }
    }
}

/// How long a connection without a stream may last in all.
const CONNECTION_TIME: Duration = Duration::from_mins(5);
/// How long a stream may last. Its client then opens it again and misses nothing.
pub(super) const STREAM_TIME: Duration = Duration::from_hours(1);

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_connection_lasts_longer_only_if_it_carries_a_stream() {
        let begun = Instant::now();
        ConnectionState::default().limited(pending::<()>()).await;
        assert_eq!(begun.elapsed(), CONNECTION_TIME);
        let (begun, stream) = (Instant::now(), ConnectionState::default());
        stream.begin_stream();
        stream.limited(pending::<()>()).await;
        assert_eq!(begun.elapsed(), CONNECTION_TIME + STREAM_TIME);
        let (begun, stream) = (Instant::now(), ConnectionState::default());
        stream.begin_stream();
        stream.cut();
        stream.limited(pending::<()>()).await;
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }
}
