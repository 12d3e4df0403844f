//! Every test passes its text to the parser in pieces of every size.

use super::Parser;

#[test]
fn an_unambiguous_request_passes_unchanged() {
    for text in [
        "GET / HTTP/1.1\r\nhost: a\r\n\r\n",
        "\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length:\t5 \r\n\r\na\nb\nc",
        "POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\n\n\nPOST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n",
        "POST / HTTP/1.1\r\ntransfer-encoding: Chunked\r\n\r\n3;a=b\r\n\n\n\n\r\n0A\r\n\n\n\n\n\n\n\n\n\n\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx-a: b\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        // hyper refuses this line feed and would accept a NUL.
        "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1;a\nb\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\n\n\n",
    ] {
        assert_eq!(followed(text), text);
    }
}

#[test]
fn the_line_feed_of_an_ambiguous_line_becomes_a_nul() {
    // `!` stands for the line feed that must become a NUL.
    for text in [
        "!",
        "GET / HTTP/1.1!\n",
        "GET / HTTP/1.1\r\nhost: a!content-length: 5\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\n!",
        "GET / HTTP/1.1\r\nhost: a!\n",
        "POST / HTTP/1.1\r\ncontent-length: 1\r\n\r\na!",
        "POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 1\r!\r\n",
        "POST / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r!\r\n",
        "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\ncontent-length: 1\r!\r\n",
        "POST / HTTP/1.1\r\ntransfer-encoding: gzip, chunked\r!\r\n",
        "POST / HTTP/1.1\r\ncontent-length: +1\r!\r\n",
        "POST / HTTP/1.1\r\ncontent-length: \r!\r\n",
        "POST / HTTP/1.1\r\ncontent-length: 18446744073709551616\r!\r\n",
        "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n\r!",
        "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0x1\r!",
        "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r!",
        "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx-a: b!",
    ] {
        assert_eq!(followed(&text.replace('!', "\n")), text.replace('!', "\0"));
    }
    for long in ["content-length: ZEROS1\r!\r\n", "transfer-encoding: chunked\r\n\r\nZEROS1\r!a\r\n"] {
        let text = format!("POST / HTTP/1.1\r\n{}", long.replace("ZEROS", &"0".repeat(200)));
        assert_eq!(followed(&text.replace('!', "\n")), text.replace('!', "\0"));
    }
}

/// Returns the text after the parser, which must be the same for pieces of every size.
fn followed(text: &str) -> String {
    let followed = |piece_bytes| {
        let (mut parser, mut bytes) = (Parser::default(), text.as_bytes().to_vec());
        bytes.chunks_mut(piece_bytes).for_each(|piece| parser.follow(piece));
        String::from_utf8(bytes).unwrap()
    };
    let whole = followed(text.len());
    for piece_bytes in 1..text.len() {
        assert_eq!(followed(piece_bytes), whole, "in pieces of {piece_bytes}");
    }
    whole
}
