//! Any bytes on a connection: the framing of HTTP/1.1 and HTTP/2, and everything behind it.

#![no_main]

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::LazyLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;

static ADDRESS: LazyLock<SocketAddr> = LazyLock::new(portdesk_fuzz::serve);

fuzz_target!(|bytes: &[u8]| {
    let mut connection = TcpStream::connect(*ADDRESS).expect("the host accepts connections");
    connection.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    // The host may close the connection while it is written to.
    let _ = connection.write_all(bytes).and_then(|()| connection.shutdown(Shutdown::Write));
    let mut answer = Vec::new();
    match connection.take(ANSWER_LIMIT_BYTES).read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) => {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "the connection stays open")
        }
    }
    assert!(!answer.starts_with(b"HTTP/1.1 500"), "{}", String::from_utf8_lossy(&answer));
});

/// The host closes a connection whose client has said everything.
const PATIENCE: Duration = Duration::from_secs(8);
const ANSWER_LIMIT_BYTES: u64 = 1 << 20;
