//! The npm package in `pkg/`: one build for the web behind a thin facade.

mod assemble;
mod manifest;
mod names;
mod program;
mod sizes;

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::process;
use crate::setup::tool_path;
use crate::wasm::{TARGET, Toolchain};
use crate::workspace::Workspace;

pub(crate) use sizes::Sizes;

/// How the optimizer works: for size, and with hardly any inlining, since many small functions that look alike compress better
/// than few large ones. What it may use is what the compiler emits by itself, and every browser of the last years has. The names
/// of the tools that took part are no use to anyone who downloads it.
const WASM_OPT: &[&str] = &[
    "--always-inline-max-function-size=5",
    "--flexible-inline-max-function-size=1",
    "--one-caller-inline-max-function-size=1",
    "-Oz",
    "--converge",
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
    "--strip-producers",
];

/// Builds the SDK and puts the package together in `pkg/`.
///
/// # Errors
/// When the SDK does not compile, or a tool fails.
pub(crate) fn build(workspace: &Workspace) -> Result<(), Failure> {
    let compiled = compile(workspace)?;
    let glue = bind(workspace, &compiled)?;
    let optimized = glue.join("optimized.wasm");
    let mut wasm_opt = workspace.command(workspace.npm_program("wasm-opt"));
    wasm_opt.args(WASM_OPT).arg(glue.join("lumencall_bg.wasm")).arg("-o").arg(&optimized);
    process::capture(&mut wasm_opt)?;
    shorten_names(&optimized, &glue.join("lumencall.js"))?;
    assemble::assemble(workspace, &glue, &optimized)
}

fn shorten_names(module: &Path, glue: &Path) -> Result<(), Failure> {
    let bytes = fs::read(module).map_err(|error| Failure::io("read", module, &error))?;
    let text = fs::read_to_string(glue).map_err(|error| Failure::io("read", glue, &error))?;
    let (bytes, text) = names::shorten(&bytes, &text)?;
    fs::write(module, bytes).map_err(|error| Failure::io("write", module, &error))?;
    fs::write(glue, text).map_err(|error| Failure::io("write", glue, &error))
}

fn compile(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let mut cargo = Toolchain::require(workspace)?.cargo(workspace);
    cargo.args(["build", "--package", "lumencall", "--lib", "--profile", "wasm", "--target", TARGET]);
    cargo.env("RUSTFLAGS", without_home());
    process::show(&mut cargo)?;
    Ok(workspace.wasm_target().join(TARGET).join("wasm/lumencall.wasm"))
}

/// Keeps the paths of whoever built it out of the module.
fn without_home() -> String {
    let home =
        std::env::var("CARGO_HOME").or_else(|_| std::env::var("HOME").map(|home| format!("{home}/.cargo")));
    home.map(|home| format!("--remap-path-prefix={home}/registry/src=")).unwrap_or_default()
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
