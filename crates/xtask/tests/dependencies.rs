//! Nothing of the browser's side is built into the server, nor the other way round.

use std::collections::BTreeSet;
use std::process::Command;

/// The names of all crates that are built into this package for this target.
fn built_into(package: &str, target: &str) -> BTreeSet<String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--locked", "--package", package, "--target", target]);
    cargo.args(["--edges", "normal", "--prefix", "none", "--format", "{p}"]);
    let output =
        cargo.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).expect("cargo prints text");
    said.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn the_server_has_nothing_of_the_browser() {
    let server = built_into("lumencall-server", "x86_64-unknown-linux-gnu");
    assert!(server.contains("lumencall-core") && server.contains("tokio"), "{server:?}");
    for name in ["lumencall", "wasm-bindgen", "js-sys", "web-sys", "gloo-net", "serde-wasm-bindgen"] {
        assert!(!server.contains(name), "{name}");
    }
}

#[test]
fn the_sdk_has_nothing_of_the_server() {
    let sdk = built_into("lumencall", "wasm32-unknown-unknown");
    assert!(sdk.contains("lumencall-core") && sdk.contains("web-sys"), "{sdk:?}");
    for name in ["lumencall-server", "tokio", "axum", "hyper", "serde_json", "getrandom", "stateright"] {
        assert!(!sdk.contains(name), "{name}");
    }
}
