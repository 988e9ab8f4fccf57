//! Whether a token is good (JWT: RFC 7519; how to take one with care: RFC 8725).

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{DecodingKey, Header, Validation, decode, decode_header};
use lumencall_core::UserId;
use serde_json::{Map, Value};

use super::jwks::Jwks;
use super::revoked::{Bearer, RevokedFile};
use super::{Algorithm, AllowedOrigin, Credential, Denied, JwksUrl, crypto, key};
use crate::StartError;

/// The longest token that is looked at, in bytes.
const LONGEST: usize = 8 * 1024;

/// Where the keys are that verify tokens.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// In a file: a secret for HS256, or a public key in PEM.
    File(PathBuf),
    /// With their issuer.
    Jwks(JwksUrl),
}

/// What tokens have to be like.
#[derive(Clone, Debug)]
pub struct TokenOptions {
    /// Where the keys are.
    pub keys: KeySource,
    /// How tokens are signed. A file says so by itself, an issuer does not.
    pub algorithm: Option<Algorithm>,
    /// For whom tokens are. Where none is given, a token that names somebody is refused.
    pub audience: Option<String>,
    /// Who issues tokens.
    pub issuer: Option<String>,
    /// By how much clocks may differ.
    pub leeway: Duration,
    /// The list of what was revoked.
    pub revoked: Option<PathBuf>,
    /// The pages that may connect.
    pub origins: Vec<AllowedOrigin>,
}

impl TokenOptions {
    /// Tokens that are verified with these keys, with clocks that differ by 30 s at most; no page may connect.
    pub fn new(keys: KeySource) -> Self {
        Self {
            keys,
            algorithm: None,
            audience: None,
            issuer: None,
            leeway: Duration::from_secs(30),
            revoked: None,
            origins: Vec::new(),
        }
    }
}

/// What tells good tokens from others.
pub struct Tokens {
    keys: Keys,
    validation: Validation,
    algorithm: Algorithm,
    leeway: Duration,
    revoked: Option<RevokedFile>,
    origins: Vec<AllowedOrigin>,
}

enum Keys {
    One(DecodingKey),
    Jwks(Box<Jwks>),
}

impl fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tokens").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

impl Tokens {
    /// Reads the files that the options name. An issuer's keys are fetched later.
    ///
    /// # Errors
    /// Says which file cannot be read, or is not what it should be.
    pub fn new(options: TokenOptions) -> Result<Self, StartError> {
        crypto::install();
        let TokenOptions { keys, algorithm, audience, issuer, leeway, revoked, origins } = options;
        let (algorithm, keys) = match (keys, algorithm) {
            (KeySource::File(path), wanted) => {
                let (algorithm, key) = key::verifying(&path, wanted)?;
                (algorithm, Keys::One(key))
            }
            (KeySource::Jwks(_), None) => {
                return Err(StartError::Options("--jwks needs --algorithm: RS256, ES256 or EdDSA"));
            }
            (KeySource::Jwks(_), Some(Algorithm::Hs256)) => {
                return Err(StartError::Options(
                    "--jwks is for public keys, and HS256 has none; use RS256, ES256 or EdDSA",
                ));
            }
            (
                KeySource::Jwks(url),
                Some(algorithm @ (Algorithm::Rs256 | Algorithm::Es256 | Algorithm::EdDsa)),
            ) => (algorithm, Keys::Jwks(Box::new(Jwks::new(url, algorithm)))),
        };

        let mut validation = Validation::new(algorithm.to_jwt());
        validation.leeway = leeway.as_secs();
        validation.validate_nbf = true;
        let mut required = vec!["exp", "sub"];
        if let Some(audience) = audience {
            validation.set_audience(&[audience]);
            required.push("aud");
        }
        if let Some(issuer) = issuer {
            validation.set_issuer(&[issuer]);
            required.push("iss");
        }
        validation.set_required_spec_claims(&required);
        let revoked = revoked.map(RevokedFile::open).transpose()?;
        Ok(Self { keys, validation, algorithm, leeway, revoked, origins })
    }

    /// The pages that may connect.
    pub(super) fn origins(&self) -> &[AllowedOrigin] {
        &self.origins
    }

    /// Whose token it is, and for how long.
    pub(super) async fn verify(&self, token: &str) -> Result<Credential, Denied> {
        if token.len() > LONGEST {
            return Err(Denied::User("the token is longer than 8192 bytes"));
        }
        let header = self.header(token)?;
        let claims = match &self.keys {
            Keys::One(key) => self.claims(token, key)?,
            Keys::Jwks(jwks) => self.claims(token, &jwks.key(header.kid.as_deref()).await?)?,
        };
        self.credential(&claims)
    }

