//! Refuses HTTP/1 requests whose end is ambiguous.
//!
//! The attack: a proxy and this host disagree on where a request ends, and the rest of one client's request becomes the
//! beginning of another's. hyper takes a bare line feed for the end of a line, a length beside chunks, and the same
//! length twice, as HTTP allows it to. Here none of these passes: the line feed that ends what is ambiguous becomes a
//! NUL, which hyper answers with 400 and the end of the connection. hyper alone decides what a request is.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection whose bytes are checked when they are read.
pub(super) struct StrictStream<S> {
    stream: S,
    parser: Parser,
}

impl<S> StrictStream<S> {
    pub(super) fn new(stream: S) -> StrictStream<S> {
        StrictStream { stream, parser: Parser::default() }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for StrictStream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let StrictStream { stream, parser } = self.get_mut();
        let known_bytes = buffer.filled().len();
        ready!(Pin::new(stream).poll_read(context, buffer))?;
        if let Some((_, read)) = buffer.filled_mut().split_at_mut_checked(known_bytes) {
            parser.follow(read);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for StrictStream<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

/// The position of a connection in its requests.
#[derive(Default)]
struct Parser {
    state: ParserState,
    line: Line,
    /// What the header lines so far state about the body.
    body: Body,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum ParserState {
    /// Empty lines before a head belong to no request.
    #[default]
    RequestLine,
    Head,
    /// In a body, or in a chunk and the line end behind it, with so many bytes to come.
    Body(u64),
    ChunkSize,
    Chunk(u64),
    Trailer,
    /// HTTP/2, or bytes that hyper will refuse. They are not checked.
    Beyond,
}

/// The first bytes of a line, and the length of the line.
#[derive(Default)]
struct Line {
    start: Vec<u8>,
    bytes: usize,
    last: u8,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Body {
    #[default]
    None,
    Length(u64),
    Chunked,
}

/// A line that can be read in two ways.
struct AmbiguousLineError;

impl Parser {
    fn follow(&mut self, mut read: &mut [u8]) {
        while self.state != ParserState::Beyond {
            if let ParserState::Body(left) | ParserState::Chunk(left) = self.state {
                let skipped = usize::try_from(left).map_or(read.len(), |left| left.min(read.len()));
                let Some((_, rest)) = read.split_at_mut_checked(skipped) else { return };
                read = rest;
                self.skip(skipped as u64);
            }
            let bytes = read.iter().position(|byte| *byte == b'\n').unwrap_or(read.len());
            let Some((piece, end)) = read.split_at_mut_checked(bytes) else { return };
            self.line.extend(piece);
            let Some((line_feed, rest)) = end.split_first_mut() else { return };
            read = rest;
            if self.end_line().is_err() {
                // In the extension of a chunk hyper takes everything but a bare line feed.
                if self.state != ParserState::ChunkSize || self.line.last == b'\r' {
                    *line_feed = 0;
                }
                self.state = ParserState::Beyond;
            }
            self.line.clear();
        }
    }

    fn skip(&mut self, skipped: u64) {
        match &mut self.state {
            ParserState::Body(left) | ParserState::Chunk(left) if *left > skipped => *left -= skipped,
            ParserState::Body(_) => self.state = ParserState::RequestLine,
            ParserState::Chunk(_) => self.state = ParserState::ChunkSize,
            ParserState::RequestLine
            | ParserState::Head
            | ParserState::ChunkSize
            | ParserState::Trailer
            | ParserState::Beyond => {}
        }
    }

    /// At a line feed that ends a line.
    fn end_line(&mut self) -> Result<(), AmbiguousLineError> {
        if self.line.last != b'\r' {
            return Err(AmbiguousLineError);
        }
        let is_empty = self.line.bytes == 1;
        self.state = match self.state {
            ParserState::RequestLine | ParserState::Trailer if is_empty => ParserState::RequestLine,
            ParserState::RequestLine if self.line.start.starts_with(HTTP_2) => ParserState::Beyond,
            ParserState::RequestLine => ParserState::Head,
            ParserState::Head if is_empty => match std::mem::take(&mut self.body) {
                Body::None => ParserState::RequestLine,
                Body::Length(bytes) => ParserState::Body(bytes),
                Body::Chunked => ParserState::ChunkSize,
            },
            ParserState::Head => {
                self.body = self.line.body(self.body)?;
                ParserState::Head
            }
            ParserState::ChunkSize => match self.line.chunk_size()? {
                0 => ParserState::Trailer,
                bytes => ParserState::Chunk(bytes.checked_add(LINE_END_BYTES).ok_or(AmbiguousLineError)?),
            },
            ParserState::Body(_) | ParserState::Chunk(_) | ParserState::Trailer | ParserState::Beyond => {
                self.state
            }
        };
        Ok(())
    }
}

impl Line {
    fn extend(&mut self, piece: &[u8]) {
        let room = LINE_START_BYTES.saturating_sub(self.start.len());
        self.start.extend_from_slice(piece.get(..room).unwrap_or(piece));
        self.bytes = self.bytes.saturating_add(piece.len());
        self.last = piece.last().copied().unwrap_or(self.last);
    }

    /// Keeps the memory of the line: otherwise each line of a head would need an allocation.
    fn clear(&mut self) {
        self.start.clear();
        self.bytes = 0;
        self.last = 0;
    }

    /// What is known of the body behind this line of a head.
    fn body(&self, known: Body) -> Result<Body, AmbiguousLineError> {
        let mut parts = self.start.splitn(2, |byte| *byte == b':');
        let (Some(name), Some(value)) = (parts.next(), parts.next()) else { return Ok(known) };
        let said = if name.eq_ignore_ascii_case(b"content-length") {
            number(value.trim_ascii(), 10).map(Body::Length)
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            value.trim_ascii().eq_ignore_ascii_case(b"chunked").then_some(Body::Chunked)
        } else {
            return Ok(known);
        };
        // Said twice, in the same words or not, is one too many; and who counts only the start of a line is misled.
        let is_first = known == Body::None && self.bytes <= LINE_START_BYTES;
        said.filter(|_| is_first).ok_or(AmbiguousLineError)
    }

    fn chunk_size(&self) -> Result<u64, AmbiguousLineError> {
        let size = self.start.split(|byte| b";\r \t".contains(byte)).next().unwrap_or_default();
        // A size that goes past what is kept of its line would be another number.
        let is_whole = size.len() < LINE_START_BYTES;
        number(size, 16).filter(|_| is_whole).ok_or(AmbiguousLineError)
    }
}

/// A number of digits alone.
fn number(digits: &[u8], radix: u32) -> Option<u64> {
    let is_digit = |byte: &u8| char::from(*byte).is_digit(radix);
    let text = digits.iter().all(is_digit).then(|| str::from_utf8(digits).ok())??;
    u64::from_str_radix(text, radix).ok()
}

/// More than a line that says where a body ends has reason to be.
const LINE_START_BYTES: usize = 128;
const LINE_END_BYTES: u64 = 2;
/// The beginning of an HTTP/2 connection.
const HTTP_2: &[u8] = b"PRI * HTTP/2.0\r";

#[cfg(test)]
mod tests;
