//! What a command may need, and the step that provides it.

use std::ffi::OsString;

use super::Step;
use super::apt::Programs;
use super::cargo_tools::{self, CargoTool};
use super::components::Components;
use super::npm::{Node, NpmPackages};
use super::wasm_std::WasmStd;
use crate::failure::Failure;
use crate::workspace::Workspace;

/// The wasm-pack that the tests were written for.
const WASM_PACK: &str = "0.15.1";

/// The geckodriver that the tests were written for.
const GECKODRIVER: &str = "0.37.1";

/// One thing that a command needs. In the order in which a set-up provides them: the quick ones first, so that what must
/// fail fails soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    /// rustfmt and clippy.
    Components,
    /// Node and npm.
    Node,
    /// binaryen, esbuild, TypeScript and puppeteer-core.
    NpmPackages,
    /// The TURN server that the reference server's passwords are tried at, and that relays calls between browsers.
    Coturn,
    /// What the networks of the browser tests are made with, and what goes wrong in them; certificates, and browsers that trust them.
    Network,
    /// The display of the browser tests: without one Firefox has no screen to share.
    Display,
    /// Chromium and Firefox, and Chromium's driver.
    Browsers,
    /// The standard library for wasm32.
    WasmStd,
    /// wasm-bindgen's command line, of the version of the crate.
    WasmBindgen,
    /// wasm-pack, which runs the tests in browsers.
    WasmPack,
    /// Firefox's driver.
    Geckodriver,
}

impl Need {
    /// What building the npm package takes.
    pub(crate) const PACKAGE: &[Self] = &[Self::Node, Self::NpmPackages, Self::WasmStd, Self::WasmBindgen];

    pub(super) fn step(self, workspace: &Workspace) -> Result<Box<dyn Step>, Failure> {
        Ok(match self {
            Self::Components => Box::new(Components),
            Self::Node => Box::new(Node),
            Self::NpmPackages => Box::new(NpmPackages),
            Self::Coturn => Box::new(Programs {
                name: "coturn",
                programs: &[&["turnserver"], &["turnutils_uclient"]],
                packages: &["coturn"],
                service: Some("coturn.service"),
            }),
            Self::Network => Box::new(Programs {
                name: "iproute2, nftables, conntrack, certutil",
                programs: &[&["ip"], &["ss"], &["nft"], &["conntrack"], &["openssl"], &["certutil"]],
                packages: &["iproute2", "nftables", "conntrack", "openssl", "libnss3-tools"],
                service: None,
            }),
            Self::Display => Box::new(Programs {
                name: "Xvfb",
                programs: &[&["Xvfb"]],
                packages: &["xvfb"],
                service: None,
            }),
            Self::Browsers => Box::new(Programs {
                name: "Chromium and its driver, Firefox",
                programs: &[&["chromium"], &["chromedriver"], &["firefox-esr", "firefox"]],
                packages: &["chromium", "chromium-driver", "firefox-esr"],
                service: None,
            }),
            Self::WasmStd => Box::new(WasmStd),
            Self::WasmBindgen => Box::new(wasm_bindgen(workspace)?),
            Self::WasmPack => Box::new(wasm_pack()),
            Self::Geckodriver => Box::new(geckodriver()),
        })
    }
}

fn wasm_bindgen(workspace: &Workspace) -> Result<CargoTool, Failure> {
    Ok(CargoTool {
        package: "wasm-bindgen-cli",
        programs: &["wasm-bindgen", "wasm-bindgen-test-runner"],
        version: workspace.locked_version("wasm-bindgen")?,
        // The lock file that it was published with names a crate that is no longer served.
        locked: false,
    })
}

fn wasm_pack() -> CargoTool {
    CargoTool { package: "wasm-pack", programs: &["wasm-pack"], version: WASM_PACK.to_owned(), locked: true }
}

fn geckodriver() -> CargoTool {
    CargoTool {
        package: "geckodriver",
        programs: &["geckodriver"],
        version: GECKODRIVER.to_owned(),
        locked: true,
    }
}

/// A `PATH` on which the tools that cargo built, at the versions required, come first.
///
/// # Errors
/// When `Cargo.lock` does not say which wasm-bindgen is required.
pub(crate) fn tool_path(workspace: &Workspace) -> Result<OsString, Failure> {
    Ok(cargo_tools::path_with(workspace, &[wasm_bindgen(workspace)?, wasm_pack(), geckodriver()]))
}
