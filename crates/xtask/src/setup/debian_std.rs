//! Debian's compiler, with a standard library for wasm32 that is built from its source: Debian ships none for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Context;
use super::apt::Apt;
use super::privilege::{self, as_root};
use crate::failure::Failure;
use crate::process::{self, Log};
use crate::wasm::{DEBIAN, TARGET, Toolchain, probe_with};

/// Compiler, its cargo, the source of its standard library, the LLVM that links, and clippy.
const PACKAGES: &[&str] =
    &["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", "lld-22", "rust-web-clippy"];

const RUSTC: &str = "/usr/bin/rustc";
const CARGO: &str = "/usr/bin/cargo";

/// Installs the compiler, builds its standard library and makes rustup know it.
pub(super) fn install(context: &Context<'_>, log: &Log) -> Result<(), Failure> {
    if Apt::check(PACKAGES).is_err() {
        context.apt.install(log, PACKAGES)?;
    }
    let scratch = context.workspace.scratch("wasm-std");
    fs::create_dir_all(&scratch).map_err(|error| Failure::io("create", &scratch, &error))?;
    if probe_with(&mut Command::new(RUSTC), &scratch).is_err() {
        privilege::check()
            .map_err(|failure| failure.remedy("as root, once: cargo xtask setup --for package"))?;
        let libraries = build(&scratch, log)?;
        put_in_place(&libraries, log)?;
        // Cargo does not notice that a standard library was replaced.
        let stale = context.workspace.wasm_target();
        if stale.exists() {
            fs::remove_dir_all(&stale).map_err(|error| Failure::io("remove", &stale, &error))?;
        }
    }
    fs::remove_dir_all(&scratch).map_err(|error| Failure::io("remove", &scratch, &error))?;
    // Where there is no rustup, Debian's compiler is the active one.
    if process::find("rustup").is_some() && Toolchain::Debian.probe(context.workspace).is_err() {
        log.run(Command::new("rustup").args(["toolchain", "link", DEBIAN, "/usr"]))?;
    }
    Ok(())
}

/// Builds the standard library as a dependency of an empty crate, and returns the folder with its libraries.
fn build(scratch: &Path, log: &Log) -> Result<PathBuf, Failure> {
    let write = |name: &str, text: &str| {
        let path = scratch.join(name);
        fs::write(&path, text).map_err(|error| Failure::io("write", &path, &error))
    };
    // A workspace of its own: the folder lies in that of the checkout.
    write(
        "Cargo.toml",
        "[package]\nname = \"empty\"\nedition = \"2021\"\n\n[lib]\npath = \"lib.rs\"\n\n[workspace]\n",
    )?;
    write("lib.rs", "#![no_std]\n")?;
    let target = scratch.join("target");
    let mut cargo = Command::new(CARGO);
    cargo.current_dir(scratch).args(["build", "--release", "--target", TARGET]);
    cargo.args(["-Zbuild-std=std,panic_abort,panic_unwind,test", "--target-dir"]).arg(&target);
    // Lets a stable compiler build its own standard library.
    cargo.env("RUSTC_BOOTSTRAP", "1").env("RUSTC", RUSTC);
    // Without bitcode a later `lto = "fat"` fails.
    cargo
        .env("RUSTFLAGS", "-Cembed-bitcode=yes")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTC_WRAPPER");
    cargo.env_remove("CARGO").env_remove("RUSTUP_TOOLCHAIN");
    log.run(&mut cargo)?;
    Ok(target.join(TARGET).join("release/deps"))
}

/// Copies the libraries beside the compiler's own, complete or not at all.
fn put_in_place(libraries: &Path, log: &Log) -> Result<(), Failure> {
    let sysroot = process::capture(Command::new(RUSTC).args(["--print", "sysroot"]))?;
    let folder = Path::new(sysroot.trim()).join("lib/rustlib").join(TARGET);
    let (place, partial) = (folder.join("lib"), folder.join("lib.partial"));
    let entries = fs::read_dir(libraries).map_err(|error| Failure::io("read", libraries, &error))?;
    let files = entries.flatten().map(|entry| entry.path()).filter(|path| is_std_library(path));

    let command = |program: &str, words: &[&Path]| {
        let mut command = Command::new(program);
        command.args(words);
        command
    };
    let mut copy = command("cp", &[]);
    copy.args(files).arg(&partial);
    for command in [
        command("rm", &[Path::new("-rf"), &partial]),
        command("mkdir", &[Path::new("-p"), &partial]),
        copy,
        command("rm", &[Path::new("-rf"), &place]),
        command("mv", &[&partial, &place]),
    ] {
        log.run(&mut as_root(command)?)?;
    }
    Ok(())
}

/// All but the empty crate itself.
fn is_std_library(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".rlib") && !name.starts_with("libempty")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_libraries_of_the_standard_library_are_copied() {
        assert!(is_std_library(Path::new("deps/libstd-0a1b.rlib")));
        assert!(!is_std_library(Path::new("deps/libstd-0a1b.rmeta")));
        assert!(!is_std_library(Path::new("deps/libempty-0a1b.rlib")));
    }
}
