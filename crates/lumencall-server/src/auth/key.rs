//! The keys of tokens, as files.

use std::path::Path;
use std::{fmt, fs, str};

use jsonwebtoken::{DecodingKey, EncodingKey};

use crate::StartError;

/// The fewest bytes of a secret: as many as the hash of HS256 has (RFC 7518, 3.2).
const SHORTEST_SECRET: usize = 32;

/// The fewest bytes of an RSA public key (RFC 8017, A.1.1) whose modulus has 2048 bits (RFC 7518, 3.3).
const SHORTEST_RSA: usize = 268;

/// The bytes of a point on P-256, uncompressed (SEC 1, 2.3.3).
const P256_POINT: usize = 65;

/// How tokens are signed (RFC 7518, 3.1; RFC 8037, 3.1). It is the server's choice, and never a token's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256: one secret signs and verifies.
    Hs256,
    /// RSA (PKCS #1 v1.5) with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// Its name in a token's `alg`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    pub(super) const fn to_jwt(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Hs256 => jsonwebtoken::Algorithm::HS256,
            Self::Rs256 => jsonwebtoken::Algorithm::RS256,
            Self::Es256 => jsonwebtoken::Algorithm::ES256,
            Self::EdDsa => jsonwebtoken::Algorithm::EdDSA,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The key that verifies tokens, and the algorithm that it is for: `wanted`, where that is given.
pub(super) fn verifying(
    path: &Path,
    wanted: Option<Algorithm>,
) -> Result<(Algorithm, DecodingKey), StartError> {
    let bytes = read(path)?;
    let unfit = |why: String| StartError::unfit("--key", path, why);
    let Some(pem) = pem(&bytes) else {
        return secret(&bytes, wanted)
            .map(|secret| (Algorithm::Hs256, DecodingKey::from_secret(secret)))
            .map_err(unfit);
    };
    if pem.contains("PRIVATE KEY-----") {
        return Err(unfit(
            "it holds a private key, and tokens are verified with the public one: openssl pkey -in KEY -pubout".into(),
        ));
    }
    let bytes = pem.as_bytes();
    let found = if pem.contains("PUBLIC KEY-----") {
        let rsa = || DecodingKey::from_rsa_pem(bytes).map(|key| (Algorithm::Rs256, key));
        let ec = || DecodingKey::from_ec_pem(bytes).map(|key| (Algorithm::Es256, key));
        let ed = || DecodingKey::from_ed_pem(bytes).map(|key| (Algorithm::EdDsa, key));
        rsa().or_else(|_| ec()).or_else(|_| ed()).ok()
    } else {
        None
    };
    let Some((algorithm, key)) = found else {
        return Err(unfit("it should hold a PEM public key of RSA, P-256 or Ed25519".into()));
    };
    fits(algorithm, wanted).map_err(unfit)?;
    let len = key.try_get_as_bytes().map_or(0, <[u8]>::len);
    match algorithm {
        Algorithm::Rs256 if len < SHORTEST_RSA => {
            Err(unfit("RS256 needs an RSA key of at least 2048 bits".into()))
        }
        Algorithm::Es256 if len != P256_POINT => Err(unfit("ES256 needs a key on the curve P-256".into())),
        Algorithm::Hs256 | Algorithm::Rs256 | Algorithm::Es256 | Algorithm::EdDsa => Ok((algorithm, key)),
    }
}

