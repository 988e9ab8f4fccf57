//! Ids and secrets that nobody can guess.

use std::fmt::Write as _;

use lumencall_core::wire::Private;
use lumencall_core::{CallId, DeviceId};

/// Random bytes from the operating system, as hexadecimal text.
///
/// # Panics
/// Where the operating system gives no random bytes. Nothing that a client sends can cause it, and to go on with an id
/// or a secret that can be guessed would be worse.
fn random_hex<const BYTES: usize>() -> String {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes.iter().fold(String::with_capacity(2 * BYTES), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string does not fail");
        text
    })
}

/// The id of a new call: 128 bits.
pub(crate) fn call_id() -> CallId {
    CallId::new(random_hex::<16>()).expect("32 characters are within the bounds of an id")
}

/// The id of a new device: 128 bits.
pub(crate) fn device_id() -> DeviceId {
    DeviceId::new(random_hex::<16>()).expect("32 characters are within the bounds of an id")
}

/// The id of a new token: 128 bits.
pub(crate) fn token_id() -> String {
    random_hex::<16>()
}

/// The secret of a new session: 256 bits.
pub(crate) fn secret() -> Private {
    Private::new(random_hex::<32>())
}

/// Whether the two are the same, in a time that does not depend on where they differ: nobody learns a secret by guessing its
/// beginning. The length of a secret is known to everybody.
pub(crate) fn are_equal(one: &[u8], other: &[u8]) -> bool {
    let differences =
        std::iter::zip(one, other).fold(0, |sum, (one, other)| std::hint::black_box(sum | (one ^ other)));
    one.len() == other.len() && differences == 0
}

#[cfg(test)]
mod tests {
    use super::{are_equal, secret};

    #[test]
    fn secrets_are_equal_where_every_byte_is() {
        let secret = secret();
        let right = secret.reveal().as_bytes();
        assert!(are_equal(right, right));
        for index in 0..right.len() {
            let mut wrong = right.to_vec();
            wrong[index] ^= 1;
            assert!(!are_equal(right, &wrong), "{index}");
        }
        assert!(!are_equal(right, &right[1..]) && !are_equal(&right[..63], right) && !are_equal(right, b""));
    }
}
