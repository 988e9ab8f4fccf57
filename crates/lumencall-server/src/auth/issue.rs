//! How a token is made.

use std::path::PathBuf;
use std::time::Duration;

use jsonwebtoken::{Header, encode};
use lumencall_core::UserId;
use serde_json::{Map, Value};

use super::tokens::now;
use super::{Algorithm, crypto, key};
use crate::{StartError, fresh};

/// The token that is asked for.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    /// Whose it is to be.
    pub user: UserId,
    /// For how long it is to be good, in whole seconds.
    pub ttl: Duration,
    /// The key to sign with: a secret for HS256, or a private key in PEM.
    pub key: PathBuf,
    /// How to sign. The file says so by itself.
    pub algorithm: Option<Algorithm>,
    /// For whom it is to be.
    pub audience: Option<String>,
    /// Who is to have issued it.
    pub issuer: Option<String>,
}

/// Makes a token. It has an id of its own, by which it can be revoked.
///
/// # Errors
/// Says what is wrong with the key.
pub fn issue(request: TokenRequest) -> Result<String, StartError> {
    crypto::install();
    let TokenRequest { user, ttl, key, algorithm, audience, issuer } = request;
    let (algorithm, signing) = key::signing(&key, algorithm)?;
    let issued = now();
    let mut claims = Map::new();
    let mut claim = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    claim("sub", user.as_str().into());
    claim("iat", issued.into());
    claim("exp", issued.saturating_add(ttl.as_secs()).into());
    claim("jti", fresh::token_id().into());
    for (name, value) in [("aud", audience), ("iss", issuer)] {
        if let Some(value) = value {
            claim(name, value.into());
        }
    }
    encode(&Header::new(algorithm.to_jwt()), &claims, &signing)
        .map_err(|error| StartError::unfit("--key", &key, format!("it cannot sign: {error}")))
}
