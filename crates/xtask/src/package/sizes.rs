//! What a user downloads, and the limit to it.

use std::fmt;
use std::fs;
use std::ops::Add;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use super::program;
use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// The most that the whole may weigh, in bytes by gzip: a package above it is not built. With all that is to come it may be
/// 60 kB, which is the very most. What a developer would use instead with a server of their own, simple-peer with
/// socket.io-client, weighs 42.8 kB, and knows no calls.
const GZIP_LIMIT: u64 = 60_000;

/// Prints the three sizes of each file that it is given.
const COMPRESS: &str = include_str!("compress.mjs");

/// The sizes of one download, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Size {
    raw: u64,
    gzip: u64,
    brotli: u64,
}

impl Add for Size {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { raw: self.raw + other.raw, gzip: self.gzip + other.gzip, brotli: self.brotli + other.brotli }
    }
}

/// What the README's program makes a browser download: the module, and the JavaScript in one minified file.
#[derive(Debug)]
pub(crate) struct Sizes {
    wasm: Size,
    script: Size,
}

impl Sizes {
    /// Bundles the README's program with the package in `pkg/`, as a user would, and measures.
    ///
    /// # Errors
    /// When the README has no program, or it cannot be bundled.
    pub(crate) fn measure(workspace: &Workspace) -> Result<Self, Failure> {
        let readme = workspace.path("README.md");
        let readme = fs::read_to_string(&readme).map_err(|error| Failure::io("read", &readme, &error))?;
        let folder = workspace.scratch("program");
        let bundle = folder.join("bundle.js");
        install_package(workspace, &folder).map_err(|error| Failure::io("fill", &folder, &error))?;
        let entry = folder.join("program.js");
        fs::write(&entry, program::extract(&readme)?)
            .map_err(|error| Failure::io("write", &entry, &error))?;
        let mut esbuild = Command::new(workspace.npm_program("esbuild"));
        esbuild.args(["program.js", "--bundle", "--minify", "--format=esm", "--log-level=warning"]);
        process::capture(esbuild.arg("--outfile=bundle.js").current_dir(&folder))?;
        let [wasm, script] = compress([&workspace.package().join("lumencall_bg.wasm"), &bundle])?;
        Ok(Self { wasm, script })
    }

    fn total(&self) -> Size {
        self.wasm + self.script
    }

    /// Holds the total against the limit.
    ///
    /// # Errors
    /// When it weighs more.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let total = self.total().gzip;
        if total <= GZIP_LIMIT {
            return Ok(());
        }
        Err(Failure::new(format!(
            "the package weighs {total} bytes by gzip, {} too many",
            total - GZIP_LIMIT
        ))
        .remedy("twiggy (cargo install twiggy) shows what weighs in a module"))
    }
}

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<18}{:>20}{:>20}{:>20}", "", "raw", "gzip", "brotli")?;
        for (name, size) in [("wasm", self.wasm), ("glue and facade", self.script), ("total", self.total())] {
            let [raw, gzip, brotli] = [size.raw, size.gzip, size.brotli].map(bytes);
            writeln!(f, "{name:<18}{raw:>20}{gzip:>20}{brotli:>20}")?;
        }
        write!(f, "{:<18}{:>20}{:>20}", "limit", "", bytes(GZIP_LIMIT))
    }
}

/// In bytes and in kB of 1000 bytes.
fn bytes(count: u64) -> String {
    // Exact: no package comes near 2^52 bytes.
    format!("{count} ({:.1} kB)", count as f64 / 1000.0)
}

/// Makes `folder` a project that has the package installed.
fn install_package(workspace: &Workspace, folder: &Path) -> std::io::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder.join("node_modules"))?;
    symlink(workspace.package(), folder.join("node_modules/lumencall"))
}

fn compress<const N: usize>(files: [&Path; N]) -> Result<[Size; N], Failure> {
    let mut node = Command::new("node");
    let said = process::capture(node.args(["--input-type=module", "--eval", COMPRESS, "--"]).args(files))?;
    let sizes: Vec<[u64; 3]> =
        serde_json::from_str(&said).map_err(|error| Failure::new("node printed no sizes").with(error))?;
    let sizes: Vec<_> = sizes.into_iter().map(|[raw, gzip, brotli]| Size { raw, gzip, brotli }).collect();
    sizes.try_into().map_err(|_| Failure::new("node printed another number of sizes than was asked for"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weighing(gzip: u64) -> Sizes {
        let size = |gzip| Size { raw: 100_000, gzip, brotli: 25_000 };
        Sizes { wasm: size(gzip - 5_000), script: size(5_000) }
    }

    #[test]
    fn the_limit_is_on_the_sum_of_module_and_script() {
        assert!(weighing(GZIP_LIMIT).check().is_ok());
        let failure = weighing(GZIP_LIMIT + 1).check().unwrap_err();
        assert!(failure.to_string().contains("1 too many"), "{failure}");
    }

    #[test]
    fn the_table_gives_bytes_and_kilobytes() {
        let table = weighing(40_000).to_string();
        assert!(table.contains("35000 (35.0 kB)") && table.contains("40000 (40.0 kB)"), "{table}");
        assert!(table.lines().last().unwrap().contains("60000 (60.0 kB)"), "{table}");
    }
}
