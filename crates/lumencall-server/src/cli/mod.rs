//! The command line.

mod identity;
mod token;
mod turn;
mod values;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use lumencall_core::Millis;
use lumencall_core::machine::Rules;
use lumencall_server::{Config, Limits, Tls};
use tracing_subscriber::filter::LevelFilter;
use values::{address, duration, size};

/// The signaling server of lumencall: it connects the calls of your users' browsers, and serves the demo page.
///
/// To try it on your own machine:
///
///     lumencall-server --auth dev
///
/// Then open http://127.0.0.1:8080 in two tabs. For users of your own, who prove who they are:
///
///     openssl rand -base64 48 > key
///     lumencall-server --auth jwt --key key --allow-origin https://app.example.com
///
/// Durations are written like 500ms, 60s or 2m.
#[derive(Debug, Parser)]
#[command(version, verbatim_doc_comment, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    /// The address and port to listen on; port 0 takes any that is free
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080", value_parser = address)]
    pub(crate) listen: SocketAddr,

    #[command(flatten)]
    identity: identity::Identity,

    /// The certificate to listen with, in PEM, its chain after it; read again when it changes
    #[arg(long, value_name = "FILE", requires = "tls_key", help_heading = "TLS")]
    tls_cert: Option<PathBuf>,

    /// The key of the certificate, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert", help_heading = "TLS")]
    tls_key: Option<PathBuf>,

    #[command(flatten)]
    ice: turn::Ice,

    /// How long a call rings before it is missed
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration, help_heading = "Calls")]
    ring_timeout: Duration,

    /// How long a call may take to connect once offer and answer have been exchanged
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = duration, help_heading = "Calls")]
    setup_timeout: Duration,

    /// How long a call may take to connect after it was accepted, at the very most
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration, help_heading = "Calls")]
    answer_timeout: Duration,

    /// How long a call may try to reconnect before it has failed
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration, help_heading = "Calls")]
    reconnect_timeout: Duration,

    /// How long a device in an answered call may be away before it has left
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration, help_heading = "Calls")]
    resume_timeout: Duration,

    /// The same for any other device, and for one whose page said that it goes
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration, help_heading = "Calls")]
    resume_timeout_ringing: Duration,

    /// How many ICE candidates one side may send with one description, at most 200
    #[arg(long, value_name = "COUNT", default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=200), help_heading = "Calls")]
    max_candidates: u16,

    /// How often an open socket is pinged
    #[arg(long, value_name = "TIME", default_value = "25s", value_parser = duration, help_heading = "Sockets")]
    ping_interval: Duration,

    /// How long after a ping a silent socket is given up
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration, help_heading = "Sockets")]
    pong_timeout: Duration,

    /// How long a client may take for each step of connecting: TLS, the request, opening its session
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration, help_heading = "Sockets")]
    open_timeout: Duration,

    /// The largest message that is taken; a larger one closes the socket with 1009
    #[arg(long, value_name = "SIZE", default_value = "64KiB", value_parser = size, help_heading = "Sockets")]
    max_message: usize,

    /// How many devices (tabs, apps) of one user may be connected at a time
    #[arg(long, value_name = "COUNT", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..), help_heading = "Sockets")]
    max_devices: u16,

    /// The folder of the page that is served at /
    #[arg(long, value_name = "DIR", default_value = "./www", help_heading = "Files")]
    www: PathBuf,

    /// The folder of the built package that is served at /pkg
    #[arg(long, value_name = "DIR", default_value = "./pkg", help_heading = "Files")]
    pkg: PathBuf,

    /// How much to log to standard error; from "debug" on, ids of devices and calls, and never what users say
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub(crate) log: LogLevel,
}

/// What else the program does than to serve.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Token(token::Token),
}

impl Command {
    pub(crate) fn run(self) -> Result<(), Box<dyn std::error::Error>> {
        match self {
            Self::Token(token) => token.run(),
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogLevel {
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Off => Self::OFF,
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Trace => Self::TRACE,
        }
    }
}

impl Cli {
    /// What the command line asks for.
    ///
    /// # Errors
    /// Says which options are missing or do not go together.
    pub(crate) fn into_config(self) -> Result<Config, Box<dyn std::error::Error>> {
        let auth = self.identity.into_auth()?;
        let (ice_servers, turn) = self.ice.into_servers()?;
        let tls = match (self.tls_cert, self.tls_key) {
            (Some(certificate), Some(key)) => Some(Tls::from_files(certificate, key)?),
            (None, _) | (_, None) => None,
        };
        let rules = Rules {
            ring_timeout: millis(self.ring_timeout),
            setup_timeout: millis(self.setup_timeout),
            answer_timeout: millis(self.answer_timeout),
            reconnect_timeout: millis(self.reconnect_timeout),
            resume_in_call: millis(self.resume_timeout),
            resume: millis(self.resume_timeout_ringing),
            candidates: self.max_candidates,
            ..Rules::default()
        };
        let limits = Limits {
            open_timeout: self.open_timeout,
            ping_interval: self.ping_interval,
            pong_timeout: self.pong_timeout,
            message: self.max_message,
            devices: self.max_devices.into(),
            ..Limits::default()
        };
        Ok(Config { auth, rules, ice_servers, turn, tls, www: self.www, pkg: self.pkg, limits })
    }
}

fn millis(duration: Duration) -> Millis {
    // The longest duration that is taken is far below the bound.
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}
