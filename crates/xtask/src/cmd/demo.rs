//! `cargo xtask demo`: the server with the demo page, until Ctrl-C.

use std::net::SocketAddr;

use crate::failure::Failure;
use crate::package;
use crate::server::{self, Server};
use crate::setup::{self, Need};
use crate::workspace::Workspace;

/// Sets up and builds what is missing, then serves the demo at `listen`.
pub(crate) fn run(workspace: &Workspace, listen: SocketAddr) -> Result<(), Failure> {
    // Before the builds, which take their time.
    let address = server::free_address(listen)?;
    setup::provide(workspace, Need::PACKAGE)?;
    package::build(workspace)?;
    let program = server::build(workspace)?;
    let mut server = Server::start(workspace, &program, address, None)?;
    println!(
        "\nThe demo is at http://{}/ (open it in two tabs or two browsers; Ctrl-C stops it)",
        server.address()
    );
    let ended = server.wait().map_or_else(String::new, |status| status.to_string());
    Err(Failure::new("the server stopped by itself").with(ended))
}
