//! Allocations of a request that comes over HTTP: of the server, the door and the pipeline as well as of the sandbox. Client and
//! host share a thread, and the client allocates nothing.

use portdesk::service::Service;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

use super::Cost;
use crate::harness::{KEY, config};

/// A connection to a host that serves on this thread.
pub struct Connection {
    runtime: Runtime,
    stream: TcpStream,
    answer: Box<[u8]>,
    _folder: tempfile::TempDir,
}

/// What one request took of the host's allocator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Taken {
    pub allocations: u64,
    pub bytes: u64,
}

impl Connection {
    pub fn open(flags: &[&str]) -> Connection {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path(), &[&["--store", "memory"], flags].concat());
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let stream = runtime.block_on(async {
            let host = Service::start(&config).await.unwrap();
            let address = host.address;
            tokio::spawn(host.serve(std::future::pending()));
            TcpStream::connect(address).await.unwrap()
        });
        Connection { runtime, stream, answer: vec![0; 64 * 1024].into(), _folder: folder }
    }

    /// Asks once, and gives what it took and where the answer says that something is.
    pub fn ask(&mut self, cost: &Cost, path: &str) -> (Taken, Option<String>) {
        let query = cost.query.as_ref().map_or(String::new(), |query| format!("?{query}"));
        let (method, body, bytes) = (&cost.method, &cost.body, cost.body.len());
        let request = format!(
            "{method} {path}{query} HTTP/1.1\r\nhost: a\r\nx-api-key: {KEY}\r\naccept: */*\r\n\
             content-type: application/json\r\ncontent-length: {bytes}\r\n\r\n{body}"
        );
        let Connection { runtime, stream, answer, .. } = self;
        let mut length = 0;
        let counted = allocation_counter::measure(|| {
            length = runtime.block_on(exchange(stream, request.as_bytes(), answer));
        });
        let answer = str::from_utf8(&answer[..length]).unwrap();
        assert!(answer.starts_with("HTTP/1.1 20"), "{}: {answer}", cost.what);
        let location = field(answer, "location: ").map(str::to_owned);
        (Taken { allocations: counted.count_total, bytes: counted.bytes_total }, location)
    }
}

/// Sends a request and reads its answer. Gives the length of the latter.
async fn exchange(stream: &mut TcpStream, request: &[u8], answer: &mut [u8]) -> usize {
    stream.write_all(request).await.unwrap();
    let mut length = 0;
    loop {
        length += stream.read(&mut answer[length..]).await.unwrap();
        let text = str::from_utf8(&answer[..length]).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let bytes: usize = field(head, "content-length: ").unwrap().parse().unwrap();
        if body.len() == bytes {
            return length;
        }
    }
}

fn field<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    answer.lines().find_map(|line| line.strip_prefix(name))
}
