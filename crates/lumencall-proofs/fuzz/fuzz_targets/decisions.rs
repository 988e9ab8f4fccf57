//! Takes bytes for what comes to a server.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = lumencall_proofs::sim::fuzz::decisions(bytes);
});
