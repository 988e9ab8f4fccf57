//! The npm package in `pkg/`: one build for the web behind a thin facade.

mod assemble;
mod manifest;
mod names;
mod order;
mod program;
mod sizes;
mod trim;

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::process;
use crate::setup::tool_path;
use crate::wasm::{TARGET, Toolchain};
use crate::workspace::Workspace;

pub(crate) use sizes::Sizes;

/// How the optimizer works: for size, and with hardly any inlining, since many small functions that look alike compress better
/// than few large ones. It takes the code apart in between (`--flatten`), which finds more to leave out. The passes that are left out
/// make the module smaller and the download larger. What it may use is what the compiler emits by itself, and every browser of the last
/// years has. The names of the tools that took part are no use to anyone who downloads it.
const WASM_OPT: &[&str] = &[
    "--always-inline-max-function-size=4",
    "--flexible-inline-max-function-size=1",
    "--one-caller-inline-max-function-size=12",
    "--ignore-implicit-traps",
    "-Oz",
    "--flatten",
    "--rereloop",
    "-Oz",
    "--converge",
    "--low-memory-unused",
    "--optimize-added-constants-propagate",
    "-Oz",
    "--skip-pass=local-cse",
    "--skip-pass=simplify-locals",
    "--skip-pass=precompute-propagate",
    "--strip-producers",
];

/// What the module may use.
const FEATURES: &[&str] = &[
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// Builds the SDK and puts the package together in `pkg/`.
///
/// # Errors
/// When the SDK does not compile, or a tool fails.
pub(crate) fn build(workspace: &Workspace) -> Result<(), Failure> {
    let compiled = compile(workspace)?;
    let glue = bind(workspace, &compiled)?;
    let (bound, trimmed, optimized) =
        (glue.join("lumencall_bg.wasm"), glue.join("trimmed.wasm"), glue.join("optimized.wasm"));
    write(&trimmed, &trim::trim(&read(&bound)?)?)?;
    let wasm_opt = |arguments: &[&str], from: &Path, to: &Path| {
        let mut wasm_opt = workspace.command(workspace.npm_program("wasm-opt"));
        process::capture(wasm_opt.args(arguments).args(FEATURES).arg(from).arg("-o").arg(to))
    };
    wasm_opt(WASM_OPT, &trimmed, &optimized)?;
    let ordered = glue.join("ordered.wasm");
    write(&ordered, &order::name_by_likeness(&read(&optimized)?)?)?;
    wasm_opt(&["--reorder-functions-by-name", "--strip-target-features"], &ordered, &optimized)?;
    shorten_names(&optimized, &glue.join("lumencall.js"))?;
    assemble::assemble(workspace, &glue, &optimized)
}

fn shorten_names(module: &Path, glue: &Path) -> Result<(), Failure> {
    let text = fs::read_to_string(glue).map_err(|error| Failure::io("read", glue, &error))?;
    let (bytes, text) = names::shorten(&read(module)?, &text)?;
    write(module, &bytes)?;
    write(glue, text.as_bytes())
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Failure::io("read", path, &error))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(path, bytes).map_err(|error| Failure::io("write", path, &error))
}

fn compile(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let mut cargo = Toolchain::require(workspace)?.cargo(workspace);
    cargo.args(["build", "--package", "lumencall", "--lib", "--profile", "wasm", "--target", TARGET]);
    process::show(&mut cargo)?;
    Ok(workspace.wasm_target().join(TARGET).join("wasm/lumencall.wasm"))
}

/// Lets wasm-bindgen write the glue; returns the folder that holds it.
fn bind(workspace: &Workspace, compiled: &PathBuf) -> Result<PathBuf, Failure> {
    let folder = workspace.scratch("glue");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| Failure::io("remove", &folder, &error))?;
    }
    let mut bindgen = workspace.command("wasm-bindgen");
    bindgen.env("PATH", tool_path(workspace)?);
    bindgen.args(["--target", "web", "--out-name", "lumencall", "--out-dir"]).arg(&folder).arg(compiled);
    process::capture(&mut bindgen)?;
    Ok(folder)
}
