//! The parts of the test suite.

use std::fmt;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;

use clap::ValueEnum;

use super::bench::{Bench, row};
use super::counts::Counts;
use super::summary::Row;
use super::{docs, types};
use crate::failure::Failure;
use crate::package::Sizes;
use crate::server::{self, Server};
use crate::setup::{Need, tool_path};
use crate::wasm::{TARGET, Toolchain};
use crate::{children, process};

/// One part, in the order in which they run: the quick ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Part {
    /// Formatting and lints
    Style,
    /// This program's own tests
    Xtask,
    /// The messages, the call machine and the client's session
    Core,
    /// The reference server, over real sockets
    Server,
    /// The npm package: its size, its files, and that importing it does nothing
    Package,
    /// The types: samples that must compile, and samples that must not
    Types,
    /// Documentation: its links, and what rustdoc says
    Docs,
    /// The SDK in Chromium and in Firefox, against a real server
    Wasm,
    /// Calls between two real browsers
    E2e,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No variant is skipped, so each has a name.
        f.write_str(self.to_possible_value().as_ref().map_or("", |value| value.get_name()))
    }
}

impl Part {
    /// All of them.
    pub(crate) const ALL: &[Self] = &[
        Self::Style,
        Self::Xtask,
        Self::Core,
        Self::Server,
        Self::Package,
        Self::Types,
        Self::Docs,
        Self::Wasm,
        Self::E2e,
    ];

    /// What has to be installed.
    pub(crate) fn needs(self) -> &'static [Need] {
        match self {
            Self::Style => &[Need::Components, Need::WasmStd],
            Self::Core | Self::Server | Self::Xtask | Self::Docs => &[],
            Self::Package | Self::Types => Need::PACKAGE,
            Self::Wasm => {
                &[Need::Browsers, Need::WasmStd, Need::WasmBindgen, Need::WasmPack, Need::Geckodriver]
            }
            Self::E2e => &[Need::Node, Need::NpmPackages, Need::WasmStd, Need::WasmBindgen, Need::Browsers],
        }
    }

    /// Runs it.
    pub(crate) fn run(self, bench: &Bench<'_>) -> Vec<Row> {
        match self {
            Self::Style => style(bench),
            Self::Core => vec![cargo_test(bench, "core", &["lumencall-core", "--all-features"])],
            Self::Server => vec![cargo_test(bench, "server", &["lumencall-server"])],
            Self::Xtask => vec![cargo_test(bench, "xtask", &["xtask"])],
            Self::Package => package(bench),
            Self::Types => vec![row("types", || types::run(bench))],
            Self::Docs => docs::run(bench),
            Self::Wasm => wasm(bench),
            Self::E2e => vec![row("e2e", || e2e(bench))],
        }
    }
}

/// The lints of the workspace are warnings while one writes, and errors here.
const DENY_WARNINGS: &[&str] = &["--all-targets", "--all-features", "--", "-D", "warnings"];

fn style(bench: &Bench<'_>) -> Vec<Row> {
    let cargo = || bench.workspace.cargo();
    let host = ["clippy", "-p", "lumencall-core", "-p", "lumencall-server", "-p", "xtask"];
    vec![
        row("style: format", || bench.check(cargo().args(["fmt", "--all", "--check"]))),
        row("style: host lints", || bench.check(cargo().args(host).args(DENY_WARNINGS))),
        row("style: SDK lints", || {
            let toolchain = Toolchain::require(bench.workspace)?;
            let mut clippy = toolchain.cargo(bench.workspace);
            clippy.args(["clippy", "-p", "lumencall", "--target", TARGET]).args(DENY_WARNINGS);
            bench.check(&mut clippy)
        }),
    ]
}

fn cargo_test(bench: &Bench<'_>, name: &str, package: &[&str]) -> Row {
    row(name, || {
        let mut cargo = bench.workspace.cargo();
        bench.runner(cargo.args(["test", "--no-fail-fast", "--package"]).args(package), Counts::of_libtest)
    })
}

fn package(bench: &Bench<'_>) -> Vec<Row> {
    vec![
        row("package: size", || {
            bench.package()?;
            let sizes = Sizes::measure(bench.workspace)?;
            println!("{sizes}");
            sizes.check().map(|()| Counts::one(true))
        }),
        row("package: import", || {
            bench.package()?;
            let mut node = bench.workspace.command("node");
            node.arg("tests/package/run.mjs").env("LUMENCALL_PKG", bench.workspace.package());
            bench.runner(&mut node, Counts::of_closing_line)
        }),
    ]
}

/// wasm-pack lets each test file loose in a headless browser. The address of the server is compiled in, since a browser has no
/// environment.
fn wasm(bench: &Bench<'_>) -> Vec<Row> {
    children::adopt_orphans();
    let server = start_server(bench);
    let browser = |name: &str, options: [&str; 2], driver: &str| {
        row(name, || {
            let address = server.as_ref().map(Server::address).map_err(Failure::clone)?;
            let path = tool_path(bench.workspace)?;
            let driver = process::find_on(&path, driver)
                .ok_or_else(|| Failure::new(format!("there is no {driver}")).remedy("cargo xtask setup"))?;
            let mut wasm_pack = bench.workspace.command("wasm-pack");
            wasm_pack.env("PATH", path).env("CARGO_TARGET_DIR", bench.workspace.wasm_target());
            Toolchain::require(bench.workspace)?.apply(&mut wasm_pack);
            wasm_pack.env("LUMENCALL_TEST_URL", format!("ws://{address}/ws"));
            // In seconds, for all the tests of a file together; what a busy machine needs, and not forever.
            wasm_pack.env("WASM_BINDGEN_TEST_TIMEOUT", "300");
            wasm_pack.args(["test", "--mode", "no-install", "--headless"]).args(options).arg(driver);
            // Without the package cargo would take the workspace's default members, which are no wasm code.
            wasm_pack.args([".", "--package", "lumencall"]);
            bench.runner(&mut wasm_pack, Counts::of_libtest)
        })
    };
    vec![
        browser("wasm: Chromium", ["--chrome", "--chromedriver"], "chromedriver"),
        browser("wasm: Firefox", ["--firefox", "--geckodriver"], "geckodriver"),
    ]
}

fn start_server(bench: &Bench<'_>) -> Result<Server, Failure> {
    let program = bench.server()?;
    let address = server::free_address(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let folder = bench.workspace.scratch("test");
    fs::create_dir_all(&folder).map_err(|error| Failure::io("create", &folder, &error))?;
    Server::start(bench.workspace, &program, address, Some(&folder.join("server.log")))
}

/// The runner starts its own servers and browsers: some tests kill them.
fn e2e(bench: &Bench<'_>) -> Result<Counts, Failure> {
    children::adopt_orphans();
    bench.package()?;
    let server = bench.server()?;
    let mut node: Command = bench.workspace.command("node");
    node.arg("tests/e2e/run.mjs").args(bench.long.then_some("--long"));
    node.env("LUMENCALL_SERVER_BIN", server).env("LUMENCALL_PKG", bench.workspace.package());
    for (name, programs) in
        [("LUMENCALL_CHROMIUM", &["chromium"][..]), ("LUMENCALL_FIREFOX", &["firefox-esr", "firefox"])]
    {
        if let Some(program) = programs.iter().find_map(|program| process::find(program)) {
            node.env(name, program);
        }
    }
    let counts = bench.runner(&mut node, Counts::of_closing_line);
    children::stop_strays();
    counts
}
