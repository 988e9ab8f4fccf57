//! `lumencall-server`, as a person starts it.

mod cli;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use lumencall_server::{Server, StartError};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::warn;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

#[tokio::main]
async fn main() -> ExitCode {
    let mut cli = cli::Cli::parse();
    let command = cli.command.take();
    log_from(cli.log.into());
    let done = match command {
        Some(command) => command.run(),
        None => start(cli).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lumencall-server: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn start(cli: cli::Cli) -> Result<(), Box<dyn std::error::Error>> {
    let listen = cli.listen;
    let config = cli.into_config()?;
    config.auth.may_listen_on(listen)?;
    for (folder, route, option) in [(&config.www, "/", "--www"), (&config.pkg, "/pkg", "--pkg")] {
        if !folder.is_dir() {
            warn!(
                "nothing is served at {route}: {} is no folder; choose one with {option}",
                folder.display()
            );
        }
    }
    let listener = TcpListener::bind(listen).await.map_err(|error| StartError::listen(listen, error))?;
    let address = listener.local_addr()?;
    let shutdown = shutdown()?;

    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let mut out = std::io::stdout();
    // Nobody may be reading; the server serves all the same.
    let _ = writeln!(out, "lumencall-server listening on {scheme}://{address}").and_then(|()| out.flush());
    Ok(Server::new(config).run(listener, shutdown).await?)
}

/// Resolves on SIGINT and SIGTERM. They are listened for from when this returns.
fn shutdown() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt: Signal = signal(SignalKind::interrupt())?;
    let mut terminate: Signal = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Logs to standard error, and only what this server itself has to say: the crates below it log whole frames, which
/// nobody is to read.
fn log_from(level: LevelFilter) {
    let ours = Targets::new().with_target("lumencall_server", level);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_filter(ours);
    tracing_subscriber::registry().with(lines).init();
}
