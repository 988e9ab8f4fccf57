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

/// The secret of a new session: 256 bits.
pub(crate) fn secret() -> Private {
    Private::new(random_hex::<32>())
}
