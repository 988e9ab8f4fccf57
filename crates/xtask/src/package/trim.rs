//! Takes out of the module what only a panic would run.
//!
//! A panic of the SDK cannot be read: nobody hears what it would print, and the page gets a `RuntimeError` in any case. Yet the
//! code that makes up the message, and all of `core::fmt` behind it, is a seventh of the module. Here those functions become
//! a single `unreachable`, and the optimizer removes what led to them. (`-Cpanic=immediate-abort` does the same, but wants an
//! unstable compiler and the source of its standard library.)

use std::collections::BTreeSet;
use std::convert::Infallible;

use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{CodeSection, DataSection, Function, Module};
use wasmparser::{
    BinaryReaderError, Data, DataKind, FunctionBody, ImportSectionReader, KnownCustom, Name, Operator,
    Parser, Payload, TypeRef,
};

use crate::failure::Failure;

/// How the functions begin that say why there is a panic, and start it.
const PANICS: &[&str] = &[
    "__rustc::__rust_start_panic",
    "__rustc::rust_begin_unwind",
    "__rustc::rust_panic",
    "alloc::alloc::handle_alloc_error",
    "alloc::raw_vec::capacity_overflow",
    "alloc::raw_vec::handle_error",
    "core::cell::panic_",
    "core::option::expect_failed",
    "core::option::unwrap_failed",
    "core::panicking::",
    "core::result::unwrap_failed",
    "core::str::slice_error_fail",
    "rust_begin_unwind",
    "std::alloc::rust_oom",
    "std::panicking::",
    "std::process::abort",
    "std::sys::backtrace::__rust_end_short_backtrace",
    "std::thread::local::panic_access_error",
    "wasm_bindgen::throw_str",
];

/// How others end.
const PANICS_IN: &[&str] = &["::assert_failed", "::len_mismatch_fail", "::panic_cold"];

/// Returns the module without what only a panic would run, and without the paths of source files.
///
/// # Errors
/// When the module cannot be read, or its functions have no names.
pub(super) fn trim(module: &[u8]) -> Result<Vec<u8>, Failure> {
    let unreadable =
        |error: &dyn std::fmt::Display| Failure::new(format!("the module could not be rewritten: {error}"));
    let functions = functions(module).map_err(|error| unreadable(&error))?;
    let mut trimmed = Trimmed { dead: dead(&functions)?, imported: functions.imported, next: 0 };
    let mut output = Module::new();
    trimmed.parse_core_module(&mut output, Parser::new(0), module).map_err(|error| unreadable(&error))?;
    Ok(output.finish())
}

/// What is known of the functions of a module.
#[derive(Debug, Default)]
struct Functions {
    /// How many come first that are imported.
    imported: u32,
    names: Vec<(u32, String)>,
    /// Who calls whom, where it is said which.
    calls: Vec<(u32, u32)>,
}

/// How many of the imports are functions.
pub(super) fn imported_functions(imports: ImportSectionReader<'_>) -> Result<u32, BinaryReaderError> {
    let mut count = 0;
    for import in imports.into_imports() {
        count += u32::from(matches!(import?.ty, TypeRef::Func(_)));
    }
    Ok(count)
}

fn functions(module: &[u8]) -> Result<Functions, BinaryReaderError> {
    let mut functions = Functions::default();
    let mut next = 0;
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(imports) => {
                functions.imported += imported_functions(imports)?;
            }
            Payload::CodeSectionEntry(body) => {
                let caller = functions.imported + next;
                next += 1;
                for operator in body.get_operators_reader()? {
                    if let Operator::Call { function_index } = operator? {
                        functions.calls.push((caller, function_index));
                    }
                }
            }
            Payload::CustomSection(section) => {
                let KnownCustom::Name(names) = section.as_known() else { continue };
                for kind in names {
                    let Name::Function(map) = kind? else { continue };
                    for naming in map {
                        let naming = naming?;
                        functions.names.push((naming.index, without_hashes(naming.name)));
                    }
                }
            }
            _ => {}
        }
    }
    Ok(functions)
}

/// The functions that are never run, or only by a panic.
///
/// What formats text goes too, where nobody else calls any of it; a message that is put together on a rare path would need
/// all of it. A call through a table does not count: who makes one has to make a formatter first, by a call that is seen.
fn dead(functions: &Functions) -> Result<BTreeSet<u32>, Failure> {
    let named = |is: fn(&str) -> bool| -> BTreeSet<u32> {
        functions.names.iter().filter(|(_, name)| is(name)).map(|(index, _)| *index).collect()
    };
    let panics = named(is_panic);
    if panics.is_empty() {
        return Err(Failure::new("the module names no function that panics; were its names removed?"));
    }
    let formatting = named(is_formatting);
    let is_used = functions.calls.iter().any(|(caller, called)| {
        formatting.contains(called) && !formatting.contains(caller) && !panics.contains(caller)
    });
    Ok(if is_used { panics } else { panics.union(&formatting).copied().collect() })
}

