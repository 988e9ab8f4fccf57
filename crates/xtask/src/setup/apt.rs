//! Debian's packages.

use std::cell::OnceCell;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::privilege::as_root;
use super::{Context, Step};
use crate::failure::Failure;
use crate::process::{self, Log};

/// Debian's package manager.
#[derive(Debug, Default)]
pub(crate) struct Apt {
    /// Set once the package lists are up to date: one update serves all the steps of a set-up.
    updated: OnceCell<()>,
}

impl Apt {
    /// Fails while one of `packages` is not installed.
    pub(super) fn check(packages: &[&str]) -> Result<(), Failure> {
        for package in packages {
            let mut query = Command::new("dpkg-query");
            let status = process::capture(query.args(["-W", "-f=${db:Status-Status}", package]))?;
            if status != "installed" {
                return Err(Failure::new(format!("Debian's package {package} is not installed")));
            }
        }
        Ok(())
    }

    /// Keeps `service` from ever being started, until somebody says `systemctl unmask`. A unit of this name that somebody has
    /// put there stays as it is. Where there is no systemd this means nothing, and Debian's old scripts start only what
    /// /etc/default says.
    fn mask(log: &Log, service: &str) -> Result<(), Failure> {
        let folder = Path::new("/etc/systemd/system");
        let unit = folder.join(service);
        if !Self::is_here() || fs::symlink_metadata(&unit).is_ok() {
            return Ok(());
        }
        // What `systemctl mask` does, which wants a systemd that runs, or its program at least.
        let mut create = Command::new("mkdir");
        create.arg("-p").arg(folder);
        let mut link = Command::new("ln");
        link.args(["-s", "/dev/null"]).arg(&unit);
        log.run(&mut as_root(create)?)?;
        log.run(&mut as_root(link)?)
    }

    fn is_here() -> bool {
        Path::new("/etc/debian_version").exists() && process::find("apt-get").is_some()
    }

    /// Installs `packages`.
    pub(super) fn install(&self, log: &Log, packages: &[&str]) -> Result<(), Failure> {
        let command = || {
            let mut command = Command::new("apt-get");
            // Another apt-get may be at work, for instance the machine's daily one.
            command.env("DEBIAN_FRONTEND", "noninteractive").args(["-o", "DPkg::Lock::Timeout=300"]);
            command
        };
        let mut install = command();
        install.args(["install", "--yes", "--no-install-recommends"]).args(packages);
        if !Self::is_here() {
            return Err(Failure::new(format!(
                "this is not Debian; install yourself what it calls {}",
                packages.join(", ")
            ))
            .remedy(format!("on Debian: {}", process::shown(&install))));
        }
        let mut install = as_root(install)?;
        if self.updated.get().is_none() {
            let mut update = command();
            update.arg("update");
            log.run(&mut as_root(update)?)?;
            self.updated.get_or_init(|| ());
        }
        log.run(&mut install)
    }
}

/// Where Debian has what is for root. It is not on everybody's `PATH`.
const SBIN: &str = "/usr/sbin:/sbin";

/// Programs that come as Debian packages, each known by any of several names on the `PATH`, or beside it for root.
#[derive(Debug)]
pub(super) struct Programs {
    /// What they are for a person.
    pub(super) name: &'static str,
    /// For each program, the names that will do.
    pub(super) programs: &'static [&'static [&'static str]],
    /// The packages that bring them.
    pub(super) packages: &'static [&'static str],
    /// The system service that the packages would start, now and with the machine. It is masked first: nothing is to listen
    /// here but what a test starts.
    pub(super) service: Option<&'static str>,
}

impl Step for Programs {
    fn name(&self) -> String {
        self.name.to_owned()
    }

    fn check(&self, _: &Context<'_>) -> Result<(), Failure> {
        let is_missing =
            |name: &&str| process::find(name).or_else(|| process::find_on(OsStr::new(SBIN), name)).is_none();
        match self.programs.iter().find(|names| names.iter().all(is_missing)) {
            None => Ok(()),
            Some(names) => Err(Failure::new(format!("there is no {} on the PATH", names.join(" or ")))),
        }
    }

    fn install(&self, context: &Context<'_>, log: &Log) -> Result<(), Failure> {
        if let Some(service) = self.service {
            Apt::mask(log, service)?;
        }
        context.apt.install(log, self.packages)
    }
}
