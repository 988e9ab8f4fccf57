//! The command line.

mod values;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use lumencall_core::Millis;
use lumencall_core::machine::Rules;
use lumencall_core::wire::{IceServer, Private};
use lumencall_server::{Auth, Config, Limits};
use tracing_subscriber::filter::LevelFilter;
use values::{address, duration, ice_url, size};

/// The signaling server of lumencall: it connects the calls of your users' browsers, and serves the demo page.
///
/// To try it on your own machine:
///
///     lumencall-server --auth dev
///
/// Then open http://127.0.0.1:8080 in two tabs. Durations are written like 500ms, 60s or 2m.
#[derive(Debug, Parser)]
#[command(version, verbatim_doc_comment)]
pub(crate) struct Cli {
    /// The address and port to listen on; port 0 takes any that is free
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080", value_parser = address)]
    pub(crate) listen: SocketAddr,

    /// How users prove who they are: "dev" believes ?userId=NAME, for this machine only
    #[arg(long, value_name = "HOW")]
    auth: Option<AuthKind>,

    /// A STUN or TURN server that clients use, like stun:stun.example.org:3478 or
    /// turn:turn.example.org?transport=tcp; may be given several times
    #[arg(long = "ice-server", value_name = "URL", value_parser = ice_url, help_heading = "ICE servers")]
    ice_servers: Vec<String>,

    /// The user name for the TURN servers
    #[arg(long, value_name = "NAME", requires = "ice_credential", help_heading = "ICE servers")]
    ice_username: Option<String>,

    /// The password for the TURN servers; every client gets it
    #[arg(
        long,
        value_name = "PASSWORD",
        requires = "ice_username",
        env = "LUMENCALL_ICE_CREDENTIAL",
        hide_env_values = true,
        help_heading = "ICE servers"
    )]
    ice_credential: Option<String>,

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

    /// How many ICE candidates one side may send with one description, at most 200
    #[arg(long, value_name = "COUNT", default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=200), help_heading = "Calls")]
    max_candidates: u16,

    /// How often an open socket is pinged
    #[arg(long, value_name = "TIME", default_value = "25s", value_parser = duration, help_heading = "Sockets")]
    ping_interval: Duration,

    /// How long after a ping a silent socket is given up
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration, help_heading = "Sockets")]
    pong_timeout: Duration,

    /// How long a client may take to open its session
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

#[derive(Clone, Copy, Debug, ValueEnum)]
enum AuthKind {
    Dev,
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
    pub(crate) fn into_config(self) -> Result<Config, String> {
        let auth = match self.auth {
            Some(AuthKind::Dev) => Auth::Dev,
            None => {
                return Err(
                    "say how users prove who they are; --auth dev believes whatever name a client gives, \
                            and is for this machine only"
                        .to_owned(),
                );
            }
        };
        let ice_servers = ice_servers(self.ice_servers, self.ice_username, self.ice_credential)?;
        let rules = Rules {
            ring_timeout: millis(self.ring_timeout),
            setup_timeout: millis(self.setup_timeout),
            answer_timeout: millis(self.answer_timeout),
            reconnect_timeout: millis(self.reconnect_timeout),
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
        Ok(Config { auth, rules, ice_servers, www: self.www, pkg: self.pkg, limits })
    }
}

fn ice_servers(
    urls: Vec<String>,
    username: Option<String>,
    credential: Option<String>,
) -> Result<Vec<IceServer>, String> {
    let is_turn = |url: &String| url.starts_with("turn");
    let (username, credential) = (username.map(Private::new), credential.map(Private::new));
    match urls.iter().find(|url| is_turn(url)) {
        Some(turn) if username.is_none() => {
            return Err(format!(
                "{turn} needs --ice-username and --ice-credential; TURN servers ask for both"
            ));
        }
        None if username.is_some() => {
            return Err("--ice-username is for TURN servers, and no --ice-server is one".to_owned());
        }
        Some(_) | None => {}
    }
    let server = |url: String| {
        let (username, credential) =
            if is_turn(&url) { (username.clone(), credential.clone()) } else { (None, None) };
        IceServer { urls: vec![url.into()], username, credential }
    };
    Ok(urls.into_iter().map(server).collect())
}

fn millis(duration: Duration) -> Millis {
    // The longest duration that is taken is far below the bound.
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}
