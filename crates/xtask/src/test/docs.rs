//! The documentation: its links lead somewhere, and rustdoc has nothing to say.

use std::fs;
use std::path::{Path, PathBuf};

use super::bench::{Bench, row};
use super::counts::Counts;
use super::links;
use super::summary::Row;
use crate::failure::Failure;

/// Folders whose texts are not ours, or generated.
const FOREIGN: &[&str] = &["node_modules", "target", "pkg", ".git"];

/// Checks each document, and the comments of each host crate.
pub(super) fn run(bench: &Bench<'_>) -> Vec<Row> {
    vec![
        row("docs: links", || {
            let mut counts = Counts::default();
            for document in documents(bench.workspace.root())? {
                let broken = links::broken(&document)?;
                for link in &broken {
                    println!("{}: {link}", document.display());
                }
                counts += Counts::one(broken.is_empty());
            }
            Ok(counts)
        }),
        row("docs: rustdoc", || {
            let mut cargo = bench.workspace.cargo();
            cargo.args(["doc", "--no-deps", "-p", "lumencall-core", "-p", "lumencall-server", "-p", "xtask"]);
            bench.check(cargo.env("RUSTDOCFLAGS", "-D warnings"))
        }),
    ]
}

/// The Markdown files below `folder`.
fn documents(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| Failure::io("read", folder, &error))?.flatten() {
        let path = entry.path();
        if path.is_dir() {
            if !FOREIGN.contains(&entry.file_name().to_string_lossy().as_ref()) {
                found.extend(documents(&path)?);
            }
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
