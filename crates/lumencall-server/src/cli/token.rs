//! `lumencall-server token`.

use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use lumencall_core::UserId;
use lumencall_server::{TokenRequest, issue};

use super::identity::AlgorithmName;
use super::values::validity;

/// Makes a token for a user and prints it: to try things, or for an app's own server to call
#[derive(Debug, Args)]
pub(crate) struct Token {
    /// Whose token it is
    #[arg(long, value_name = "NAME", value_parser = user)]
    user: UserId,

    /// For how long it is good
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = validity)]
    ttl: Duration,

    /// The key to sign with: the server's secret for HS256, or the private key in PEM to the server's public one
    #[arg(long, value_name = "FILE")]
    key: PathBuf,

    /// How to sign; the key says so by itself
    #[arg(long, value_name = "NAME", ignore_case = true)]
    algorithm: Option<AlgorithmName>,

    /// For whom it is (aud)
    #[arg(long, value_name = "NAME")]
    audience: Option<String>,

    /// Who issues it (iss)
    #[arg(long, value_name = "NAME")]
    issuer: Option<String>,
}

impl Token {
    pub(super) fn run(self) -> Result<(), Box<dyn Error>> {
        let token = issue(TokenRequest {
            user: self.user,
            ttl: self.ttl,
            key: self.key,
            algorithm: self.algorithm.map(Into::into),
            audience: self.audience,
            issuer: self.issuer,
        })?;
        writeln!(std::io::stdout(), "{token}")?;
        Ok(())
    }
}

fn user(text: &str) -> Result<UserId, String> {
    UserId::new(text).ok_or("it should have 1 to 128 bytes".to_owned())
}
