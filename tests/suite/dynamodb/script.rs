//! A server that answers each attempt by a script.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// The server's reaction to an attempt.
#[derive(Debug, Clone)]
pub enum Act {
    Answer(u16, String),
    /// Reads the request and closes the connection.
    Reset,
    /// Reads the request and never answers.
    Silence,
}

/// Serves the acts in order, the last for ever; gives the address and counts the attempts.
pub fn script(acts: Vec<Act>) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let attempts = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&attempts);
    thread::spawn(move || {
        let mut silent = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            drain(&mut stream);
            let act = acts[count.fetch_add(1, Ordering::SeqCst).min(acts.len() - 1)].clone();
            match act {
                Act::Answer(status, body) => answer(&mut stream, status, &body),
                Act::Reset => {}
                Act::Silence => silent.push(stream),
            }
        }
    });
    (url, attempts)
}

/// Reads a request to its end.
fn drain(stream: &mut TcpStream) {
    let (mut request, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut part).unwrap();
        request.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&request).to_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.split_once("content-length: ").unwrap().1.lines().next().unwrap();
        if read == 0 || body.len() >= length.parse().unwrap() {
            return;
        }
    }
}

fn answer(stream: &mut TcpStream, status: u16, body: &str) {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {length}\r\n\r\n"
    );
    let _ = stream.write_all((head + body).as_bytes());
}

pub fn service_error(code: &str) -> Act {
    Act::Answer(400, format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{code}","message":"said so"}}"#))
}

pub fn condition_failed(item: &str) -> Act {
    let code = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
    Act::Answer(400, format!(r#"{{"__type":"{code}","message":"no","Item":{item}}}"#))
}

pub fn failed() -> Act {
    Act::Answer(500, r#"{"__type":"InternalServerError","message":"said so"}"#.to_owned())
}
