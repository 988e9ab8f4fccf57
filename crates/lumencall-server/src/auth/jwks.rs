//! The keys that an issuer of tokens publishes (JWK Set: RFC 7517, 5).

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex as StdMutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::Uri;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tracing::{info, warn};

use super::fetch::Document;
use super::{Algorithm, Denied};

/// How old the keys may get before they are fetched again, so that one that was withdrawn counts no longer.
const LIFE: Duration = Duration::from_secs(10 * 60);

/// The shortest time between two fetches: anybody can send a token with a `kid` that nobody knows.
const PAUSE: Duration = Duration::from_secs(10);

/// Where an issuer publishes its keys.
#[derive(Clone, Debug)]
pub struct JwksUrl {
    document: Document,
    pause: Duration,
}

impl JwksUrl {
    /// The same, with another time between two fetches than 10 s.
    #[must_use]
    pub fn with_pause(self, pause: Duration) -> Self {
        Self { pause, ..self }
    }
}

impl FromStr for JwksUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let uri = text.parse::<Uri>().map_err(|_| "it should be a URL".to_owned())?;
        Ok(Self { document: Document::new(uri)?, pause: PAUSE })
    }
}

/// The keys of an issuer for one algorithm, as they were when they were fetched last. Where they cannot be fetched, those
/// that were there stay.
#[derive(Debug)]
pub(super) struct Jwks {
    url: JwksUrl,
    algorithm: Algorithm,
    /// Nothing awaits while it is held, and it is replaced whole: a poisoned lock is taken all the same.
    known: StdMutex<Known>,
    /// Held while the keys are fetched, 5 s at most, so that one fetch serves all who wait for it.
    fetching: Mutex<()>,
}

#[derive(Clone, Debug, Default)]
struct Known {
    keys: Arc<[Key]>,
    fetched: Option<Instant>,
    tried: Option<Instant>,
}

#[derive(Clone)]
struct Key {
    id: Option<Box<str>>,
    key: DecodingKey,
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Key").finish_non_exhaustive()
    }
}

impl Jwks {
    pub(super) fn new(url: JwksUrl, algorithm: Algorithm) -> Self {
        Self { url, algorithm, known: StdMutex::default(), fetching: Mutex::default() }
    }

    /// The key that a token with this `kid` was signed with.
    pub(super) async fn key(&self, kid: Option<&str>) -> Result<DecodingKey, Denied> {
        let mut known = self.lock().clone();
        if known.fetched.is_none_or(|fetched| fetched.elapsed() >= LIFE) {
            known = self.refresh(known.tried).await;
        }
        if let Some(key) = known.find(kid)? {
            return Ok(key);
        }
        // The issuer may have begun to sign with a new key.
        known = self.refresh(known.tried).await;
        match known.find(kid)? {
            Some(key) => Ok(key),
            None if known.fetched.is_none() => Err(Denied::NotNow(
                "the keys of the tokens' issuer cannot be fetched at the moment; try again",
            )),
            None if kid.is_some() => Err(Denied::User(
                "the token's `kid` names none of the issuer's keys for this server's algorithm",
            )),
            None => Err(Denied::User("the issuer has no key for this server's algorithm")),
        }
    }

    /// Fetches the keys, unless that was done or tried after `since`, or only just before.
    async fn refresh(&self, since: Option<Instant>) -> Known {
        let _alone = self.fetching.lock().await;
        let known = self.lock().clone();
        if known.tried != since || known.tried.is_some_and(|tried| tried.elapsed() < self.url.pause) {
            return known;
        }
        let fetched = self.url.document.fetch().await.map_err(|failure| failure.to_string());
        let keys = fetched.and_then(|text| {
            read(&text, self.algorithm).ok_or_else(|| "the answer is no JWK Set".to_owned())
        });
        let now = Instant::now();
        let mut known = self.lock();
        known.tried = Some(now);
        match keys {
            Ok(keys) => {
                info!(keys = keys.len(), "the keys of the tokens' issuer have been fetched");
                known.keys = keys;
                known.fetched = Some(now);
            }
            Err(why) => {
                warn!(why, "the keys of the tokens' issuer cannot be fetched; those that are known count")
            }
        }
        known.clone()
    }

    /// Fetches the keys for the first time, so that whoever starts the server learns at once where that fails.
    pub(super) async fn prepare(&self) {
        self.refresh(None).await;
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// The key of this name. A token that names none is taken for one of the only key that there is.
    fn find(&self, kid: Option<&str>) -> Result<Option<DecodingKey>, Denied> {
        let found = match (kid, &*self.keys) {
            (Some(kid), keys) => keys.iter().find(|key| key.id.as_deref() == Some(kid)),
            (None, [only]) => Some(only),
            (None, []) => None,
            (None, [_, ..]) => {
                return Err(Denied::User("the token names no `kid`, and its issuer has several keys"));
            }
        };
        Ok(found.map(|found| found.key.clone()))
    }
}

/// The keys in the document that are for this algorithm. Others, and those that are not understood, are left out.
fn read(document: &[u8], algorithm: Algorithm) -> Option<Arc<[Key]>> {
    let document = serde_json::from_slice::<Value>(document).ok()?;
    let keys = document.get("keys")?.as_array()?;
    let keys = keys.iter().filter_map(|key| serde_json::from_value::<Jwk>(key.clone()).ok());
    Some(keys.filter_map(|key| usable(&key, algorithm)).collect())
}

fn usable(jwk: &Jwk, algorithm: Algorithm) -> Option<Key> {
    let is_of_the_kind = match (&jwk.algorithm, algorithm) {
        (AlgorithmParameters::RSA(_), Algorithm::Rs256) => true,
        (AlgorithmParameters::EllipticCurve(key), Algorithm::Es256) => key.curve == EllipticCurve::P256,
        (AlgorithmParameters::OctetKeyPair(key), Algorithm::EdDsa) => key.curve == EllipticCurve::Ed25519,
        // Another kind, or a secret, which is none once it is published.
        (_, Algorithm::Hs256 | Algorithm::Rs256 | Algorithm::Es256 | Algorithm::EdDsa) => false,
    };
    let is_for_signatures = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
    let says_so = match (jwk.common.key_algorithm, algorithm) {
        (None, _) => true,
        (Some(said), Algorithm::Rs256) => said == KeyAlgorithm::RS256,
        (Some(said), Algorithm::Es256) => said == KeyAlgorithm::ES256,
        (Some(said), Algorithm::EdDsa) => said == KeyAlgorithm::EdDSA,
        (Some(_), Algorithm::Hs256) => false,
    };
    if !(is_of_the_kind && is_for_signatures && says_so) {
        return None;
    }
    let key = DecodingKey::from_jwk(jwk).ok()?;
    Some(Key { id: jwk.common.key_id.as_deref().map(Into::into), key })
}
