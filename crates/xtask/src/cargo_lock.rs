//! The versions in `Cargo.lock`, the one place that names them.

use crate::failure::Failure;

/// The version of the crate `name` in the text of a `Cargo.lock`.
///
/// # Errors
/// When there is no such crate, or more than one version of it.
pub(crate) fn version(lock: &str, name: &str) -> Result<String, Failure> {
    let mut versions = lock.split("[[package]]").filter(|block| field(block, "name") == Some(name));
    let first = versions.next().and_then(|block| field(block, "version"));
    match (first, versions.next()) {
        (Some(version), None) => Ok(version.to_owned()),
        (None, _) => Err(Failure::new(format!("Cargo.lock names no version of {name}"))
            .remedy("cargo metadata (which completes Cargo.lock)")),
        (Some(_), Some(_)) => Err(Failure::new(format!("Cargo.lock names several versions of {name}"))
            .remedy(format!("cargo tree --invert {name} (which shows who wants which)"))),
    }
}

/// The value of `key = "value"` on a line of its own. Cargo writes the file, always in this form.
fn field<'a>(block: &'a str, key: &str) -> Option<&'a str> {
    block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"version = 4

[[package]]
name = "wasm-bindgen-macro"
version = "0.2.1"

[[package]]
name = "wasm-bindgen"
version = "0.2.130"
dependencies = [
 "version",
]

[[package]]
name = "syn"
version = "1.0.0"

[[package]]
name = "syn"
version = "2.0.0"
"#;

    #[test]
    fn the_version_is_that_of_exactly_this_crate() {
        assert_eq!(version(LOCK, "wasm-bindgen").unwrap(), "0.2.130");
    }

    #[test]
    fn a_crate_that_is_not_locked_is_an_error() {
        assert!(version(LOCK, "wasm").unwrap_err().to_string().contains("no version of wasm"));
        assert!(version("", "wasm-bindgen").is_err());
    }

    #[test]
    fn two_versions_are_an_error() {
        assert!(version(LOCK, "syn").unwrap_err().to_string().contains("several versions"));
    }
}
