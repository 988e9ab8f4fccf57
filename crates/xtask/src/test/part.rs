//! The parts of the test suite.

use std::collections::BTreeSet;
use std::fmt;

use clap::ValueEnum;

use super::bench::{Bench, row};
use super::counts::Counts;
use super::summary::Row;
use super::{browsers, docs, types};
use crate::fuzz;
use crate::model;
use crate::package::Sizes;
use crate::process;
use crate::setup::Need;
use crate::simulate;
use crate::wasm::{TARGET, Toolchain};

/// One part, in the order in which they run: the quick ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Part {
    /// Formatting and lints
    Style,
    /// This program's own tests
    Xtask,
    /// The messages, the call machine and the client's session
    Core,
    /// The call machine in every order of small scenarios
    Model,
    /// Many users, devices and faults, in many runs of a seed each
    Simulation,
    /// Bytes of any kind, to the codec and to the server
    Fuzz,
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
    /// What has to be installed for any of `parts`.
    pub(crate) fn all_needs(parts: &BTreeSet<Self>) -> Vec<Need> {
        let needs: BTreeSet<_> = parts.iter().flat_map(|part| part.needs()).copied().collect();
        needs.into_iter().collect()
    }

    /// All of them.
    pub(crate) fn all() -> BTreeSet<Self> {
        Self::value_variants().iter().copied().collect()
    }

    /// What has to be installed.
    fn needs(self) -> &'static [Need] {
        match self {
            Self::Style => &[Need::Components, Need::WasmStd],
            Self::Core | Self::Model | Self::Simulation | Self::Fuzz | Self::Xtask | Self::Docs => &[],
            Self::Server => &[Need::Coturn],
            Self::Package | Self::Types => Need::PACKAGE,
            Self::Wasm => {
                &[Need::Browsers, Need::WasmStd, Need::WasmBindgen, Need::WasmPack, Need::Geckodriver]
            }
            Self::E2e => &[
                Need::Node,
                Need::NpmPackages,
                Need::Coturn,
                Need::Network,
                Need::Display,
                Need::WasmStd,
                Need::WasmBindgen,
                Need::Browsers,
            ],
        }
    }

    /// Runs it.
    pub(crate) fn run(self, bench: &Bench<'_>) -> Vec<Row> {
        match self {
            Self::Style => style(bench),
            Self::Core => {
                let mut package = vec!["lumencall-core", "--all-features"];
                // Thirty times the work, by a faster build with the same checks.
                package.extend(["--profile", model::PROFILE].iter().filter(|_| bench.long));
                vec![cargo_test(bench, "core", &package)]
            }
            Self::Model => model(bench),
            Self::Simulation => vec![proofs(bench, "simulation", "sim")],
            Self::Fuzz => fuzz(bench),
            Self::Server => vec![cargo_test(bench, "server", &["lumencall-server"])],
            Self::Xtask => vec![cargo_test(bench, "xtask", &["xtask"])],
            Self::Package => package(bench),
            Self::Types => vec![row("types", || types::run(bench))],
            Self::Docs => docs::run(bench),
            Self::Wasm => browsers::wasm(bench),
            Self::E2e => {
                vec![row("e2e: tools", || browsers::tools(bench)), row("e2e", || browsers::e2e(bench))]
            }
        }
    }
}

/// The lints of the workspace are warnings while one writes, and errors here.
const DENY_WARNINGS: &[&str] = &["--all-targets", "--all-features", "--", "-D", "warnings"];

fn style(bench: &Bench<'_>) -> Vec<Row> {
    let cargo = || bench.workspace.cargo();
    let host =
        ["clippy", "-p", "lumencall-core", "-p", "lumencall-proofs", "-p", "lumencall-server", "-p", "xtask"];
    vec![
        row("style: format", || bench.check(cargo().args(["fmt", "--all", "--check"]))),
        row("style: host lints", || bench.check(cargo().args(host).args(DENY_WARNINGS))),
        row("style: SDK lints", || {
            let toolchain = Toolchain::require(bench.workspace)?;
            let mut clippy = toolchain.cargo(bench.workspace);
            clippy.args(["clippy", "-p", "lumencall", "--target", TARGET]).args(DENY_WARNINGS);
            if process::succeeds(toolchain.cargo(bench.workspace).args(["clippy", "--version"])) {
                return bench.check(&mut clippy);
            }
            println!("the compiler for wasm32 has no clippy: this lints the SDK as host code");
            bench.check(cargo().args(["clippy", "-p", "lumencall"]).args(DENY_WARNINGS))
        }),
    ]
}

fn cargo_test(bench: &Bench<'_>, name: &str, package: &[&str]) -> Row {
    row(name, || {
        let mut cargo = bench.workspace.cargo();
        bench.runner(cargo.args(["test", "--no-fail-fast", "--package"]).args(package), Counts::of_libtest)
    })
}

/// The checker's own tests, and the scenarios: each that is explored to its end and holds is one that passed.
fn model(bench: &Bench<'_>) -> Vec<Row> {
    vec![
        cargo_test(bench, "model: checker", &["lumencall-proofs", "--test", "model"]),
        row("model: scenarios", || {
            bench.runner(&mut model::command(bench.workspace, false), Counts::of_closing_line)
        }),
    ]
}

fn proofs(bench: &Bench<'_>, name: &str, test: &str) -> Row {
    row(name, || bench.runner(&mut simulate::tests(bench.workspace, test), Counts::of_libtest))
}

/// The plain driver always; libFuzzer where there is what builds it.
fn fuzz(bench: &Bench<'_>) -> Vec<Row> {
    let mut rows = vec![proofs(bench, "fuzz: plain driver", "fuzz")];
    match fuzz::compiler() {
        Err(missing) => println!("libFuzzer did not run: {missing}"),
        Ok(_) => rows.extend(fuzz::Target::value_variants().iter().map(|target| {
            row(format!("fuzz: guided {target}"), || {
                fuzz::test(bench.workspace, *target).map(|()| Counts::one(true))
            })
        })),
    }
    rows
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_several_parts_need_is_installed_once_and_in_order() {
        let needs = Part::all_needs(&Part::all());
        assert!(needs.is_sorted() && needs.contains(&Need::Browsers) && needs.contains(&Need::Components));
        assert_eq!(needs.iter().filter(|need| **need == Need::WasmStd).count(), 1);
    }

    #[test]
    fn tests_of_host_code_need_no_browser() {
        assert!(Part::all_needs(&[Part::Core, Part::Xtask].into()).is_empty());
        assert_eq!(Part::all_needs(&[Part::Core, Part::Server].into()), [Need::Coturn]);
    }
}
