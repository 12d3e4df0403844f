//! The source tree: every text file that was written by hand.

use std::path::{Path, PathBuf};

/// The names of folders whose files were built, downloaded or stored.
const SKIPPED: [&str; 6] = ["target", ".git", ".tools", ".schemathesis", "portdesk-data", "node_modules"];

pub struct Tree {
    pub files: Vec<File>,
}

pub struct File {
    /// The path from the root of the tree, with `/` between its parts.
    pub path: String,
    pub text: String,
}

impl Tree {
    pub fn of_this_project() -> Tree {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the tree");
        let mut folders = vec![root.to_path_buf()];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).expect("the tree can be read") {
                let path = entry.expect("the tree can be read").path();
                match (path.is_dir(), is_skipped(&path)) {
                    (_, true) => {}
                    (true, false) => folders.push(path),
                    (false, false) => files.extend(File::read(root, path)),
                }
            }
        }
        files.sort_by(|one, other| one.path.cmp(&other.path));
        Tree { files }
    }

    pub fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.path.ends_with(".rs"))
    }

    /// The interfaces of this project, without those of WASI.
    pub fn wit(&self) -> impl Iterator<Item = &File> {
        let own = |file: &&File| file.path.starts_with("wit/") && !file.path.starts_with("wit/deps/");
        self.files.iter().filter(own).filter(|file| file.path.ends_with(".wit"))
    }
}

impl File {
    /// `None` if the file is not text.
    fn read(root: &Path, path: PathBuf) -> Option<File> {
        let text = std::fs::read_to_string(&path).ok()?;
        let parts = path.strip_prefix(root).expect("the walk stays in the tree").iter();
        let parts: Vec<String> = parts.map(|part| part.to_string_lossy().into_owned()).collect();
        Some(File { path: parts.join("/"), text })
    }

    pub fn parsed(&self) -> syn::File {
        syn::parse_file(&self.text).unwrap_or_else(|error| panic!("{}: {error}", self.path))
    }
}

fn is_skipped(path: &Path) -> bool {
    path.is_symlink() || path.file_name().is_some_and(|name| SKIPPED.iter().any(|skipped| name == *skipped))
}
