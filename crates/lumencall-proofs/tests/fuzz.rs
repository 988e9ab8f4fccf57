//! The targets of the fuzzer, fed by a plain driver: the kept corpus, and mutations of it.
//!
//! `LUMENCALL_LONG` makes it fifty times as many. `cargo xtask fuzz` runs the targets under libFuzzer.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::{env, panic};

use lumencall_proofs::sim::Histogram;
use lumencall_proofs::sim::fuzz::{decisions, frames};

fn times(short: u64) -> u64 {
    if env::var_os("LUMENCALL_LONG").is_some() { short * 50 } else { short }
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn files(folder: &Path) -> Vec<Vec<u8>> {
    // A target of which nothing is kept has no folder.
    let listed = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = listed.map(|entry| entry.expect("it can be listed").path()).collect();
    paths.sort();
    let kept = |path: &&PathBuf| matches!(path.extension().and_then(OsStr::to_str), Some("json" | "bin"));
    paths.iter().filter(kept).map(|path| fs::read(path).expect("it can be read")).collect()
}

/// A generator of numbers that looks random, and is the same in every run (SplitMix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end.max(1) as u64) as usize
    }

    /// One of them with a few bytes changed, left out, doubled, or taken from another.
    fn mutate(&mut self, of: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = of[self.below(of.len())].clone();
        for _ in 0..=self.below(6) {
            let at = self.below(bytes.len());
            let end = (at + 1 + self.below(12)).min(bytes.len());
            match self.below(6) {
                0 if at < bytes.len() => bytes[at] = self.below(256) as u8,
                1 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                2 => drop(bytes.drain(at..end)),
                3 => {
                    let twice = bytes[at..end].to_vec();
                    bytes.splice(at..at, twice);
                }
                4 => {
                    let other = &of[self.below(of.len())];
                    let from = self.below(other.len());
                    bytes.splice(at..end, other[from..].iter().copied().take(40));
                }
                _ => bytes.insert(at, b"\"{}[]:,0-en\\u"[self.below(13)]),
            }
        }
        bytes
    }
}

#[test]
fn what_can_be_read_is_written_to_read_the_same() {
    // What was found, and the golden messages, each a file of frames.
    let mut corpus = files(&folder("corpus/frames"));
    for file in files(&folder("../../tests/wire")) {
        let value: serde_json::Value = serde_json::from_slice(&file).unwrap();
        collect(&value, &mut corpus);
    }
    assert!(corpus.len() > 20, "the golden messages are found");
    let (mut client, mut server) = (0, 0);
    let mut chance = Chance(1);
    let mutated = (0..times(30_000)).map(|_| chance.mutate(&corpus)).collect::<Vec<_>>();
    for bytes in corpus.iter().chain(&mutated) {
        let read = frames(bytes);
        client += u64::from(read.0);
        server += u64::from(read.1);
    }
    println!(
        "{} inputs; {client} read as a client's frame, {server} as a server's",
        corpus.len() + mutated.len()
    );
    assert!(client > 100 && server > 100, "mutations can still be read: {client}, {server}");
}

/// Every object that has an event is a frame.
fn collect(value: &serde_json::Value, frames: &mut Vec<Vec<u8>>) {
    if value.get("event").is_some() {
        frames.push(value.to_string().into_bytes());
    }
    match value {
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, frames)),
        serde_json::Value::Object(members) => members.values().for_each(|member| collect(member, frames)),
        _ => {}
    }
}

#[test]
fn whatever_comes_to_the_server_the_invariants_hold() {
    let corpus = files(&folder("corpus/decisions"));
    assert!(corpus.len() > 5, "the corpus is found");
    let mut seen = Histogram::default();
    let mut chance = Chance(2);
    let mutated = (0..times(3_000)).map(|_| chance.mutate(&corpus)).collect::<Vec<_>>();
    for bytes in corpus.iter().chain(&mutated) {
        // What fails is shown, to be kept.
        let result = panic::catch_unwind(|| decisions(bytes));
        seen.add(&result.unwrap_or_else(|_| panic!("with these bytes: {bytes:?}")));
    }
    println!("{seen}");
    assert!(seen.of("connected -interrupted-> reconnecting") > 0, "the inputs get somewhere: {seen}");
}
