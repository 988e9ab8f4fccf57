//! rustfmt and clippy, which a minimal Rust lacks.

use std::process::Command;

use super::wasm_std::rustup_may_install;
use super::{Context, Step};
use crate::failure::Failure;
use crate::process::{self, Log};

/// rustfmt and clippy of the active toolchain.
#[derive(Debug)]
pub(super) struct Components;

impl Step for Components {
    fn name(&self) -> String {
        "rustfmt and clippy".to_owned()
    }

    fn check(&self, context: &Context<'_>) -> Result<(), Failure> {
        for component in ["fmt", "clippy"] {
            process::capture(context.workspace.cargo().args([component, "--version"]))?;
        }
        Ok(())
    }

    fn install(&self, _: &Context<'_>, log: &Log) -> Result<(), Failure> {
        let mut add = Command::new("rustup");
        add.args(["component", "add", "rustfmt", "clippy"]);
        if rustup_may_install() {
            return log.run(&mut add);
        }
        Err(Failure::new("there is no rustup that may install them").remedy(process::shown(&add)))
    }
}
