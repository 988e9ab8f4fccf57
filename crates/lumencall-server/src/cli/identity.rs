//! The options that say who users are.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use lumencall_server::{
    Algorithm, AllowedOrigin, Auth, JwksUrl, KeySource, StartError, TokenOptions, Tokens,
};

use super::values::leeway;

#[derive(Debug, Args)]
#[command(next_help_heading = "Identity")]
pub(super) struct Identity {
    /// How users prove who they are: "jwt" by a JSON Web Token, "dev" not at all: it believes ?userId=NAME, for this
    /// machine only
    #[arg(long, value_name = "HOW")]
    auth: Option<AuthKind>,

    /// The key that verifies tokens: a secret of at least 32 bytes for HS256, or a PEM public key of RSA, P-256 or Ed25519
    #[arg(long, value_name = "FILE", conflicts_with = "jwks")]
    key: Option<PathBuf>,

    /// Where the tokens' issuer publishes its keys; fetched again when a token names a new one
    #[arg(long, value_name = "URL")]
    jwks: Option<JwksUrl>,

    /// How tokens are signed; needed with --jwks, while a key says so by itself
    #[arg(long, value_name = "NAME", ignore_case = true)]
    algorithm: Option<AlgorithmName>,

    /// For whom tokens must be (aud); without it, a token that names anybody is refused
    #[arg(long, value_name = "NAME")]
    audience: Option<String>,

    /// Who must have issued tokens (iss)
    #[arg(long, value_name = "NAME")]
    issuer: Option<String>,

    /// By how much the clocks of who issues tokens and of this server may differ [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = leeway)]
    leeway: Option<Duration>,

    /// The list of tokens and users that are good no longer; read again when it changes
    #[arg(long, value_name = "FILE")]
    revoked: Option<PathBuf>,

    /// The origin of pages that may connect, like https://app.example.com; may be given several times
    #[arg(long = "allow-origin", value_name = "ORIGIN")]
    origins: Vec<AllowedOrigin>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum AuthKind {
    Jwt,
    Dev,
}

/// The algorithms by their names in tokens.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum AlgorithmName {
    #[value(name = "HS256")]
    Hs256,
    #[value(name = "RS256")]
    Rs256,
    #[value(name = "ES256")]
    Es256,
    #[value(name = "EdDSA")]
    EdDsa,
}

impl From<AlgorithmName> for Algorithm {
    fn from(name: AlgorithmName) -> Self {
        match name {
            AlgorithmName::Hs256 => Self::Hs256,
            AlgorithmName::Rs256 => Self::Rs256,
            AlgorithmName::Es256 => Self::Es256,
            AlgorithmName::EdDsa => Self::EdDsa,
        }
    }
}

impl Identity {
    /// How users prove who they are.
    ///
    /// # Errors
    /// Says which options are missing or do not go together, and which file is not what it should be.
    pub(super) fn into_auth(self) -> Result<Auth, StartError> {
        let given = self.given();
        match self.auth {
            Some(AuthKind::Dev) => match given {
                Some(option) => Err(StartError::Options(option)),
                None => Ok(Auth::Dev),
            },
            Some(AuthKind::Jwt) => {
                let keys = match (self.key, self.jwks) {
                    (Some(path), _) => KeySource::File(path),
                    (None, Some(url)) => KeySource::Jwks(url),
                    (None, None) => {
                        return Err(StartError::Options(
                            "--auth jwt needs the key that verifies tokens: --key FILE, or --jwks URL",
                        ));
                    }
                };
                let mut options = TokenOptions::new(keys);
                options.algorithm = self.algorithm.map(Into::into);
                options.audience = self.audience;
                options.issuer = self.issuer;
                options.leeway = self.leeway.unwrap_or(options.leeway);
                options.revoked = self.revoked;
                options.origins = self.origins;
                Ok(Auth::Jwt(Arc::new(Tokens::new(options)?)))
            }
            None => Err(StartError::Options(
                "say how users prove who they are: --auth jwt with --key FILE or --jwks URL takes tokens; --auth dev \
                 believes whatever name a client gives, and is for this machine only",
            )),
        }
    }

    /// What is said where an option for tokens is given and tokens are not what users prove by.
    fn given(&self) -> Option<&'static str> {
        [
            (self.key.is_some(), "--key is for --auth jwt; --auth dev takes no tokens"),
            (self.jwks.is_some(), "--jwks is for --auth jwt; --auth dev takes no tokens"),
            (self.algorithm.is_some(), "--algorithm is for --auth jwt; --auth dev takes no tokens"),
            (self.audience.is_some(), "--audience is for --auth jwt; --auth dev takes no tokens"),
            (self.issuer.is_some(), "--issuer is for --auth jwt; --auth dev takes no tokens"),
            (self.leeway.is_some(), "--leeway is for --auth jwt; --auth dev takes no tokens"),
            (self.revoked.is_some(), "--revoked is for --auth jwt; --auth dev takes no tokens"),
            (
                !self.origins.is_empty(),
                "--allow-origin is for --auth jwt; with --auth dev only pages of this machine may connect",
            ),
        ]
        .into_iter()
        .find_map(|(is_given, said)| is_given.then_some(said))
    }
}
