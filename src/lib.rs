//! The SDK: what a web app calls, and the only code that touches the browser.
//!
//! It translates and executes. What is to be done, and when, is decided in [`lumencall_core::session`].
//!
//! - `client`: [`CallClient`], the object that the app holds; it only delegates
//! - `driver`: hands inputs to the session and carries out its actions
//! - `commands`: what the app asks for that takes the browser's part too: capture, then ask, or both at once
//! - `socket`, `peer`, `media`: the signaling WebSocket, one peer connection, the camera and microphone of a call
//! - `codec`, `options`, `error`, `emitter`, `listener`: values in and out, errors, the app's listeners and ours

mod client;
mod codec;
mod commands;
mod driver;
mod emitter;
mod error;
mod listener;
mod media;
mod options;
mod peer;
mod socket;

pub use client::CallClient;

/// Smaller in the download than the standard library's.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
