//! What a bad connection does until the host closes it.

use std::io;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout, timeout_at};

use crate::abuse::floods::frames;
use crate::harness::KEY;

/// The part that a connection plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Says nothing.
    Silent,
    /// Begins a head and stops.
    HalfHeader,
    /// Sends a head byte by byte.
    SlowHeader,
    /// Begins HTTP/2 and stops.
    HalfPreface,
    /// Begins HTTP/2 and ends within its first frame.
    HalfFrame,
    /// Sends a body byte by byte.
    SlowBody,
    /// Sends a body byte by byte that the host does not need.
    UnwantedBody,
    /// Asks for much by HTTP/2 and opens no window for it, but answers every ping.
    NoWindow,
    /// Asks for much and reads nothing.
    SlowRead,
}

impl Part {
    pub const ALL: [Part; 9] = [
        Part::Silent,
        Part::HalfHeader,
        Part::SlowHeader,
        Part::HalfPreface,
        Part::HalfFrame,
        Part::SlowBody,
        Part::UnwantedBody,
        Part::NoWindow,
        Part::SlowRead,
    ];

    /// The part of the connection with this number. One in a hundred reads nothing, because the kernel buffers 3 MB for each of
    /// these on the loopback interface. The other parts are equally frequent.
    pub fn of(number: usize) -> Part {
        let others = Part::ALL.len() - 1;
        if number % 100 == 99 { Part::SlowRead } else { Part::ALL[number % others] }
    }

    /// Plays until the host closes the connection. Returns whether the host did so by `until`.
    pub async fn play(self, mut connection: TcpStream, until: Instant) -> bool {
        let part = async {
            match self {
                Part::Silent => end(&mut connection).await,
                Part::HalfHeader => stop_after(connection, b"GET /healthz HTTP/1.1\r\nhost: a\r\nx-").await,
                Part::SlowHeader => drip(connection, b"GET /healthz HTTP/1.1\r\nhost: a\r\nx-a: ").await,
                Part::HalfPreface => stop_after(connection, b"PRI * HTTP/2.0\r\n\r\n").await,
                Part::HalfFrame => {
                    stop_after(connection, &[&frames::opening(), &b"\0\0\x40"[..]].concat()).await
                }
                Part::SlowBody => drip(connection, post("/tickets").as_bytes()).await,
                Part::UnwantedBody => drip(connection, post("/healthz").as_bytes()).await,
                Part::NoWindow => open_no_window(connection).await,
                Part::SlowRead => read_nothing(connection, until).await,
            }
        };
        let until = tokio::time::Instant::from_std(until + WHILE_IT_READS);
        timeout_at(until, part).await.is_ok_and(|ended| ended.is_ok())
    }
}

/// Reads until the connection ends, properly or by a reset.
async fn end(connection: &mut TcpStream) -> io::Result<()> {
    let mut bytes = [0; 1024];
    while connection.read(&mut bytes).await.unwrap_or(0) > 0 {}
    Ok(())
}

async fn stop_after(mut connection: TcpStream, bytes: &[u8]) -> io::Result<()> {
    if connection.write_all(bytes).await.is_ok() {
        end(&mut connection).await?;
    }
    Ok(())
}

/// Sends `bytes`, and then a byte each half second until the connection ends.
async fn drip(mut connection: TcpStream, bytes: &[u8]) -> io::Result<()> {
    let mut said = connection.write_all(bytes).await;
    while said.is_ok() {
        // Not a wait for something: a slow sender is the input of this test.
        if timeout(BETWEEN_DRIPS, end(&mut connection)).await.is_ok() {
            return Ok(());
        }
        said = connection.write_all(b"x").await;
    }
    Ok(())
}

fn post(path: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: a\r\nx-api-key: {KEY}\r\ncontent-type: application/json\r\n\
         content-length: 10000\r\n\r\n"
    )
}

/// Answers every ping and setting, so that only the unread body can be a reason to close the connection.
async fn open_no_window(mut connection: TcpStream) -> io::Result<()> {
    let mut opening = frames::opening_without_window();
    for stream in 0..PAGES_BY_HTTP_2 {
        opening.extend(frames::get(2 * stream + 1, "/openapi.yaml"));
    }
    let mut said = connection.write_all(&opening).await;
    while said.is_ok() {
        let Ok(frame) = frames::read(&mut connection).await else { return Ok(()) };
        said = match frame.acknowledged() {
            Some(answer) => connection.write_all(&answer).await,
            None => Ok(()),
        };
    }
    Ok(())
}

/// Asks for more than the kernel buffers, and reads it too late. A host that still held the connection would send all of
/// it.
async fn read_nothing(mut connection: TcpStream, until: Instant) -> io::Result<()> {
    let page = b"GET /openapi.yaml HTTP/1.1\r\nhost: a\r\n\r\n";
    let asked = connection.write_all(&page.repeat(PAGES)).await;
    sleep(until.saturating_duration_since(Instant::now())).await;
    let mut bytes = Vec::new();
    let read = timeout(WHILE_IT_READS, connection.read_to_end(&mut bytes)).await;
    match (asked, read) {
        (Ok(()), Err(_elapsed)) => Err(io::Error::other("still open")),
        (Ok(()), Ok(_)) if bytes.len() >= PAGES * PAGE_BYTES => Err(io::Error::other("everything came")),
        _ => Ok(()),
    }
}

const BETWEEN_DRIPS: Duration = Duration::from_millis(500);
const PAGES_BY_HTTP_2: u32 = 10;
/// 10 MB of answers, of which the kernel buffers about 3 MB.
const PAGES: usize = 200;
/// The least size of each answer.
const PAGE_BYTES: usize = 40_000;
/// The time in which a closed connection delivers what the kernel buffered.
const WHILE_IT_READS: Duration = Duration::from_secs(5);
