//! The parts that start browsers.

use std::cell::OnceCell;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use super::bench::{Bench, row};
use super::counts::Counts;
use super::summary::Row;
use crate::failure::Failure;
use crate::server::{self, Server, Trust};
use crate::setup::tool_path;
use crate::wasm::Toolchain;
use crate::{children, process};

/// Where the server of the tests in the SDK listens if nobody else does. The address is compiled into these tests, which are
/// compiled anew when it changes.
const USUAL_PORT: u16 = 38_087;

/// Where the tools of the end-to-end tests are, and the tests of them.
const TOOLS: &str = "tests/e2e/tools";

/// How long wasm-bindgen's runner waits for all the tests of one file, in seconds.
const RUNNER_LIMIT: &str = "300";

/// A driver, by which a browser is controlled.
struct Driver {
    browser: &'static str,
    options: [&'static str; 2],
    program: &'static str,
}

const DRIVERS: [Driver; 2] = [
    Driver { browser: "Chromium", options: ["--chrome", "--chromedriver"], program: "chromedriver" },
    Driver { browser: "Firefox", options: ["--firefox", "--geckodriver"], program: "geckodriver" },
];

/// The SDK's own tests, in each browser, against one server.
pub(super) fn wasm(bench: &Bench<'_>) -> Vec<Row> {
    children::adopt_orphans();
    let server = OnceCell::new();
    let in_browser = |driver: &Driver| {
        row(format!("wasm: {}", driver.browser), || {
            let server = server.get_or_init(|| start_server(bench)).as_ref().map_err(Failure::clone)?;
            wasm_pack(bench, driver, server.address())
        })
    };
    DRIVERS.iter().map(in_browser).collect()
}

fn start_server(bench: &Bench<'_>) -> Result<Server, Failure> {
    let program = bench.server()?;
    let local = |port| server::free_address(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let address = local(USUAL_PORT).or_else(|_| local(0))?;
    let folder = bench.workspace.scratch("test");
    fs::create_dir_all(&folder).map_err(|error| Failure::io("create", &folder, &error))?;
    Server::start(bench.workspace, &program, address, &Trust::Everybody, Some(&folder.join("server.log")))
}

fn wasm_pack(bench: &Bench<'_>, driver: &Driver, server: SocketAddr) -> Result<Counts, Failure> {
    let workspace = bench.workspace;
    let path = tool_path(workspace)?;
    let program = process::find_on(&path, driver.program)
        .ok_or_else(|| Failure::new(format!("there is no {}", driver.program)).remedy("cargo xtask setup"))?;
    let mut wasm_pack = workspace.command("wasm-pack");
    Toolchain::require(workspace)?.apply(&mut wasm_pack);
    wasm_pack.env("PATH", path).env("CARGO_TARGET_DIR", workspace.wasm_target());
    // Read when the tests are compiled: in a browser there is no environment.
    wasm_pack.env("LUMENCALL_TEST_URL", format!("ws://{server}/ws"));
    wasm_pack.env("WASM_BINDGEN_TEST_TIMEOUT", RUNNER_LIMIT);
    wasm_pack.args(["test", "--mode", "no-install", "--headless"]).args(driver.options).arg(program);
    // Without the package cargo would take the workspace's default members, which are no wasm code.
    wasm_pack.args([".", "--package", "lumencall"]);
    // Drivers leave the profiles of their browsers behind. A short path: a browser has a socket in it.
    let temporary = std::env::temp_dir().join(format!("lumencall-{}", std::process::id()));
    fs::create_dir_all(&temporary).map_err(|error| Failure::io("create", &temporary, &error))?;
    let counts = bench.runner(wasm_pack.env("TMPDIR", &temporary), Counts::of_libtest);
    // What a browser that is still closing writes there stays.
    drop(fs::remove_dir_all(&temporary));
    counts
}

/// The tests of the tools by which calls between browsers are disturbed. They need no browser.
pub(super) fn tools(bench: &Bench<'_>) -> Result<Counts, Failure> {
    let server = bench.server()?;
    // A Node that takes patterns for itself is a later one than is required.
    let files = test_files(&bench.workspace.path(TOOLS))?;
    let mut node = bench.workspace.command("node");
    node.args(["--test", "--test-reporter=spec"]).args(files).env("LUMENCALL_SERVER_BIN", server);
    // Its lines are read.
    bench.runner(node.env_remove("FORCE_COLOR"), Counts::of_node)
}

fn test_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let listed = fs::read_dir(folder).map_err(|error| Failure::io("read", folder, &error))?;
    let mut files: Vec<PathBuf> = listed.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.to_string_lossy().ends_with(".test.mjs"));
    files.sort();
    if files.is_empty() {
        return Err(Failure::new(format!("there are no tests in {}", folder.display())));
    }
    Ok(files)
}

/// Calls between two browsers. The runner starts its own servers and browsers, since some tests kill them.
pub(super) fn e2e(bench: &Bench<'_>) -> Result<Counts, Failure> {
    children::adopt_orphans();
    bench.package()?;
    let server = bench.server()?;
    let mut node = bench.workspace.command("node");
    node.arg("tests/e2e/run.mjs").args(bench.long.then_some("--long"));
    node.env("LUMENCALL_SERVER_BIN", server).env("LUMENCALL_PKG", bench.workspace.package());
    for (variable, names) in
        [("LUMENCALL_CHROMIUM", &["chromium"][..]), ("LUMENCALL_FIREFOX", &["firefox-esr", "firefox"])]
    {
        if let Some(program) = names.iter().find_map(|name| process::find(name)) {
            node.env(variable, program);
        }
    }
    let counts = bench.runner(&mut node, Counts::of_closing_line);
    // Whatever browser the runner forgot.
    children::stop_strays();
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tests_of_the_tools_are_found_and_nothing_else() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(TOOLS);
        let files = test_files(&folder).unwrap();
        assert!(files.iter().any(|file| file.ends_with("proxy.test.mjs")), "{files:?}");
        assert!(files.iter().all(|file| file.is_file() && !file.ends_with("proxy.mjs")), "{files:?}");
        assert!(test_files(&folder.join("../pages")).is_err());
    }
}
