//! Why the server could not start, or could not go on.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::{error, fmt, io};

/// What keeps a server from running, said so that a person knows what to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// `--auth dev` trusts whatever user id a client gives, so it serves this machine only.
    DevAuthInPublic(SocketAddr),
    /// Another program listens there.
    AddressInUse(SocketAddr),
    /// The address cannot be listened on for another reason.
    Listen(SocketAddr, io::Error),
    /// Options that do not go together.
    Options(&'static str),
    /// A file that an option names cannot be read.
    File {
        /// The option.
        option: &'static str,
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
    /// A file that an option names is not what it should be.
    Unfit {
        /// The option.
        option: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// The task that ends calls whose time is up ended, which it never should.
    TimersStopped,
    /// The operating system refused something else.
    Io(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DevAuthInPublic(address) => write!(
                formatter,
                "--auth dev lets every client say who it is, so it serves this machine only, and {address} can be \
                 reached from others; listen on 127.0.0.1 or [::1]"
            ),
            Self::AddressInUse(address) => write!(
                formatter,
                "another program listens on {address} already; stop it, or choose another address with --listen \
                 (port 0 takes any that is free)"
            ),
            Self::Listen(address, error) => {
                write!(formatter, "cannot listen on {address}: {error}; choose another address with --listen")
            }
            Self::Options(why) => formatter.write_str(why),
            Self::File { option, path, error } => {
                write!(formatter, "the file of {option}, {}, cannot be read: {error}", path.display())
            }
            Self::Unfit { option, path, why } => {
                write!(formatter, "the file of {option}, {}: {why}", path.display())
            }
            Self::TimersStopped => formatter.write_str("the timers stopped; this is a defect of the server"),
            Self::Io(error) => write!(formatter, "{error}"),
        }
    }
}

impl error::Error for StartError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Listen(_, error) | Self::File { error, .. } | Self::Io(error) => Some(error),
            Self::DevAuthInPublic(_)
            | Self::AddressInUse(_)
            | Self::Options(_)
            | Self::Unfit { .. }
            | Self::TimersStopped => None,
        }
    }
}

impl StartError {
    pub(crate) fn file(option: &'static str, path: &Path, error: io::Error) -> Self {
        Self::File { option, path: path.to_owned(), error }
    }

    pub(crate) fn unfit(option: &'static str, path: &Path, why: String) -> Self {
        Self::Unfit { option, path: path.to_owned(), why }
    }

    /// What it means that `address` could not be listened on.
    pub fn listen(address: SocketAddr, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AddrInUse => Self::AddressInUse(address),
            _ => Self::Listen(address, error),
        }
    }
}
