//! The compiler for wasm32: the active toolchain where it has that standard library, else Debian's.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// The target of the SDK.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// The name under which rustup knows Debian's compiler.
pub(crate) const DEBIAN: &str = "debian";

/// Needs the standard library, and its bitcode: a library built without it compiles, and fails at the link-time optimization.
const PROBE: &str =
    "#[unsafe(no_mangle)] pub extern \"C\" fn probe(n: usize) -> usize { vec![0_u8; n].len() }";

/// Who compiles for wasm32.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// The one that is active anyway.
    Active,
    /// Debian's compiler, linked into rustup as [`DEBIAN`].
    Debian,
}

impl Toolchain {
    /// The first toolchain that can build the SDK, if any can.
    pub(crate) fn find(workspace: &Workspace) -> Option<Self> {
        [Self::Active, Self::Debian].into_iter().find(|toolchain| toolchain.probe(workspace).is_ok())
    }

    /// Like [`Toolchain::find`], for those that cannot go on without.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn require(workspace: &Workspace) -> Result<Self, Failure> {
        Self::find(workspace).ok_or_else(|| {
            Failure::new(format!("no compiler here has the standard library of {TARGET}"))
                .remedy("cargo xtask setup")
        })
    }

    /// Makes `command`, and every cargo and rustc that it starts, use this toolchain.
    pub(crate) fn apply(self, command: &mut Command) {
        match self {
            Self::Active => {}
            Self::Debian => {
                // Cargo sets CARGO for what it starts, this program included; wasm-pack would follow it to the other compiler.
                command.env("RUSTUP_TOOLCHAIN", DEBIAN).env_remove("CARGO");
            }
        }
    }

    /// Cargo of this toolchain, with the target folder of the wasm builds.
    pub(crate) fn cargo(self, workspace: &Workspace) -> Command {
        let mut command = match self {
            Self::Active => workspace.cargo(),
            Self::Debian => workspace.command("cargo"),
        };
        self.apply(&mut command);
        command.env("CARGO_TARGET_DIR", workspace.wasm_target());
        command
    }

    /// Compiles and links a program of one line.
    ///
    /// # Errors
    /// What the compiler said.
    pub(crate) fn probe(self, workspace: &Workspace) -> Result<(), Failure> {
        let folder = workspace.scratch("probe");
        fs::create_dir_all(&folder).map_err(|error| Failure::io("create", &folder, &error))?;
        let mut rustc = Command::new("rustc");
        self.apply(&mut rustc);
        probe_with(&mut rustc, &folder)
    }
}

/// Lets `rustc`, whichever it is, try [`PROBE`].
pub(crate) fn probe_with(rustc: &mut Command, folder: &Path) -> Result<(), Failure> {
    rustc.args(["--crate-name=probe", "--crate-type=cdylib", "--edition=2024", "-Clto=fat", "-Cpanic=abort"]);
    rustc.args(["--target", TARGET, "-o"]).arg(folder.join("probe.wasm")).arg("-");
    process::capture_with_input(rustc, PROBE).map(drop)
}