/// The key that signs tokens, and the algorithm that it is for: `wanted`, where that is given.
pub(super) fn signing(
    path: &Path,
    wanted: Option<Algorithm>,
) -> Result<(Algorithm, EncodingKey), StartError> {
    let bytes = read(path)?;
    let unfit = |why: String| StartError::unfit("--key", path, why);
    let Some(pem) = pem(&bytes) else {
        return secret(&bytes, wanted)
            .map(|secret| (Algorithm::Hs256, EncodingKey::from_secret(secret)))
            .map_err(unfit);
    };
    if pem.contains("BEGIN EC PRIVATE KEY-----") {
        return Err(unfit("convert it first: openssl pkcs8 -topk8 -nocrypt -in KEY -out NEW".into()));
    }
    if pem.contains("ENCRYPTED") {
        return Err(unfit("it is encrypted, and there is nobody to ask for the password".into()));
    }
    if !pem.contains("PRIVATE KEY-----") {
        return Err(unfit("it holds no private key, and only that one signs tokens".into()));
    }
    let bytes = pem.as_bytes();
    let rsa = || EncodingKey::from_rsa_pem(bytes).map(|key| (Algorithm::Rs256, key));
    let ec = || EncodingKey::from_ec_pem(bytes).map(|key| (Algorithm::Es256, key));
    let ed = || EncodingKey::from_ed_pem(bytes).map(|key| (Algorithm::EdDsa, key));
    let Ok((algorithm, key)) = rsa().or_else(|_| ec()).or_else(|_| ed()) else {
        return Err(unfit("it should hold a PEM private key of RSA, P-256 or Ed25519".into()));
    };
    fits(algorithm, wanted).map_err(unfit)?;
    Ok((algorithm, key))
}

fn read(path: &Path) -> Result<Vec<u8>, StartError> {
    fs::read(path).map_err(|error| StartError::file("--key", path, error))
}

/// The text of a PEM file (RFC 7468); what stands before and after the key is an explanation. Anything else is a secret.
fn pem(bytes: &[u8]) -> Option<&str> {
    str::from_utf8(bytes).ok().filter(|text| text.contains("-----BEGIN "))
}

/// The secret that a file holds. A line end after a text is the editor's and not part of it; of bytes that are no text,
/// each counts.
fn secret(bytes: &[u8], wanted: Option<Algorithm>) -> Result<&[u8], String> {
    match wanted {
        None | Some(Algorithm::Hs256) => {}
        Some(other @ (Algorithm::Rs256 | Algorithm::Es256 | Algorithm::EdDsa)) => {
            return Err(format!("it is no PEM file, and {other} needs a key in PEM"));
        }
    }
    let secret = match str::from_utf8(bytes).ok().and_then(|text| text.strip_suffix('\n')) {
        Some(line) => {
            let line = line.strip_suffix('\r').unwrap_or(line);
            if line.chars().any(char::is_control) { bytes } else { line.as_bytes() }
        }
        None => bytes,
    };
    if secret.len() < SHORTEST_SECRET {
        return Err(format!(
            "HS256 needs a secret of at least {SHORTEST_SECRET} bytes, and it has {}; make one: openssl rand -base64 48",
            secret.len()
        ));
    }
    Ok(secret)
}

fn fits(found: Algorithm, wanted: Option<Algorithm>) -> Result<(), String> {
    match wanted {
        Some(wanted) if wanted != found => {
            Err(format!("its key is for {found}, and --algorithm says {wanted}; change one of them"))
        }
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_end_after_a_text_is_not_part_of_the_secret() {
        let text = b"0123456789abcdef0123456789abcdef";
        for file in [
            &b"0123456789abcdef0123456789abcdef"[..],
            b"0123456789abcdef0123456789abcdef\n",
            b"0123456789abcdef0123456789abcdef\r\n",
        ] {
            assert_eq!(secret(file, None), Ok(&text[..]));
        }
        // Two line ends, and bytes that are no text: all of it.
        for file in [
            &b"0123456789abcdef0123456789abcdef\n\n"[..],
            b"0123456789abcdef0123456789abcd\xff\n",
            b"\x000123456789abcdef0123456789abcde\n",
        ] {
            assert_eq!(secret(file, Some(Algorithm::Hs256)), Ok(file));
        }
        assert!(secret(b"0123456789abcdef0123456789abcde\n", None).is_err(), "31 bytes and a line end");
        assert!(secret(text, Some(Algorithm::Rs256)).is_err());
    }
}