/// The name without the hashes of crates (`core[0123456789abcdef]::fmt`) and of instances (`::h0123456789abcdef`).
fn without_hashes(name: &str) -> String {
    let mut output = String::new();
    for (index, part) in name.split('[').enumerate() {
        match part.split_once(']') {
            Some((hash, rest)) if index > 0 && is_hash(hash) => output.push_str(rest),
            _ if index > 0 => {
                output.push('[');
                output.push_str(part);
            }
            _ => output.push_str(part),
        }
    }
    match output.rsplit_once("::h") {
        Some((name, hash)) if is_hash(hash) => name.to_owned(),
        _ => output,
    }
}

fn is_hash(text: &str) -> bool {
    (14..=16).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_panic(name: &str) -> bool {
    let path = name.trim_start_matches('<');
    PANICS.iter().any(|start| path.starts_with(start)) || PANICS_IN.iter().any(|part| name.contains(part))
}

fn is_formatting(name: &str) -> bool {
    let path = name.trim_start_matches('<');
    path.starts_with("core::fmt::")
        || path.starts_with("alloc::fmt::")
        || [" as core::fmt::", "impl core::fmt::"].iter().any(|part| name.contains(part))
}

struct Trimmed {
    dead: BTreeSet<u32>,
    imported: u32,
    next: u32,
}

impl Reencode for Trimmed {
    type Error = Infallible;

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Error<Infallible>> {
        let index = self.imported + self.next;
        self.next += 1;
        if !self.dead.contains(&index) {
            return utils::parse_function_body(self, code, body);
        }
        let mut function = Function::new([]);
        function.instructions().unreachable().end();
        code.function(&function);
        Ok(())
    }

    fn parse_data(&mut self, data: &mut DataSection, datum: Data<'_>) -> Result<(), Error<Infallible>> {
        let blank = without_messages(without_places(datum.data, start_of(&datum)));
        utils::parse_data(self, data, Data { data: &blank, ..datum })
    }
}

/// What only panics say. Nothing else in the module has these words.
const MESSAGES: &[&str] = &[
    "index out of bounds: the len is ",
    " but the index is ",
    "slice index starts at ",
    " but ends at ",
    "range start index ",
    "range end index ",
    " out of range for slice of length ",
    "assertion `left ",
    " right` failed",
    "\n  left: ",
    "\n right: ",
    "removal index (is ",
    "swap_remove index (is ",
    ") should be < len (is ",
    "internal error: entered unreachable code",
    "called `Option::unwrap()` on a `None` value",
    "called `Result::unwrap()` on an `Err` value",
    "RefCell already mutably borrowed",
    "RefCell already borrowed",
    "`async fn` resumed after completion",
    "`async fn` resumed after panicking",
    "capacity overflow",
    "rwlock has not been locked for reading",
    "rwlock overflowed read locks",
    "assertion failed: (*tail).value.is_none()",
    "assertion failed: (*next).value.is_some()",
    "destination and source slices have different lengths",
    "0123456789abcdef0x0123456789ABCDEF",
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354\
     555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899",
    "FnOnce called more than once",
    "null pointer passed to rust",
    "recursive use of an object detected which would lead to unsafe aliasing in rust",
    "attempted to take ownership of Rust value while it was borrowed",
    "closure invoked recursively or after being dropped",
    "LazyCell instance has previously been poisoned",
    "called `Option::unwrap_throw()` on a `None` value",
    "called `Result::unwrap_throw()` on an `Err` value",
    "JsValue passed is not an Error type -- this is a bug",
    "finish: callbacks should be Some",
    "finish: result should be None",
    ": message event, received Unknown: ",
    "Tried to shrink to a larger capacity",
    "cannot clone `Sender` -- too many outstanding senders",
    "buffer space exhausted; sending this messages would overflow the state",
];

/// The bytes with zeros for what only panics say.
fn without_messages(mut data: Vec<u8>) -> Vec<u8> {
    for message in MESSAGES.iter().map(|message| message.as_bytes()) {
        let mut from = 0;
        while let Some(index) = data[from..].windows(message.len()).position(|window| window == message) {
            from += index + message.len();
            data[from - message.len()..from].fill(0);
        }
    }
    data
}

/// Where in memory the data begin; nothing where that is not said by a number.
fn start_of(datum: &Data<'_>) -> Option<u32> {
    let DataKind::Active { offset_expr, .. } = &datum.kind else { return None };
    match offset_expr.get_operators_reader().read() {
        Ok(Operator::I32Const { value }) => Some(value.cast_unsigned()),
        _ => None,
    }
}

/// The bytes with zeros for the paths of source files, and for the places in them: they say where a panic was, and at whose machine it was
/// compiled. `start` is where in memory the bytes are.
fn without_places(data: &[u8], start: Option<u32>) -> Vec<u8> {
    let mut output = without_paths(data);
    let Some(start) = start else { return output };
    let is_blank = |pointer: u32, length: u32| {
        let from = usize::try_from(pointer.checked_sub(start)?).ok()?;
        let to = from.checked_add(usize::try_from(length).ok()?)?;
        let (was, is) = (data.get(from..to)?, output.get(from..to)?);
        Some(length > 3 && was.ends_with(END) && is.iter().all(|byte| *byte == 0))
    };
    let mut places = Vec::new();
    // A `core::panic::Location` is a path, a line and a column, of four bytes each.
    for at in (0..data.len()).filter(|at| (start as usize + at).is_multiple_of(4)) {
        let word = |index: usize| {
            let bytes = data.get(at + 4 * index..at + 4 * index + 4)?;
            Some(u32::from_le_bytes(bytes.try_into().ok()?))
        };
        let path = word(0).zip(word(1)).and_then(|(pointer, length)| is_blank(pointer, length));
        let place = word(2).zip(word(3)).is_some_and(|(line, column)| line < 1 << 16 && column < 1 << 10);
        if path == Some(true) && place {
            places.push(at);
        }
    }
    for at in places {
        output[at..at + 16].fill(0);
    }
    output
}

/// How paths of source files end.
const END: &[u8] = b".rs";

fn without_paths(data: &[u8]) -> Vec<u8> {
    let mut output = data.to_vec();
    for end in (END.len()..=data.len()).filter(|end| data[..*end].ends_with(END)) {
        let start = data[..end].iter().rposition(|byte| !is_in_path(*byte)).map_or(0, |before| before + 1);
        if data[start..end].contains(&b'/') {
            output[start..end].fill(0);
        }
    }
    output
}

fn is_in_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-' | b'.' | b'+')
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{
        ConstExpr, ExportKind, ExportSection, FunctionSection, MemorySection, MemoryType, NameMap,
        NameSection, TypeSection,
    };

    use super::*;

    /// A module whose functions, one for each name, call the one at the index beside it.
    fn module(functions: &[(&str, Option<u32>)]) -> Vec<u8> {
        let (mut types, mut declared) = (TypeSection::new(), FunctionSection::new());
        let (mut code, mut map, mut data) = (CodeSection::new(), NameMap::new(), DataSection::new());
        types.ty().function([], []);
        for (index, (name, call)) in (0..).zip(functions) {
            declared.function(0);
            let mut body = Function::new([]);
            if let Some(called) = call {
                body.instructions().call(*called);
            }
            body.instructions().nop().end();
            code.function(&body);
            map.append(index, name);
        }
        let (mut memories, mut exports, mut names) =
            (MemorySection::new(), ExportSection::new(), NameSection::new());
        memories.memory(MemoryType {
            minimum: 1,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        exports.export("run", ExportKind::Func, 0);
        names.functions(&map);
        data.active(0, &ConstExpr::i32_const(0), *b"say \0/home/me/src/a-b.rs\0 a/b rs");
        let mut module = Module::new();
        module.section(&types).section(&declared).section(&memories).section(&exports);
        module.section(&code).section(&data).section(&names);
        module.finish()
    }

    /// Which functions still do something.
    fn alive(module: &[u8]) -> Vec<u32> {
        let mut alive = Vec::new();
        let mut index = 0;
        for payload in Parser::new(0).parse_all(module) {
            if let Payload::CodeSectionEntry(body) = payload.unwrap() {
                let first = body.get_operators_reader().unwrap().read().unwrap();
                if !matches!(first, Operator::Unreachable) {
                    alive.push(index);
                }
                index += 1;
            }
        }
        alive
    }

    const PANIC: &str = "core[12f89f2d8a73214f]::panicking::panic_fmt";
    const WRITE: &str = "core::fmt::write::h1efb8f5c95ae95b4";

    #[test]
    fn panics_and_what_only_they_format_are_gone() {
        let trimmed = trim(&module(&[("run", Some(1)), (PANIC, Some(2)), (WRITE, None)])).unwrap();
        assert_eq!(alive(&trimmed), [0]);
    }

    #[test]
    fn formatting_that_is_used_stays_whole() {
        let display = "<&str as core[12f89f2d8a73214f]::fmt::Display>::fmt";
        let trimmed =
            trim(&module(&[("run", Some(2)), (PANIC, Some(2)), (WRITE, Some(3)), (display, None)])).unwrap();
        assert_eq!(alive(&trimmed), [0, 2, 3]);
    }

    #[test]
    fn a_module_without_names_is_refused() {
        assert!(trim(&module(&[("run", None)])).unwrap_err().to_string().contains("names"));
        assert!(trim(b"no module").is_err());
    }

    #[test]
    fn paths_of_sources_are_blank_and_other_text_stays() {
        let trimmed = trim(&module(&[("run", None), (PANIC, None)])).unwrap();
        let has = |text: &[u8]| trimmed.windows(text.len()).any(|window| window == text);
        assert!(has(b"say \0\0") && has(b" a/b rs") && !has(b"home/me") && !has(b"a-b.rs"));
    }

    #[test]
    fn hashes_in_names_do_not_count() {
        assert_eq!(without_hashes("<[u8; 4]>::a[12f89f2d8a73214f]::b::h1efb8f5c95ae95b4"), "<[u8; 4]>::a::b");
    }
}
