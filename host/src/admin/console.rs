//! The listener of `--console`: binds it, makes its token, and tells people and commands where it is.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use super::token::ConsoleFiles;
use super::{About, Admin, AdminError, AdminListener, ConsoleHost, Guard, Token};
use crate::pipeline::Pipeline;

/// The settings of a console.
#[derive(Debug, Clone)]
pub struct ConsoleSettings {
    /// Where it listens.
    pub address: SocketAddr,
    /// Whether other machines may reach it without TLS.
    pub allows_plaintext: bool,
    /// Further names under which it is reached.
    pub hosts: Vec<ConsoleHost>,
    /// The token that the user chose, if any.
    pub token: Option<String>,
    /// Whether requests may change anything.
    pub has_controls: bool,
}

/// A console whose port is bound.
#[derive(Debug)]
pub struct Console {
    /// The address. If the settings ask for port 0, this has the port that the system chose.
    pub address: SocketAddr,
    /// The token, if the host made it.
    generated: Option<String>,
    listener: AdminListener,
    guard: Guard,
    files: ConsoleFiles,
}

impl Console {
    /// Binds the console and writes where it is into the data folder.
    pub async fn open(settings: &ConsoleSettings, folder: &Path) -> Result<Console, ConsoleError> {
        let listener = AdminListener::bind("--console", settings.address, settings.allows_plaintext).await?;
        let address = listener.address;
        let (token, is_generated) = match &settings.token {
            Some(token) => (Token::new(token.clone()), false),
            None => (Token::generate(), true),
        };
        let files = ConsoleFiles::write(folder, address, is_generated.then_some(&token))?;
        let generated = is_generated.then(|| token.text().to_owned());
        let guard = Guard::of_console(address, &settings.hosts, token);
        Ok(Console { address, generated, listener, guard, files })
    }

    /// The address to open in a browser. A token that the host made is in its fragment, which browsers never send.
    #[must_use]
    pub fn url(&self) -> String {
        let fragment = self.generated.as_ref().map_or_else(String::new, |token| format!("#k={token}"));
        format!("http://{}/{fragment}", self.address)
    }

    /// The token, if the host made it.
    #[must_use]
    pub fn generated_token(&self) -> Option<&str> {
        self.generated.as_deref()
    }

    /// What answers for `pipeline`, and what removes the files of this console when it is dropped.
    pub fn serve(self, pipeline: Arc<Pipeline>, about: About) -> (impl Future<Output = ()>, impl Drop) {
        let Console { listener, guard, files, .. } = self;
        (listener.serve(Admin { pipeline, guard, about }), files)
    }
}

/// Why a console cannot be opened: a sentence that names the flag to change.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// The listener cannot be bound.
    #[error(transparent)]
    Listener(#[from] AdminError),
    /// The files of the console cannot be written.
    #[error("--data-dir: the files of the console cannot be written there ({0}); name another folder")]
    Files(#[from] io::Error),
}
