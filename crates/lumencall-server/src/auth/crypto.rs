//! The signatures of tokens, by ring: what `jsonwebtoken` is given to sign and to verify with.
//!
//! The same crate serves TLS and the passwords for TURN, so the server has one implementation of each primitive.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind, Result, new_error};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents, UnparsedPublicKey,
};
use signature::{Signer, Verifier};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    // What these do, to make a JWK of a key, is never asked for here.
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes these the process's. Where the program around this server has chosen others already, those do.
pub(super) fn install() {
    let _ = PROVIDER.install_default();
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    Ok(Box::new(Signing { algorithm: *algorithm, key: SigningKey::new(*algorithm, key)? }))
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    if family(*algorithm)? == key.family() {
        Ok(Box::new(Verifying { algorithm: *algorithm, key: key.clone() }))
    } else {
        Err(new_error(ErrorKind::InvalidKeyFormat))
    }
}

/// The family of an algorithm that is served here.
fn family(algorithm: Algorithm) -> Result<AlgorithmFamily> {
    match algorithm {
        Algorithm::HS256 => Ok(AlgorithmFamily::Hmac),
        Algorithm::RS256 => Ok(AlgorithmFamily::Rsa),
        Algorithm::ES256 => Ok(AlgorithmFamily::Ec),
        Algorithm::EdDSA => Ok(AlgorithmFamily::Ed),
        _ => Err(new_error(ErrorKind::UnsupportedAlgorithm)),
    }
}

struct Verifying {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl JwtVerifier for Verifying {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl Verifier<Vec<u8>> for Verifying {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), signature::Error> {
        let family = family(self.algorithm).map_err(|_| signature::Error::new())?;
        let verified = match (family, self.key.kind()) {
            (AlgorithmFamily::Hmac, DecodingKeyKind::SecretOrDer(secret)) => {
                hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, secret), message, signature)
            }
            (AlgorithmFamily::Rsa, DecodingKeyKind::SecretOrDer(key)) => {
                UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key).verify(message, signature)
            }
            (AlgorithmFamily::Rsa, DecodingKeyKind::RsaModulusExponent { n, e }) => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
            (AlgorithmFamily::Ec, DecodingKeyKind::SecretOrDer(key)) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key).verify(message, signature)
            }
            (AlgorithmFamily::Ed, DecodingKeyKind::SecretOrDer(key)) => {
                UnparsedPublicKey::new(&ED25519, key).verify(message, signature)
            }
            (
                AlgorithmFamily::Hmac | AlgorithmFamily::Ec | AlgorithmFamily::Ed,
                DecodingKeyKind::RsaModulusExponent { .. },
            ) => Err(ring::error::Unspecified),
        };
        verified.map_err(|ring::error::Unspecified| signature::Error::new())
    }
}

struct Signing {
    algorithm: Algorithm,
    key: SigningKey,
}

enum SigningKey {
    Secret(hmac::Key),
    Rsa(Box<RsaKeyPair>),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl SigningKey {
    fn new(algorithm: Algorithm, key: &EncodingKey) -> Result<Self> {
        let family = family(algorithm)?;
        if family != key.family() {
            return Err(new_error(ErrorKind::InvalidKeyFormat));
        }
        let (der, random) = (key.as_bytes(), SystemRandom::new());
        let rejected = |rejected: ring::error::KeyRejected| -> Error {
            new_error(ErrorKind::Provider(rejected.to_string()))
        };
        match family {
            AlgorithmFamily::Hmac => Ok(Self::Secret(hmac::Key::new(hmac::HMAC_SHA256, der))),
            AlgorithmFamily::Rsa => {
                RsaKeyPair::from_der(der).map(|pair| Self::Rsa(Box::new(pair))).map_err(rejected)
            }
            AlgorithmFamily::Ec => EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &random)
                .map(Self::Ec)
                .map_err(rejected),
            // OpenSSL writes the private half alone (RFC 8410, 7), and ring then makes the public one of it.
            AlgorithmFamily::Ed => {
                Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map(Self::Ed).map_err(rejected)
            }
        }
    }
}

impl JwtSigner for Signing {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl Signer<Vec<u8>> for Signing {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, signature::Error> {
        let random = SystemRandom::new();
        let failed = |ring::error::Unspecified| signature::Error::new();
        match &self.key {
            SigningKey::Secret(key) => Ok(hmac::sign(key, message).as_ref().to_vec()),
            SigningKey::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            SigningKey::Ec(pair) => Ok(pair.sign(&random, message).map_err(failed)?.as_ref().to_vec()),
            SigningKey::Ed(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }
}
