//! What the tests of identity share: keys, tokens made by hand, and files of a test's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lumencall_server::{Auth, Config, KeySource, TokenOptions, Tokens};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Error;

use crate::harness::{Client, TestServer};

pub(crate) const SECRET: &str = "a secret of the tests, long enough for HS256";
/// A key of the tests alone, which protects nothing.
pub(crate) const RSA: &str = include_str!("keys/rsa.pem");
pub(crate) const RSA_PUBLIC: &str = include_str!("keys/rsa.pub.pem");
pub(crate) const OTHER_RSA_PUBLIC: &str = include_str!("keys/other-rsa.pub.pem");

/// A folder of its own for a test; it goes when the test ends.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("lumencall-auth-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Writes a file, and returns its path.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// What signs tokens. Nothing of it is the server's own code.
pub(crate) enum Signer {
    /// Any bytes as the secret of HS256.
    Secret(Vec<u8>),
    Rsa(Box<RsaKeyPair>),
    Ec(EcdsaKeyPair, KeyPair),
    Ed(Ed25519KeyPair, KeyPair),
    /// `none`: no signature at all.
    Nobody,
}

impl Signer {
    pub(crate) fn secret() -> Self {
        Self::Secret(SECRET.into())
    }

    pub(crate) fn rsa() -> Self {
        let der = pem_content(RSA);
        Self::Rsa(Box::new(RsaKeyPair::from_pkcs8(&der).unwrap()))
    }

    pub(crate) fn ec() -> Self {
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let der = pair.serialize_der();
        let signing = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der, &SystemRandom::new());
        Self::Ec(signing.unwrap(), pair)
    }

    pub(crate) fn ed() -> Self {
        let pair = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        Self::Ed(Ed25519KeyPair::from_pkcs8_maybe_unchecked(&pair.serialize_der()).unwrap(), pair)
    }

    pub(crate) const fn algorithm(&self) -> &'static str {
        match self {
            Self::Secret(_) => "HS256",
            Self::Rsa(_) => "RS256",
            Self::Ec(..) => "ES256",
            Self::Ed(..) => "EdDSA",
            Self::Nobody => "none",
        }
    }

    /// What a server verifies with, as a file.
    pub(crate) fn public(&self) -> String {
        match self {
            Self::Secret(secret) => String::from_utf8(secret.clone()).unwrap(),
            Self::Rsa(_) => RSA_PUBLIC.to_owned(),
            Self::Ec(_, pair) | Self::Ed(_, pair) => pair.public_key_pem(),
            Self::Nobody => String::new(),
        }
    }

    /// The public key as a JWK.
    pub(crate) fn jwk(&self, kid: &str) -> Value {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Ec(_, pair) => {
                let point = pair.public_key_raw();
                json!({
                    "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid,
                    "x": encode(&point[1..33]), "y": encode(&point[33..]),
                })
            }
            Self::Ed(_, pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "kid": kid, "x": encode(pair.public_key_raw()) })
            }
            Self::Rsa(pair) => {
                let public = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(pair.public());
                json!({ "kty": "RSA", "kid": kid, "n": encode(&public.n), "e": encode(&public.e) })
            }
            Self::Secret(secret) => json!({ "kty": "oct", "kid": kid, "k": encode(secret) }),
            Self::Nobody => json!({}),
        }
    }

    /// A token with these claims.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.sign_as(&json!({ "alg": self.algorithm(), "typ": "JWT" }), claims)
    }

    /// A token with this header, whatever it says, and these claims.
    pub(crate) fn sign_as(&self, header: &Value, claims: &Value) -> String {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let message =
            format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
        let signature = match self {
            Self::Secret(secret) => {
                hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes()).as_ref().to_vec()
            }
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature)
                    .unwrap();
                signature
            }
            Self::Ec(pair, _) => {
                pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap().as_ref().to_vec()
            }
            Self::Ed(pair, _) => pair.sign(message.as_bytes()).as_ref().to_vec(),
            Self::Nobody => Vec::new(),
        };
        format!("{message}.{}", encode(&signature))
    }
}

fn pem_content(pem: &str) -> Vec<u8> {
    let lines = pem.lines().filter(|line| !line.starts_with('-')).collect::<String>();
    base64::engine::general_purpose::STANDARD.decode(lines).unwrap()
}

/// The time, in seconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_secs().try_into().unwrap()
}

/// The claims of a good token, with these added or in their place.
pub(crate) fn claims(user: &str, others: Value) -> Value {
    let mut claims = json!({ "sub": user, "iat": now(), "exp": now() + 600 });
    claims.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
    claims
}

/// A server that takes tokens of this signer.
pub(crate) async fn server(signer: &Signer, adjust: impl FnOnce(&mut TokenOptions)) -> TestServer {
    server_with(signer, adjust, |_| {}).await
}

pub(crate) async fn server_with(
    signer: &Signer,
    adjust: impl FnOnce(&mut TokenOptions),
    configure: impl FnOnce(&mut Config),
) -> TestServer {
    let folder = Folder::new();
    let mut options = TokenOptions::new(KeySource::File(folder.file("key", signer.public())));
    adjust(&mut options);
    let tokens = Tokens::new(options).unwrap();
    TestServer::start_with(|config| {
        config.auth = Auth::Jwt(Arc::new(tokens));
        config.rules.resume = 100;
        configure(config);
    })
    .await
}

/// How a token is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) enum By {
    /// Beside `lumencall.1`, as the SDK does.
    Sdk,
    /// Beside `lumencall.seed`, as a page without the SDK does.
    Seed,
    /// In `Authorization`, as what is no browser does.
    Bearer,
}

impl By {
    pub(crate) async fn open(self, server: &TestServer, user: &str, token: &str) -> Result<Client, Error> {
        let header = match self {
            Self::Sdk => ("sec-websocket-protocol", format!("lumencall.1, lumencall.token.{token}")),
            Self::Seed => ("sec-websocket-protocol", format!("lumencall.token.{token},lumencall.seed")),
            Self::Bearer => ("authorization", format!("Bearer {token}")),
        };
        Client::asking(server.address, user, "/ws", &[(header.0, &header.1)], false).await
    }
}

/// A client of the SDK's dialect with this token, its session open.
pub(crate) async fn sdk(server: &TestServer, user: &str, token: &str) -> Client {
    let mut client = By::Sdk.open(server, user, token).await.unwrap();
    client.send("session:open", json!({})).await;
    client.welcome = client.expect("session:welcome").await;
    client
}

/// The sentence by which a token is refused, which is the same whichever way it is shown.
pub(crate) async fn refusal(server: &TestServer, token: &str) -> String {
    let mut client = By::Sdk.open(server, "nobody", token).await.unwrap();
    assert_eq!(client.subprotocol.as_deref(), Some("lumencall.1"));
    let error = client.expect_error("unauthorized").await;
    assert_eq!(client.closed().await, 4505);
    let said = error["message"].as_str().unwrap().to_owned();
    for by in [By::Seed, By::Bearer] {
        let Err(Error::Http(response)) = by.open(server, "nobody", token).await.map(|_| ()) else {
            panic!("{by:?}: {token} is taken")
        };
        let body = String::from_utf8(response.body().clone().unwrap_or_default()).unwrap();
        assert_eq!((response.status().as_u16(), body.trim_end()), (401, &*said), "{by:?}");
    }
    for part in token.split('.').filter(|part| part.len() > 3) {
        assert!(!said.contains(part), "{said}");
    }
    said
}
