//! Where things are: the checkout, the build folders, the per-user cache.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo_lock;
use crate::failure::Failure;
use crate::process;

/// The checkout that this program was built from, and the folders around it.
#[derive(Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
    cache: PathBuf,
}

impl Workspace {
    /// Finds the folders.
    ///
    /// # Errors
    /// When cargo cannot read the workspace, or there is no home folder to keep tools in.
    pub(crate) fn find() -> Result<Self, Failure> {
        // Built and run in the same place: `cargo xtask` builds it first.
        let own = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = own.ancestors().nth(2).unwrap_or(own).to_path_buf();
        let mut metadata = cargo();
        metadata.args(["metadata", "--no-deps", "--offline", "--format-version=1"]).current_dir(&root);
        let target = target_directory(&process::capture(&mut metadata)?)
            .ok_or_else(|| Failure::new("`cargo metadata` named no target folder"))?;
        let cache = env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
            .or_else(|| env::home_dir().map(|home| home.join(".cache")))
            .ok_or_else(|| Failure::new("no folder for tools").remedy("set HOME or XDG_CACHE_HOME"))?;
        Ok(Self { root, target, cache: cache.join("lumencall") })
    }

    /// `path` inside the checkout.
    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join(path)
    }

    /// The checkout.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Cargo's target folder for host code.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// The target folder of the wasm builds: another compiler may build there, and in one folder the two would rebuild each
    /// other's work.
    pub(crate) fn wasm_target(&self) -> PathBuf {
        self.target.join("wasm")
    }

    /// Files of this program's own: logs, and what it measures.
    pub(crate) fn scratch(&self, path: impl AsRef<Path>) -> PathBuf {
        self.target.join("xtask").join(path)
    }

    /// The per-user folder for tools, shared by all checkouts.
    pub(crate) fn cache(&self) -> &Path {
        &self.cache
    }

    /// The npm package, generated.
    pub(crate) fn package(&self) -> PathBuf {
        self.path("pkg")
    }

    /// A program that an npm package of `tests/package.json` brings.
    pub(crate) fn npm_program(&self, name: &str) -> PathBuf {
        self.path("tests/node_modules/.bin").join(name)
    }

    /// A command that runs in the checkout.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }

    /// Cargo with the compiler of this machine's programs.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = cargo();
        command.current_dir(&self.root);
        command
    }

    /// The version of a crate that `Cargo.lock` holds.
    ///
    /// # Errors
    /// When the file cannot be read, or holds no such crate, or several versions of it.
    pub(crate) fn locked_version(&self, name: &str) -> Result<String, Failure> {
        let path = self.path("Cargo.lock");
        let text = fs::read_to_string(&path).map_err(|error| Failure::io("read", &path, &error))?;
        cargo_lock::version(&text, name)
    }
}

/// The cargo that started this program, so that a `+toolchain` on its command line is kept.
fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

fn target_directory(metadata: &str) -> Option<PathBuf> {
    let metadata: serde_json::Value = serde_json::from_str(metadata).ok()?;
    Some(metadata.get("target_directory")?.as_str()?.into())
}
