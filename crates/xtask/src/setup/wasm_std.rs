//! The standard library for wasm32: from rustup where it may install, else built with Debian's compiler.

use std::env;
use std::process::Command;

use super::debian_std;
use super::{Context, Step};
use crate::failure::Failure;
use crate::process::{self, Log};
use crate::wasm::{self, Toolchain};

/// A compiler that can build the SDK.
#[derive(Debug)]
pub(super) struct WasmStd;

impl Step for WasmStd {
    fn name(&self) -> String {
        format!("Rust for {}", wasm::TARGET)
    }

    fn check(&self, context: &Context<'_>) -> Result<(), Failure> {
        match Toolchain::find(context.workspace) {
            Some(_) => Ok(()),
            // Why the last resort does not work is what helps.
            None => Toolchain::Debian.probe(context.workspace),
        }
    }

    fn install(&self, context: &Context<'_>, log: &Log) -> Result<(), Failure> {
        if rustup_may_install() {
            log.run(Command::new("rustup").args(["target", "add", wasm::TARGET]))
        } else {
            let rustup = format!("or, where rustup may install: rustup target add {}", wasm::TARGET);
            debian_std::install(context, log).map_err(|failure| failure.remedy(rustup))
        }
    }
}

/// Whether there is a rustup here that has not been told to install nothing by itself.
pub(super) fn rustup_may_install() -> bool {
    may_install(env::var("RUSTUP_AUTO_INSTALL").ok().as_deref()) && process::find("rustup").is_some()
}

fn may_install(auto_install: Option<&str>) -> bool {
    auto_install != Some("0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rustup_is_left_alone_where_it_was_told_to_install_nothing() {
        assert!(!may_install(Some("0")));
        assert!(may_install(Some("1")));
        assert!(may_install(None));
    }
}
