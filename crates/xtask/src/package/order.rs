//! Puts functions that look alike next to each other.
//!
//! What compresses a download looks back over some tens of kilobytes only, and the module is longer: a function whose like is far away
//! costs as much as one without. Here each function gets a name that says its place, and the optimizer sorts them by name.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt::Display;

use wasm_encoder::{CustomSection, Module, NameMap, NameSection, RawSection};
use wasmparser::{BinaryReaderError, Parser, Payload};

use super::trim::imported_functions;
use crate::failure::Failure;

/// How many bytes in a row are compared.
const PIECE: usize = 6;

/// How far back likeness counts, in bytes: what deflate looks back.
const WINDOW: usize = 32_000;

/// Returns the module with names by which it is to be sorted, in the place of those that it has.
///
/// # Errors
/// When the module cannot be read.
pub(super) fn name_by_likeness(module: &[u8]) -> Result<Vec<u8>, Failure> {
    let unreadable = |error: &dyn Display| {
        Failure::new(format!("the functions of the module could not be sorted: {error}"))
    };
    let (imported, bodies) = functions(module).map_err(|error| unreadable(&error))?;
    let mut names = NameMap::new();
    let mut named: Vec<(u32, usize)> =
        order(&bodies).into_iter().enumerate().map(|(place, index)| (index, place)).collect();
    named.sort_unstable();
    for (index, place) in named {
        names.append(imported + index, &format!("{place:05}"));
    }
    let mut section = NameSection::new();
    section.functions(&names);
    let mut output = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.map_err(|error| unreadable(&error))?;
        if matches!(&payload, Payload::CustomSection(custom) if custom.name() == "name") {
            continue;
        }
        if let Payload::CustomSection(custom) = &payload {
            output.section(&CustomSection { name: custom.name().into(), data: custom.data().into() });
        } else if let Some((id, range)) = payload.as_section() {
            output.section(&RawSection { id, data: &module[range] });
        }
    }
    output.section(&section);
    Ok(output.finish())
}

/// How many functions are imported, and the code of the others.
fn functions(module: &[u8]) -> Result<(u32, Vec<&[u8]>), BinaryReaderError> {
    let (mut imported, mut bodies) = (0, Vec::new());
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(imports) => {
                imported += imported_functions(imports)?;
            }
            Payload::CodeSectionEntry(body) => bodies.push(&module[body.range()]),
            _ => {}
        }
    }
    Ok((imported, bodies))
}

/// The longest first, and after each the one of which most was there shortly before.
fn order(bodies: &[&[u8]]) -> Vec<u32> {
    let pieces: Vec<HashSet<&[u8]>> = bodies.iter().map(|body| body.windows(PIECE).collect()).collect();
    let mut left: Vec<usize> = (0..bodies.len()).collect();
    let mut order = Vec::new();
    let mut recent: VecDeque<usize> = VecDeque::new();
    let mut seen: HashMap<&[u8], u32> = HashMap::new();
    while !left.is_empty() {
        let likeness = |index: &usize| {
            let known = pieces[*index].iter().filter(|piece| seen.contains_key(**piece)).count();
            // In thousandths, so that the order is the same everywhere; then the longer, then the earlier.
            (known * 1_000 / (pieces[*index].len() + 1), bodies[*index].len(), usize::MAX - index)
        };
        let Some(best) = (0..left.len()).max_by_key(|place| likeness(&left[*place])) else { break };
        let index = left.swap_remove(best);
        order.push(u32::try_from(index).unwrap_or(u32::MAX));
        recent.push_back(index);
        for piece in &pieces[index] {
            *seen.entry(piece).or_default() += 1;
        }
        while recent.len() > 1 && recent.iter().map(|index| bodies[*index].len()).sum::<usize>() > WINDOW {
            let Some(old) = recent.pop_front() else { break };
            for piece in &pieces[old] {
                if let Some(count) = seen.get_mut(*piece) {
                    *count -= 1;
                    if *count == 0 {
                        seen.remove(*piece);
                    }
                }
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_alike_stands_together() {
        let bodies: [&[u8]; 4] = [b"abcdefghijkl", b"0123456789", b"abcdefghijk", b"01234567"];
        assert_eq!(order(&bodies), [0, 2, 1, 3]);
    }

    #[test]
    fn a_module_that_cannot_be_read_is_refused() {
        assert!(name_by_likeness(b"no module").is_err());
    }
}
