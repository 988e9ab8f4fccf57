//! `cargo xtask demo`: the server with the demo page, until Ctrl-C.

use std::net::SocketAddr;
use std::path::Path;

use crate::exposure::{self, Exposure};
use crate::failure::Failure;
use crate::package;
use crate::server::{self, Server, Trust};
use crate::setup::{self, Need};
use crate::workspace::Workspace;

/// Sets up and builds what is missing, then serves the demo at `listen`.
pub(crate) fn run(workspace: &Workspace, listen: SocketAddr) -> Result<(), Failure> {
    // Before the builds, which take their time.
    let address = server::free_address(listen)?;
    setup::provide(workspace, Need::PACKAGE)?;
    package::build(workspace)?;
    let program = server::build(workspace)?;
    let mut server = if address.ip().is_loopback() {
        for_this_machine(workspace, &program, address)?
    } else {
        for_others(workspace, &program, address)?
    };
    let ended = server.wait().map_or_else(String::new, |status| status.to_string());
    Err(Failure::new("the server stopped by itself").with(ended))
}

/// Plain http, and anybody is whom they say.
fn for_this_machine(workspace: &Workspace, program: &Path, address: SocketAddr) -> Result<Server, Failure> {
    let server = Server::start(workspace, program, address, &Trust::Everybody, None)?;
    println!(
        "\nThe demo is at http://{}/ (open it in two tabs or two browsers; Ctrl-C stops it)",
        server.address()
    );
    Ok(server)
}

/// Who is not on this machine comes by https, without which a page gets no camera, and is whom their link says.
fn for_others(workspace: &Workspace, program: &Path, address: SocketAddr) -> Result<Server, Failure> {
    let exposure = Exposure::at(workspace, address)?;
    let links = exposure.links(program)?;
    let server = Server::start(workspace, program, address, &exposure.trust(), None)?;
    println!("\nThe demo is at these addresses, one for each person (Ctrl-C stops it):");
    for (user, link) in links {
        println!("  {user:<8}{link}");
    }
    let (first, others) = exposure.origins();
    if !others.is_empty() {
        println!("In place of {first} they may begin with {}.", others.join(" or "));
    }
    println!(
        "The browser will warn of the certificate, which this program has made itself. Go on all the same."
    );
    println!("Whoever has a link is that person, for {}.", exposure::TTL);
    Ok(server)
}
