//! Refuses HTTP/1 requests whose end is ambiguous.
//!
//! The attack (request smuggling): a proxy and this host disagree on where a request ends, and the rest of one client's
//! request becomes the beginning of another's. As HTTP permits, hyper accepts a bare line feed as the end of a line, a
//! `Content-Length` beside chunks, and the same `Content-Length` twice. This parser reads the bytes before hyper does, and
//! replaces the line feed at the end of an ambiguous line by a NUL. hyper answers the NUL with 400 and closes the connection.
//! So hyper still is the only judge of what a valid request is.

/// Follows the requests of a connection.
#[derive(Default)]
pub(super) struct Parser {
    state: ParserState,
    line: Line,
    /// What the header lines so far state about the length of the body.
    body: Body,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum ParserState {
    /// Before a request line. Empty lines are allowed there.
    #[default]
    RequestLine,
    Head,
    /// In a body with so many bytes left.
    Body(u64),
    ChunkSize,
    /// In a chunk with so many bytes left, including the line end after it.
    Chunk(u64),
    Trailer,
    /// The bytes are HTTP/2, or hyper will refuse them. They are not checked.
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

/// Two programs could read the line in different ways.
struct AmbiguousLineError;

impl Parser {
    /// Checks bytes that were read, and makes ambiguous ones invalid.
    pub(super) fn follow(&mut self, mut read: &mut [u8]) {
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
                // In the extension of a chunk, hyper refuses a bare line feed and accepts a NUL.
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

    /// Handles the line feed at the end of a line.
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

    /// Keeps the allocated memory, so that not every line needs an allocation.
    fn clear(&mut self) {
        self.start.clear();
        self.bytes = 0;
        self.last = 0;
    }

    /// Returns what is known about the body after this header line, if `known` was known before.
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
        // A repeated length is ambiguous even if both are equal. So is a line of which only the start was kept.
        let is_first = known == Body::None && self.bytes <= LINE_START_BYTES;
        said.filter(|_| is_first).ok_or(AmbiguousLineError)
    }

    fn chunk_size(&self) -> Result<u64, AmbiguousLineError> {
        let size = self.start.split(|byte| b";\r \t".contains(byte)).next().unwrap_or_default();
        // If the size does not end within the start of the line that was kept, its value is unknown.
        let is_whole = size.len() < LINE_START_BYTES;
        number(size, 16).filter(|_| is_whole).ok_or(AmbiguousLineError)
    }
}

/// Parses a number that has only digits, without a sign.
fn number(digits: &[u8], radix: u32) -> Option<u64> {
    let is_digit = |byte: &u8| char::from(*byte).is_digit(radix);
    let text = digits.iter().all(is_digit).then(|| str::from_utf8(digits).ok())??;
    u64::from_str_radix(text, radix).ok()
}

/// How much of a line is kept: more than a line about the length of a body needs.
const LINE_START_BYTES: usize = 128;
const LINE_END_BYTES: u64 = 2;
/// The first line of an HTTP/2 connection.
const HTTP_2: &[u8] = b"PRI * HTTP/2.0\r";

#[cfg(test)]
mod tests;
