//! The reference server, built and run for the demo and for the tests.

use std::ffi::OsString;
use std::fmt::Display;
use std::fs::File;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::thread;
use std::time::{Duration, Instant};

use crate::children::Owned;
use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// How long a server that was started may take until it answers. It takes milliseconds; this is for a machine that is busy.
const START: Duration = Duration::from_secs(20);

/// A running server, stopped when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Owned,
    address: SocketAddr,
}

/// Whom a server believes.
#[derive(Debug)]
pub(crate) enum Trust {
    /// Whoever says a name; on loopback only.
    Everybody,
    /// Who has a token, with the options that say which.
    Tokens(Vec<OsString>),
}

/// Builds the server; returns the program.
///
/// # Errors
/// When it does not compile.
pub(crate) fn build(workspace: &Workspace) -> Result<PathBuf, Failure> {
    process::show(workspace.cargo().args(["build", "--package", "lumencall-server"]))?;
    Ok(workspace.target().join("debug/lumencall-server"))
}

/// The address to listen at: `wanted`, with a free port where its port is 0.
///
/// # Errors
/// When another program listens there, or nobody may.
pub(crate) fn free_address(wanted: SocketAddr) -> Result<SocketAddr, Failure> {
    let bound = TcpListener::bind(wanted).and_then(|listener| listener.local_addr());
    bound.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => Failure::new(format!("another program listens at {wanted}"))
            .remedy(format!(
                "give another address: --listen {}:{}",
                wanted.ip(),
                wanted.port().wrapping_add(1)
            ))
            .remedy(format!("or let a free port be chosen: --listen {}:0", wanted.ip())),
        _ => Failure::new(format!("cannot listen at {wanted}")).with(error),
    })
}

impl Server {
    /// Starts `program` at `address`, and waits until it answers there. What it prints goes to `log`, or to the terminal where
    /// there is none.
    ///
    /// # Errors
    /// When it ends at once or does not answer.
    pub(crate) fn start(
        workspace: &Workspace,
        program: &Path,
        address: SocketAddr,
        trust: &Trust,
        log: Option<&Path>,
    ) -> Result<Self, Failure> {
        let mut command = workspace.command(program);
        command.args(["--listen", &address.to_string()]);
        match trust {
            Trust::Everybody => command.args(["--auth", "dev"]),
            Trust::Tokens(options) => command.args(["--auth", "jwt"]).args(options),
        };
        command.arg("--www").arg(workspace.path("www")).arg("--pkg").arg(workspace.package());
        if let Some(log) = log {
            let io = |error| Failure::io("write", log, &error);
            let file = File::create(log).map_err(io)?;
            command.stdout(file.try_clone().map_err(io)?).stderr(file);
        }
        let line = process::shown(&command);
        let not_started = |reason: &dyn Display| {
            let said = log.map(process::tail).unwrap_or_default();
            Failure::new(format!("the server did not start: {reason}")).with(&line).with(said)
        };
        let mut child = Owned::spawn(&mut command).map_err(|error| not_started(&error))?;
        let deadline = Instant::now() + START;
        while TcpStream::connect(address).is_err() {
            if let Ok(Some(status)) = child.try_wait() {
                return Err(not_started(&status));
            }
            if Instant::now() > deadline {
                return Err(not_started(&"it does not answer"));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(Self { child, address })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until it ends by itself.
    pub(crate) fn wait(&mut self) -> Option<ExitStatus> {
        self.child.wait(None).ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named_with_what_to_do() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let failure = free_address(address).unwrap_err().to_string();
        assert!(failure.contains(&address.to_string()) && failure.contains("--listen"), "{failure}");
    }

    #[test]
    fn port_zero_becomes_a_port() {
        assert_ne!(free_address(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap().port(), 0);
    }
}
