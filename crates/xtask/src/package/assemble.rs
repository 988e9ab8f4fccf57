//! Puts the files of the package together.

use std::fs;
use std::path::Path;

use super::manifest;
use crate::failure::Failure;
use crate::workspace::Workspace;

/// Where wasm-bindgen puts the JavaScript that Rust code brings along, if it brings any.
const SNIPPETS: &str = "snippets";

/// Fills `pkg/` anew from the glue in `glue`, the `optimized` module, the facade and the texts.
pub(super) fn assemble(workspace: &Workspace, glue: &Path, optimized: &Path) -> Result<(), Failure> {
    let package = workspace.package();
    if package.exists() {
        fs::remove_dir_all(&package).map_err(|error| Failure::io("remove", &package, &error))?;
    }
    fs::create_dir_all(&package).map_err(|error| Failure::io("create", &package, &error))?;
    copy(optimized, &package.join("lumencall_bg.wasm"))?;
    copy(&glue.join("lumencall.js"), &package.join("lumencall.js"))?;
    let (from, to) = (glue.join("lumencall.d.ts"), package.join("lumencall.d.ts"));
    let types = fs::read_to_string(&from).map_err(|error| Failure::io("read", &from, &error))?;
    fs::write(&to, without_dispose(&types)).map_err(|error| Failure::io("write", &to, &error))?;
    for name in ["index.js", "index.d.ts"] {
        copy(&workspace.path("src/npm").join(name), &package.join(name))?;
    }
    for name in ["README.md", "LICENSE-MIT", "LICENSE-APACHE"] {
        copy(&workspace.path(name), &package.join(name))?;
    }
    let snippets = glue.join(SNIPPETS);
    let extra: &[&str] = if snippets.exists() { &[SNIPPETS] } else { &[] };
    if snippets.exists() {
        copy_folder(&snippets, &package.join(SNIPPETS))?;
    }
    let path = package.join("package.json");
    fs::write(&path, manifest::text(workspace, extra)?).map_err(|error| Failure::io("write", &path, &error))
}

/// The generated types without the method `[Symbol.dispose]`: a project whose `lib` is ES2022, and which checks the types of its
/// libraries, does not know that symbol, and could not compile. The method itself stays.
fn without_dispose(types: &str) -> String {
    types.split_inclusive('\n').filter(|line| !line.contains("[Symbol.dispose]()")).collect()
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::copy(from, to).map(drop).map_err(|error| Failure::io("copy", from, &error))
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::create_dir_all(to).map_err(|error| Failure::io("create", to, &error))?;
    for entry in fs::read_dir(from).map_err(|error| Failure::io("read", from, &error))?.flatten() {
        let (source, copied) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() { copy_folder(&source, &copied)? } else { copy(&source, &copied)? }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_method_that_older_projects_do_not_know_is_left_out() {
        let types = "export class A {\n  free(): void;\n  [Symbol.dispose](): void;\n}\n";
        assert_eq!(without_dispose(types), "export class A {\n  free(): void;\n}\n");
    }
}
