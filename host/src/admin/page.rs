//! The files of the console's page. They hold no secret, so a browser gets them without a token: the page finds the token in the
//! fragment of its address, which browsers never send.

use hyper::StatusCode;

use super::answer::{self, Answer};
use super::lean;

/// A file of the page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct File {
    path: &'static str,
    content_type: &'static str,
    body: &'static str,
}

impl File {
    /// The file as an answer.
    pub(super) fn answer(&self) -> Answer {
        answer::whole(StatusCode::OK, self.content_type, self.lean())
    }
}

impl File {
    /// The file as it is served.
    fn lean(&self) -> String {
        match self.content_type {
            SCRIPT => lean::script(self.body),
            CSS => lean::style(self.body),
            _ => lean::document(self.body),
        }
    }
}

/// The file with exactly this path.
pub(super) fn file(path: &str) -> Option<&'static File> {
    FILES.iter().find(|file| file.path == path)
}

/// All files. Each is named here, because a rule for paths, such as a prefix or an ending, could let another path through. There is no
/// `ETag`: like every answer of this listener, a file is not stored, and all of them together have less than 64 KiB.
const FILES: &[File] = &[
    File { path: "/", content_type: HTML, body: include_str!("page/index.html") },
    File { path: "/console.css", content_type: CSS, body: include_str!("page/console.css") },
    File { path: "/api.js", content_type: SCRIPT, body: include_str!("page/api.js") },
    File { path: "/calls.js", content_type: SCRIPT, body: include_str!("page/calls.js") },
    File { path: "/controls.js", content_type: SCRIPT, body: include_str!("page/controls.js") },
    File { path: "/dom.js", content_type: SCRIPT, body: include_str!("page/dom.js") },
    File { path: "/gauges.js", content_type: SCRIPT, body: include_str!("page/gauges.js") },
    File { path: "/inspect.js", content_type: SCRIPT, body: include_str!("page/inspect.js") },
    File { path: "/items.js", content_type: SCRIPT, body: include_str!("page/items.js") },
    File { path: "/main.js", content_type: SCRIPT, body: include_str!("page/main.js") },
    File { path: "/state.js", content_type: SCRIPT, body: include_str!("page/state.js") },
    File { path: "/words.js", content_type: SCRIPT, body: include_str!("page/words.js") },
];

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

#[cfg(test)]
mod tests {
    use super::*;

    /// The page is not compressed.
    const PAGE_LIMIT_BYTES: usize = 60 * 1024;

    #[test]
    fn the_page_is_small_and_names_nothing_from_another_host() {
        let bytes: usize = FILES.iter().map(|file| file.lean().len()).sum();
        assert!(bytes <= PAGE_LIMIT_BYTES, "{bytes} bytes");
        for File { path, body, .. } in FILES {
            assert!(body.lines().count() <= 400, "{path}");
            for line in body.lines() {
                assert_eq!(line.matches('`').count() % 2, 0, "{path}: a text over several lines: {line}");
                assert!(
                    !line.starts_with("/* ") || line.ends_with(" */"),
                    "{path}: a comment over several lines: {line}"
                );
            }
            let addresses = body.match_indices("http://").chain(body.match_indices("https://"));
            for (at, _) in addresses {
                // The name of a language is written as an address.
                assert!(body[at..].starts_with("http://www.w3.org/"), "{path}: {}", &body[at..at + 40]);
            }
        }
    }

    #[test]
    fn the_page_shows_everything_as_text() {
        let parsers = [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "srcdoc",
            "DOMParser",
        ];
        for File { path, body, .. } in FILES {
            for parser in parsers {
                assert!(!body.contains(parser), "{path}: {parser}");
            }
        }
        let index = file("/").unwrap().body;
        assert!(
            !index.contains("style=") && !index.contains("onclick") && !index.contains("<style"),
            "the policy forbids it"
        );
    }

    #[test]
    fn every_module_that_the_page_imports_is_served() {
        for File { path, body, .. } in FILES {
            for (_, import) in
                body.match_indices("from './").map(|(at, _)| body[at..].split_at("from '.".len()))
            {
                let name = import.split('\'').next().unwrap();
                assert!(file(name).is_some(), "{path} imports {name}");
            }
        }
    }
}