    /// Follows the list of what was revoked, after a first look at the issuer's keys. Never returns.
    pub(super) async fn keep_watch(&self) {
        match &self.keys {
            Keys::One(_) => {}
            Keys::Jwks(jwks) => jwks.prepare().await,
        }
        match &self.revoked {
            Some(revoked) => revoked.keep_watch().await,
            None => std::future::pending().await,
        }
    }

    /// The head of the token, which is not believed yet. That its `alg` is the server's is seen here, so that no key is
    /// looked for where it is not.
    fn header(&self, token: &str) -> Result<Header, Denied> {
        // An `alg` that the library does not know, `none` before all, is no header to it; which of the two it is helps
        // whoever reads the sentence.
        let header = decode_header(token).map_err(|error| match error.kind() {
            ErrorKind::Json(_) => ALGORITHM,
            _ => NOT_A_TOKEN,
        })?;
        if header.alg != self.algorithm.to_jwt() {
            return Err(ALGORITHM);
        }
        if header.crit.is_some() {
            return Err(Denied::User("the token's `crit` asks for what this server does not know"));
        }
        Ok(header)
    }

    fn claims(&self, token: &str, key: &DecodingKey) -> Result<Map<String, Value>, Denied> {
        let claims = decode::<Map<String, Value>>(token, key, &self.validation)
            .map_err(|error| denied(&error))?
            .claims;
        // The library lets an audience of a wrong type pass where none is asked for.
        if self.validation.aud.is_none() && claims.get("aud").is_some_and(|audience| !audience.is_null()) {
            return Err(AUDIENCE);
        }
        Ok(claims)
    }

    fn credential(&self, claims: &Map<String, Value>) -> Result<Credential, Denied> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let user = text("sub").and_then(UserId::new);
        let user =
            user.ok_or(Denied::User("the token's `sub`, the user, must be a text of 1 to 128 bytes"))?;
        let expires = claims.get("exp").and_then(seconds);
        let expires = expires.ok_or(Denied::User("the token needs `exp`, seconds since 1970"))?;
        let bearer = Bearer {
            user: user.as_str().into(),
            id: text("jti").map(Into::into),
            issued: claims.get("iat").and_then(seconds),
        };
        let left = Duration::from_secs(expires.saturating_sub(now()));
        let credential = Credential::of_token(user, left, self.leeway);
        match &self.revoked {
            Some(revoked) => {
                let list = revoked.follow();
                if list.borrow().names(&bearer) {
                    return Err(Denied::User("the token was revoked"));
                }
                Ok(credential.revocable(bearer, list))
            }
            None => Ok(credential),
        }
    }
}

const NOT_A_TOKEN: Denied =
    Denied::User("the token is no JSON Web Token: three parts in base64url, with dots between them");
const ALGORITHM: Denied =
    Denied::User("the token's `alg` is not the one that this server takes (--algorithm)");
const AUDIENCE: Denied = Denied::User("the token's `aud` is not this server's audience (--audience)");

/// What is wrong with the token, for its developer.
fn denied(error: &Error) -> Denied {
    match error.kind() {
        ErrorKind::InvalidSignature => {
            Denied::User("the token's signature is not by this server's key, or the token was changed")
        }
        ErrorKind::ExpiredSignature => Denied::User("the token has expired; get a new one"),
        ErrorKind::ImmatureSignature => {
            Denied::User("the token is not valid yet (`nbf`); compare the clocks")
        }
        ErrorKind::InvalidAudience => AUDIENCE,
        ErrorKind::InvalidIssuer => {
            Denied::User("the token's `iss` is not the issuer that this server takes (--issuer)")
        }
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => ALGORITHM,
        ErrorKind::MissingRequiredClaim(claim) => match claim.as_str() {
            "exp" => Denied::User(
                "the token needs `exp`, seconds since 1970: this server takes none that lasts for ever",
            ),
            "sub" => Denied::User("the token needs `sub`, the user: a text of 1 to 128 bytes"),
            "aud" => AUDIENCE,
            "iss" => {
                Denied::User("the token needs `iss`, since this server takes one issuer's alone (--issuer)")
            }
            _ => NOT_A_TOKEN,
        },
        ErrorKind::InvalidClaimFormat(_) => {
            Denied::User("a time in the token is no number of seconds since 1970")
        }
        // The rest are errors of its form; that the key itself is sound was seen when it was read.
        _ => NOT_A_TOKEN,
    }
}

/// A time of a token (`NumericDate`: RFC 7519, 2), without the part of a second.
fn seconds(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        let time = value.as_f64().filter(|time| (0.0..9e15).contains(time))?;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within the bounds")]
        Some(time as u64)
    })
}

/// The time by the wall clock, in seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
