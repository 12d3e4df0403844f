//! The byte stream of a connection, plain or in TLS. It checks what is read, and notes reads and writes in the connection's
//! `ClientWait`.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

use super::connections::Connection;
use super::strict_http1;

/// A connection's stream.
pub(super) struct Stream {
    transport: Transport,
    http1: strict_http1::Parser,
    connection: Arc<Connection>,
    /// Runs while the end of the client's stream is held back; see [`END_HELD`].
    end: Option<Pin<Box<Sleep>>>,
}

/// What carries the bytes: a plain stream or TLS.
pub(super) type Transport = Either<TcpStream, Box<TlsStream<TcpStream>>>;

impl Stream {
    pub(super) fn new(transport: Transport, connection: Arc<Connection>) -> Stream {
        Stream { transport, http1: strict_http1::Parser::default(), connection, end: None }
    }

    fn transport(&mut self) -> Pin<&mut Transport> {
        Pin::new(&mut self.transport)
    }

    /// Notes the outcome of a write.
    fn wrote(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Pending => self.connection.wait().blocked(Instant::now()),
            Poll::Ready(Ok(_)) => self.connection.wait().wrote(),
            Poll::Ready(Err(_)) => {}
        }
        written
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (before, has_room) = (buffer.filled().len(), buffer.remaining() > 0);
        ready!(self.transport().poll_read(context, buffer))?;
        if let Some((_, read)) = buffer.filled_mut().split_at_mut_checked(before) {
            self.http1.follow(read);
        }
        let mut wait = self.connection.wait();
        if buffer.filled().len() > before || !has_room {
            wait.read(Instant::now());
            return Poll::Ready(Ok(()));
        }
        // The end is held also while a body arrives: all of the body may be here and not read yet.
        let is_held = !wait.is_quiet();
        drop(wait);
        if is_held {
            let end = self.end.get_or_insert_with(|| Box::pin(sleep(END_HELD)));
            ready!(end.as_mut().poll(context));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = self.transport().poll_write(context, buffer);
        self.wrote(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = self.transport().poll_write_vectored(context, buffers);
        self.wrote(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.transport.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = self.transport().poll_flush(context);
        match flushed {
            Poll::Pending => self.connection.wait().blocked(Instant::now()),
            Poll::Ready(Ok(())) => {
                let mut wait = self.connection.wait();
                wait.flushed(Instant::now());
                // The answer is sent, so the end need not be held any longer.
                if self.end.is_some() && wait.is_quiet() {
                    context.waker().wake_by_ref();
                }
            }
            Poll::Ready(Err(_)) => {}
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.transport().poll_shutdown(context)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if self.connection.resets() {
            let stream = match &self.transport {
                Either::Left(stream) => stream,
                Either::Right(stream) => stream.get_ref().0,
            };
            let _ = stream.set_zero_linger();
        }
    }
}

/// How long the end of the client's stream is held back from hyper while a request is open or its answer is being sent. A
/// client that closed only its sending half still gets an answer that is ready by then. A client that is gone looks the
/// same to the host; its reads are cancelled after this time.
const END_HELD: Duration = Duration::from_secs(1);
