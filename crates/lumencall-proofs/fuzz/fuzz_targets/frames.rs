//! Reads bytes as a frame of either side.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = lumencall_proofs::sim::fuzz::frames(bytes);
});
