//! The SDK in a browser, against a real server: several clients on one page, with the browser's fake camera and microphone.
//!
//! `cargo xtask test wasm` starts the server and runs these in each browser. What takes two browsers is in `tests/e2e`.
#![cfg(target_arch = "wasm32")]

mod arguments;
mod calls;
mod consent;
mod dispose;
mod endings;
mod groups;
mod js;
mod linking;
mod listeners;
mod media;
mod party;
mod plain;
mod refusals;
mod spy;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
