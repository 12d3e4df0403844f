//! The token of the console, and the files in which commands on this machine find the token and the address.
//!
//! A token is not an API key: an agent that has a key must not control the world that it is tested in.

use std::fmt;
use std::fs;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use data_encoding::BASE64URL_NOPAD;
use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use rand::Rng;
use sha2::{Digest, Sha256};

use crate::files;

/// The token that every request to the console needs.
pub struct Token {
    text: String,
    salt: [u8; 32],
    digest: [u8; 32],
}

impl Token {
    /// A random token of 256 bits.
    #[must_use]
    pub fn generate() -> Token {
        let mut random = [0; 32];
        rand::rng().fill_bytes(&mut random);
        Token::new(BASE64URL_NOPAD.encode(&random))
    }

    /// A token that the user chose.
    #[must_use]
    pub fn new(text: String) -> Token {
        let mut salt = [0; 32];
        rand::rng().fill_bytes(&mut salt);
        let digest = digest(&salt, text.as_bytes());
        Token { text, salt, digest }
    }

    /// The token as users send it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the headers have the token, in one header `Authorization: Bearer TOKEN`.
    ///
    /// This compares digests with a salt of this process. So the time of a comparison depends only on bytes that nobody outside can
    /// choose or compute.
    pub(super) fn is_in(&self, headers: &HeaderMap) -> bool {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let (Some(value), None) = (values.next(), values.next()) else { return false };
        let Some((scheme, token)) = value.as_bytes().split_at_checked(SCHEME.len()) else { return false };
        scheme.eq_ignore_ascii_case(SCHEME) && digest(&self.salt, token) == self.digest
    }
}

/// Shows nothing of the token.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

fn digest(salt: &[u8; 32], token: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(salt).chain_update(token).finalize().into()
}

const SCHEME: &[u8] = b"Bearer ";

/// The files `console.address` and `console.token` of a data folder, which only their owner can read. Dropping this removes them.
#[derive(Debug)]
pub(super) struct ConsoleFiles(Vec<(PathBuf, String)>);

impl ConsoleFiles {
    /// Writes both files. A token that the user chose is not written, because the user keeps it elsewhere.
    pub(super) fn write(
        folder: &Path,
        address: SocketAddr,
        generated: Option<&Token>,
    ) -> io::Result<ConsoleFiles> {
        let mut files = ConsoleFiles(Vec::new());
        // The files of a host that was killed are still there. Their permissions would be kept, and a token without an address
        // would be of that host.
        for name in [ADDRESS_FILE, TOKEN_FILE] {
            match fs::remove_file(folder.join(name)) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        if let Some(token) = generated {
            files.put(folder.join(TOKEN_FILE), token.text().to_owned())?;
        }
        files.put(folder.join(ADDRESS_FILE), address.to_string())?;
        Ok(files)
    }

    fn put(&mut self, path: PathBuf, text: String) -> io::Result<()> {
        files::replace(&path, text.as_bytes()).map_err(io::Error::other)?;
        self.0.push((path, text));
        Ok(())
    }
}

impl Drop for ConsoleFiles {
    fn drop(&mut self) {
        for (path, text) in &self.0 {
            // Two hosts with other stores than the embedded one can share a data folder. Each removes only its own files.
            if fs::read(path).is_ok_and(|found| found == text.as_bytes()) {
                let _ = fs::remove_file(path);
            }
        }
    }
}

/// The file with the address of the console of a running host.
pub const ADDRESS_FILE: &str = "console.address";
/// The file with the token of the console of a running host.
pub const TOKEN_FILE: &str = "console.token";

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use hyper::header::HeaderValue;

    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (AUTHORIZATION, HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn a_request_has_the_token_only_in_one_bearer_header() {
        let token = Token::new("0123456789abcdefghij".to_owned());
        for good in ["Bearer 0123456789abcdefghij", "bearer 0123456789abcdefghij"] {
            assert!(token.is_in(&headers(&[good])), "{good}");
        }
        for bad in [
            &[][..],
            &["0123456789abcdefghij"],
            &["Bearer"],
            &["Bearer "],
            &["Bearer 0123456789abcdefghi"],
            &["Bearer 0123456789abcdefghijk"],
            &["Bearer  0123456789abcdefghij"],
            &["Basic 0123456789abcdefghij"],
            &["Bearer 0123456789ABCDEFGHIJ"],
            &["Bearer 0123456789abcdefghij", "Bearer 0123456789abcdefghij"],
        ] {
            assert!(!token.is_in(&headers(bad)), "{bad:?}");
        }
        let (one, other) = (Token::generate(), Token::generate());
        assert_eq!(one.text().len(), 43);
        assert_ne!(one.text(), other.text());
        assert!(!format!("{one:?}").contains(one.text()));
    }

    #[test]
    fn the_files_are_private_and_end_with_their_host() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let address: SocketAddr = "127.0.0.1:8081".parse().unwrap();
        let token = Token::generate();
        // What an earlier host or another user left there is neither followed nor kept.
        fs::write(at("other"), "other").unwrap();
        symlink("other", at(TOKEN_FILE)).unwrap();
        fs::write(at(ADDRESS_FILE), "old").unwrap();
        fs::set_permissions(at(ADDRESS_FILE), fs::Permissions::from_mode(0o666)).unwrap();
        let files = ConsoleFiles::write(folder.path(), address, Some(&token)).unwrap();
        assert_eq!(fs::read_to_string(at(TOKEN_FILE)).unwrap(), token.text());
        assert_eq!(fs::read_to_string(at(ADDRESS_FILE)).unwrap(), "127.0.0.1:8081");
        assert_eq!(fs::read_to_string(at("other")).unwrap(), "other");
        for name in [TOKEN_FILE, ADDRESS_FILE] {
            assert_eq!(fs::symlink_metadata(at(name)).unwrap().permissions().mode() & 0o777, 0o600);
        }
        drop(files);
        assert!(!at(TOKEN_FILE).exists() && !at(ADDRESS_FILE).exists());

        let files = ConsoleFiles::write(folder.path(), address, None).unwrap();
        assert!(!at(TOKEN_FILE).exists(), "the user keeps a token of their own elsewhere");
        fs::write(at(ADDRESS_FILE), "127.0.0.1:1").unwrap();
        drop(files);
        assert!(at(ADDRESS_FILE).exists(), "it is of another host now");
    }
}
