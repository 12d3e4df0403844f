//! The storeroom in each language, built once and kept, because the one in Python takes a minute to build and compile.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use portdesk::sandbox::Component;
use portdesk_test_support::{build_in_javascript, build_in_python};
use sha2::{Digest, Sha256};

use crate::harness::{config, run};

/// A language in which the storeroom is written.
#[derive(Debug, Clone, Copy)]
pub enum Language {
    Rust,
    JavaScript,
    Python,
}

/// The flags with which a host serves it.
pub const FLAGS: [&str; 2] = ["--instances", "16"];

/// A storeroom that was built.
struct Built {
    /// The component.
    wasm: PathBuf,
    /// The same, compiled by `portdesk compile`.
    compiled: PathBuf,
    component: Component,
}

impl Language {
    /// The file of the component.
    pub fn wasm(self) -> &'static Path {
        &self.built().wasm
    }

    /// The file that `portdesk compile` made of it.
    pub fn compiled(self) -> &'static Path {
        &self.built().compiled
    }

    /// The component, with the limits of [`FLAGS`].
    pub fn component(self) -> Component {
        self.built().component.clone()
    }

    fn built(self) -> &'static Built {
        static RUST: OnceLock<Built> = OnceLock::new();
        static JAVASCRIPT: OnceLock<Built> = OnceLock::new();
        static PYTHON: OnceLock<Built> = OnceLock::new();
        match self {
            Language::Rust => RUST.get_or_init(|| self.load(env!("PORTDESK_STOREROOM_WASM").into())),
            Language::JavaScript => JAVASCRIPT.get_or_init(|| self.load(self.build(build_in_javascript))),
            Language::Python => PYTHON.get_or_init(|| self.load(self.build(build_in_python))),
        }
    }

    /// Builds the component in a copy of its folder, as a new user does, unless the same sources were built before.
    fn build(self, build: fn(&Path)) -> PathBuf {
        let sources = self.sources();
        let mut digest = Sha256::new();
        for (path, text) in &sources {
            digest.update(format!("{}\0{text}\0", path.display()));
        }
        let kept = kept().join(self.file(digest, "wasm"));
        if !kept.exists() {
            let copy = tempfile::tempdir().unwrap();
            for (path, text) in &sources {
                let path = copy.path().join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            let folder = copy.path().join(self.folder());
            build(&folder);
            // The rename is the last step, so that an interrupted build starts again.
            let whole = kept.with_extension("new");
            fs::copy(folder.join("storeroom.wasm"), &whole).unwrap();
            fs::rename(whole, &kept).unwrap();
        }
        kept
    }

    fn file(self, digest: Sha256, extension: &str) -> String {
        let digest: String = digest.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{self:?}-{digest}.{extension}").to_lowercase()
    }

    fn folder(self) -> &'static str {
        match self {
            Language::Rust => "examples/components/rust",
            Language::JavaScript => "examples/components/javascript",
            Language::Python => "examples/components/python",
        }
    }

    /// Every file that the component is built from, and the versions of the programs that build it.
    fn sources(self) -> Vec<(PathBuf, String)> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut files =
            vec![PathBuf::from("examples/components/openapi.yaml"), "tests/support/pip.rs".into()];
        for folder in [self.folder(), "wit", "wit/deps"] {
            let entries = fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path());
            let is_source = |path: &PathBuf| {
                let extension = path.extension().and_then(|extension| extension.to_str());
                extension.is_some_and(|extension| ["js", "json", "py", "wit"].contains(&extension))
            };
            let found = entries.filter(is_source).map(|path| path.strip_prefix(&root).unwrap().to_owned());
            files.extend(found.filter(|path| !path.ends_with("contract.js")));
        }
        files.sort();
        files.into_iter().map(|path| (path.clone(), fs::read_to_string(root.join(path)).unwrap())).collect()
    }

    fn load(self, wasm: PathBuf) -> Built {
        let digest = Sha256::new().chain_update(fs::read(&wasm).unwrap());
        let compiled = kept().join(self.file(digest, "cwasm"));
        let limits = config("unused".as_ref(), &FLAGS).limits.sandbox();
        let load = || Component::load_compiled(&compiled, limits.clone());
        let component = load().unwrap_or_else(|_missing_or_of_another_version| {
            let (from, to) = (wasm.to_str().unwrap(), compiled.to_str().unwrap());
            let made = run(&["compile", "--component", from, to]);
            assert_eq!(made.status.code(), Some(0), "{made:?}");
            load().unwrap_or_else(|error| panic!("{error}"))
        });
        Built { wasm, compiled, component }
    }
}

/// The folder for what was built.
fn kept() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("components");
    fs::create_dir_all(&folder).unwrap();
    folder
}
