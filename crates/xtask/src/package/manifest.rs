//! The `package.json` that is published.

use serde_json::Value;

use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// The files of the package beside those that npm adds by itself: package.json and the README.
pub(super) const FILES: &[&str] = &[
    "index.js",
    "index.d.ts",
    "lumencall.js",
    "lumencall.d.ts",
    "lumencall_bg.wasm",
    // npm would add a LICENSE, and leaves these out if they are not named.
    "LICENSE-MIT",
    "LICENSE-APACHE",
];

/// The text of `package.json`, from what the SDK's `Cargo.toml` says. `extra` names further files and folders.
pub(super) fn text(workspace: &Workspace, extra: &[&str]) -> Result<String, Failure> {
    let mut metadata = workspace.cargo();
    metadata.args(["metadata", "--no-deps", "--offline", "--format-version=1"]);
    let metadata = process::capture(&mut metadata)?;
    let fields =
        fields(&metadata).ok_or_else(|| Failure::new("`cargo metadata` names no package lumencall"))?;
    Ok(fill(&fields, extra))
}

#[derive(Debug)]
struct Fields {
    version: String,
    description: String,
    license: String,
}

fn fields(metadata: &str) -> Option<Fields> {
    let metadata: Value = serde_json::from_str(metadata).ok()?;
    let package =
        metadata.get("packages")?.as_array()?.iter().find(|package| package["name"] == "lumencall")?;
    let text = |key: &str| Some(package.get(key)?.as_str()?.to_owned());
    Some(Fields { version: text("version")?, description: text("description")?, license: text("license")? })
}

/// Written out, and not built as a JSON value, since the order in `exports` counts: `types` has to come first.
/// Nothing runs when the package is imported, hence no side effects.
fn fill(Fields { version, description, license }: &Fields, extra: &[&str]) -> String {
    let quoted = |text: &str| Value::from(text).to_string();
    let files = FILES.iter().chain(extra).map(|file| quoted(file)).collect::<Vec<_>>().join(", ");
    format!(
        r#"{{
  "name": "lumencall",
  "version": {version},
  "description": {description},
  "license": {license},
  "type": "module",
  "main": "./index.js",
  "types": "./index.d.ts",
  "exports": {{
    ".": {{ "types": "./index.d.ts", "default": "./index.js" }},
    "./lumencall_bg.wasm": "./lumencall_bg.wasm",
    "./package.json": "./package.json"
  }},
  "sideEffects": false,
  "files": [{files}],
  "keywords": ["webrtc", "video-call", "audio-call", "signaling", "peer-to-peer", "webassembly"]
}}
"#,
        version = quoted(version),
        description = quoted(description),
        license = quoted(license),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: &str = r#"{"packages": [
        {"name": "xtask", "version": "9.9.9", "description": null, "license": null},
        {"name": "lumencall", "version": "0.1.0", "description": "Says \"hello\"", "license": "MIT OR Apache-2.0"}
    ]}"#;

    #[test]
    fn the_manifest_is_json_and_says_what_cargo_says() {
        let text = fill(&fields(METADATA).unwrap(), &["snippets"]);
        let manifest: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(manifest["version"], "0.1.0");
        assert_eq!(manifest["description"], "Says \"hello\"");
        assert_eq!(manifest["license"], "MIT OR Apache-2.0");
        assert_eq!(manifest["files"].as_array().unwrap().len(), FILES.len() + 1);
    }

    #[test]
    fn types_come_before_the_default_that_would_hide_them() {
        let text = fill(&fields(METADATA).unwrap(), &[]);
        let exports = text.split_once("\"exports\"").unwrap().1;
        assert!(exports.find("\"types\"").unwrap() < exports.find("\"default\"").unwrap());
    }

    #[test]
    fn another_package_is_not_taken_for_the_sdk() {
        assert!(fields(r#"{"packages": [{"name": "xtask"}]}"#).is_none());
    }
}
