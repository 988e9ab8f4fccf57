//! Short names between the module and its glue, and nothing in the glue that the module does not use.
//!
//! wasm-bindgen names each function that crosses the boundary at length and with a hash, once in the module and once in the
//! glue. Nobody reads them there, and hashes do not compress: shortening them on both sides takes a twentieth off the download.

use std::convert::Infallible;

use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{ExportSection, ImportSection, Module};
use wasmparser::{Export, Import, ImportSectionReader, Parser};

use crate::failure::Failure;

/// The export that is known to others than the glue: the tools of browsers look for it.
const MEMORY: &str = "memory";

/// What the module calls the glue.
const MODULE: &str = "a";

/// How the glue begins what the module may import: a member of an object, named by wasm-bindgen.
const IMPORTED: &str = "        __wb";

/// And how such a member ends.
const END: &str = "        }";

/// A long name, and the short one in its place.
#[derive(Debug)]
struct Renamed<'a> {
    glue: &'a str,
    /// Where the imports are from. All are from the glue, which the module names with each of them.
    module: Option<String>,
    imports: Vec<(String, String)>,
    exports: Vec<(String, String)>,
}

/// Returns the module and the glue with short names in both.
///
/// # Errors
/// When the module cannot be read, or the glue does not have a name as it is expected to.
pub(super) fn shorten(module: &[u8], glue: &str) -> Result<(Vec<u8>, String), Failure> {
    let mut renamed = Renamed { glue, module: None, imports: Vec::new(), exports: Vec::new() };
    let mut short = Module::new();
    renamed
        .parse_core_module(&mut short, Parser::new(0), module)
        .map_err(|error| Failure::new(format!("the module could not be rewritten: {error}")))?;
    let mut text = glue.to_owned();
    if let Some(long) = &renamed.module {
        text = replace_once(&text, &format!("\"{long}\": "), &format!("\"{MODULE}\": "))?;
    }
    for (long, name) in &renamed.imports {
        text = replace_once(&text, &format!(" {long}: "), &format!(" {name}: "))?;
    }
    for (long, name) in &renamed.exports {
        text = replace_word(&text, &format!("wasm.{long}"), &format!("wasm.{name}"));
    }
    Ok((short.finish(), without_unused(&text)))
}

/// The text with another word in place of this one, wherever no longer word begins with it.
fn replace_word(text: &str, from: &str, to: &str) -> String {
    let is_longer =
        |rest: &str| rest.starts_with(|next: char| next.is_alphanumeric() || matches!(next, '_' | '$'));
    let mut parts = text.split(from);
    let mut output = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        output.push_str(if is_longer(part) { from } else { to });
        output.push_str(part);
    }
    output
}

/// The glue without what still has its long name: the optimizer has found that the module does not need it.
fn without_unused(glue: &str) -> String {
    let mut unused = false;
    let mut kept = String::new();
    for line in glue.split_inclusive('\n') {
        unused |= line.starts_with(IMPORTED) && line.contains(": function(");
        if !unused {
            kept.push_str(line);
        }
        unused &= !line.starts_with(END);
    }
    kept
}

fn replace_once(text: &str, from: &str, to: &str) -> Result<String, Failure> {
    match text.matches(from).count() {
        1 => Ok(text.replace(from, to)),
        count => Err(Failure::new(format!(
            "the glue should have `{}` once, and has it {count} times",
            from.trim()
        ))),
    }
}

/// The name with this number: `a` to `z`, `aa` to `zz`, and so on.
fn name(mut number: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(b'a' + u8::try_from(number % 26).unwrap_or_default());
        if number < 26 {
            break;
        }
        number = number / 26 - 1;
    }
    letters.reverse();
    String::from_utf8_lossy(&letters).into_owned()
}

impl Reencode for Renamed<'_> {
    type Error = Infallible;

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: ImportSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        for import in section.into_imports() {
            let import = import?;
            let short = name(self.imports.len());
            utils::parse_import(self, imports, Import { module: MODULE, name: &short, ..import })?;
            self.module.get_or_insert_with(|| import.module.to_owned());
            self.imports.push((import.name.to_owned(), short));
        }
        Ok(())
    }

    fn parse_export(
        &mut self,
        exports: &mut ExportSection,
        export: Export<'_>,
    ) -> Result<(), Error<Infallible>> {
        if export.name == MEMORY {
            return utils::parse_export(self, exports, export);
        }
        let short = name(self.exports.len());
        let used = replace_word(self.glue, &format!("wasm.{}", export.name), "") != self.glue;
        if !used {
            return Ok(());
        }
        utils::parse_export(self, exports, Export { name: &short, ..export })?;
        self.exports.push((export.name.to_owned(), short));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{EntityType, ExportKind, FunctionSection, TypeSection};

    use super::*;

    fn module() -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut imports = ImportSection::new();
        imports.import("./glue.js", "__wbg_call_0123", EntityType::Function(0));
        imports.import("./glue.js", "__wbg_call_01234", EntityType::Function(0));
        let mut exports = ExportSection::new();
        exports.export("wasm_bindgen__invoke__h99", ExportKind::Func, 0);
        exports.export("wasm_bindgen__invoke__h99_2", ExportKind::Func, 1);
        exports.export("memory", ExportKind::Func, 1);
        exports.export("unused", ExportKind::Func, 1);
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&FunctionSection::new()).section(&exports);
        module.finish()
    }

    #[test]
    fn both_sides_get_the_same_names() {
        let glue = "{ \"./glue.js\": i }\n{\n __wbg_call_0123: f,\n __wbg_call_01234: g }\nwasm.wasm_bindgen__invoke__h99_2(wasm.wasm_bindgen__invoke__h99(1)); wasm.memory.buffer";
        let (short, text) = shorten(&module(), glue).unwrap();
        assert_eq!(text, "{ \"a\": i }\n{\n a: f,\n b: g }\nwasm.b(wasm.a(1)); wasm.memory.buffer");
        assert!(short.len() < module().len());
        assert!(!short.windows(6).any(|bytes| bytes == b"unused"));
        let again = shorten(&short, &text).unwrap();
        assert_eq!(again.1, text);
    }

    #[test]
    fn what_the_module_does_not_import_leaves_the_glue() {
        let member = |name| {
            format!(
                "        {name}: function() {{ return f(function() {{\n            g();\n        }}); }},\n"
            )
        };
        let glue = ["{\n", &member("a"), &member("__wbg_rest_1"), &member("b"), "    }\n"].concat();
        assert_eq!(without_unused(&glue), ["{\n", &member("a"), &member("b"), "    }\n"].concat());
    }

    #[test]
    fn a_glue_that_is_not_of_the_module_is_refused() {
        assert!(shorten(&module(), "{ \"./glue.js\": i, __wbg_call_0123: f }").is_err());
        assert!(shorten(b"no module", "").is_err());
    }

    #[test]
    fn names_go_on_after_z() {
        assert_eq!([0, 25, 26, 51, 52, 701, 702].map(name), ["a", "z", "aa", "az", "ba", "zz", "aaa"]);
    }
}
