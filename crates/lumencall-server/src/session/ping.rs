//! What pings say. A pong brings back what its ping held (RFC 6455, 5.5.3), so that the frames written before it have arrived.

use tokio_tungstenite::tungstenite::Bytes;

/// The payload of a ping that is written after the frame with this number.
pub(super) fn payload(written: Option<u32>) -> Bytes {
    written.map_or_else(Bytes::new, |number| Bytes::copy_from_slice(&number.to_be_bytes()))
}

/// The number that a pong brings back. A pong that answers no ping of ours may hold anything.
pub(super) fn number_of(pong: &[u8]) -> Option<u32> {
    pong.try_into().ok().map(u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pong_brings_back_the_number_of_its_ping() {
        for number in [0, 1, 256, u32::MAX] {
            assert_eq!(number_of(&payload(Some(number))), Some(number));
        }
        for stranger in [&payload(None)[..], b"123", b"12345"] {
            assert_eq!(number_of(stranger), None);
        }
    }
}
