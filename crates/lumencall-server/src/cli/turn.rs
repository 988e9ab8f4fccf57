//! The options that say which ICE servers clients use.

use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs};

use clap::Args;
use lumencall_core::wire::{IceServer, Private};
use lumencall_server::Turn;

use super::values::{ice_url, validity};

/// Where the secret is taken from, where no file has it.
const SECRET: &str = "LUMENCALL_TURN_SECRET";

#[derive(Debug, Args)]
#[command(next_help_heading = "ICE servers")]
pub(super) struct Ice {
    /// A STUN or TURN server that clients use, like stun:stun.example.org:3478 or
    /// turn:turn.example.org?transport=tcp; may be given several times
    #[arg(long = "ice-server", value_name = "URL", value_parser = ice_url)]
    ice_servers: Vec<String>,

    /// The secret shared with the TURN servers (coturn: static-auth-secret), of which each user gets a password of their
    /// own; without it, the environment's LUMENCALL_TURN_SECRET
    #[arg(long, value_name = "FILE", conflicts_with = "ice_username")]
    turn_secret: Option<PathBuf>,

    /// How long such a password may be used to begin with
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = validity)]
    turn_ttl: Duration,

    /// The user name for the TURN servers, where one is the same for all
    #[arg(long, value_name = "NAME", requires = "ice_credential")]
    ice_username: Option<String>,

    /// The password for the TURN servers; every client gets it
    #[arg(
        long,
        value_name = "PASSWORD",
        requires = "ice_username",
        env = "LUMENCALL_ICE_CREDENTIAL",
        hide_env_values = true
    )]
    ice_credential: Option<String>,
}

impl Ice {
    /// The servers, and what makes the passwords for those of TURN.
    ///
    /// # Errors
    /// Says which options are missing or do not go together, and which file is not what it should be.
    pub(super) fn into_servers(self) -> Result<(Vec<IceServer>, Option<Turn>), String> {
        let turn_server = self.ice_servers.iter().find(|url| is_turn(url));
        let secret = self.secret()?;
        match (turn_server, &secret, &self.ice_username) {
            (Some(server), None, None) => {
                return Err(format!(
                    "{server} needs --turn-secret, or --ice-username and --ice-credential; TURN servers ask for a \
                     name and a password"
                ));
            }
            (None, Some(_), _) => {
                return Err(format!(
                    "--turn-secret and {SECRET} are for TURN servers, and no --ice-server is one"
                ));
            }
            (None, None, Some(_)) => {
                return Err("--ice-username is for TURN servers, and no --ice-server is one".to_owned());
            }
            (Some(_), Some(_), Some(_)) => {
                return Err(format!("{SECRET} and --ice-username are both given; choose one"));
            }
            (Some(_), Some(_), None) | (Some(_), None, Some(_)) | (None, None, None) => {}
        }
        let turn = secret.map(|secret| Turn::new(secret, self.turn_ttl));
        let username = self.ice_username.map(Private::new);
        let credential = self.ice_credential.map(Private::new).filter(|_| username.is_some());
        let server = |url: String| {
            let (username, credential) =
                if is_turn(&url) { (username.clone(), credential.clone()) } else { (None, None) };
            IceServer { urls: vec![url.into()], username, credential }
        };
        Ok((self.ice_servers.into_iter().map(server).collect(), turn))
    }

    /// The secret; where a file has it, without the spaces and line ends around it, which coturn's has not either.
    fn secret(&self) -> Result<Option<Private>, String> {
        let (from, secret) = match &self.turn_secret {
            Some(path) => {
                let from = format!("the file of --turn-secret, {},", path.display());
                let text =
                    fs::read_to_string(path).map_err(|error| format!("{from} cannot be read: {error}"))?;
                (from, text)
            }
            None => match env::var(SECRET) {
                Ok(secret) if !secret.is_empty() => (SECRET.to_owned(), secret),
                Ok(_) | Err(env::VarError::NotPresent) => return Ok(None),
                Err(env::VarError::NotUnicode(_)) => return Err(format!("{SECRET} is no text")),
            },
        };
        match secret.trim() {
            "" => Err(format!("{from} holds no secret")),
            secret if secret.contains(['\n', '\r']) => {
                Err(format!("{from} should hold one line, the secret"))
            }
            secret => Ok(Some(Private::new(secret))),
        }
    }
}

fn is_turn(url: &str) -> bool {
    url.starts_with("turn")
}
