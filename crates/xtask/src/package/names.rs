//! Short names between the module and its glue.
//!
//! wasm-bindgen names each function that crosses the boundary at length and with a hash, once in the module and once in the
//! glue. Nobody reads them there, and hashes do not compress: shortening them on both sides takes a twentieth off the download.

use std::convert::Infallible;

use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{ExportSection, ImportSection, Module};
use wasmparser::{Export, Import, ImportSectionReader, Parser};

use crate::failure::Failure;

/// Exports whose names are made up by wasm-bindgen; others are named by people, and short.
const GENERATED: &str = "wasm_bindgen__";

/// A long name, and the short one in its place.
#[derive(Debug, Default)]
struct Renamed {
    imports: Vec<(String, String)>,
    exports: Vec<(String, String)>,
}

/// Returns the module and the glue with short names in both.
///
/// # Errors
/// When the module cannot be read, or the glue does not have a name as it is expected to.
pub(super) fn shorten(module: &[u8], glue: &str) -> Result<(Vec<u8>, String), Failure> {
    let mut renamed = Renamed::default();
    let mut short = Module::new();
    renamed
        .parse_core_module(&mut short, Parser::new(0), module)
        .map_err(|error| Failure::new(format!("the module could not be rewritten: {error}")))?;
    let mut text = glue.to_owned();
    for (long, name) in &renamed.imports {
        text = replace_once(&text, &format!(" {long}: "), &format!(" {name}: "))?;
    }
    // The longest first: some names begin with another.
    renamed.exports.sort_unstable_by_key(|(long, _)| std::cmp::Reverse(long.len()));
    for (long, name) in &renamed.exports {
        text = text.replace(&format!("wasm.{long}("), &format!("wasm.{name}("));
        if text.contains(&format!("wasm.{long}")) {
            return Err(Failure::new(format!("the glue uses `{long}` in a way that is not known")));
        }
    }
    Ok((short.finish(), text))
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

impl Reencode for Renamed {
    type Error = Infallible;

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: ImportSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        for import in section.into_imports() {
            let import = import?;
            let short = name(self.imports.len());
            utils::parse_import(self, imports, Import { name: &short, ..import })?;
            self.imports.push((import.name.to_owned(), short));
        }
        Ok(())
    }

    fn parse_export(
        &mut self,
        exports: &mut ExportSection,
        export: Export<'_>,
    ) -> Result<(), Error<Infallible>> {
        if !export.name.starts_with(GENERATED) {
            return utils::parse_export(self, exports, export);
        }
        let short = format!("${}", name(self.exports.len()));
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
        exports.export("start", ExportKind::Func, 1);
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&FunctionSection::new()).section(&exports);
        module.finish()
    }

    #[test]
    fn both_sides_get_the_same_names() {
        let glue = "{\n __wbg_call_0123: f,\n __wbg_call_01234: g }\nwasm.wasm_bindgen__invoke__h99_2(wasm.wasm_bindgen__invoke__h99(1)); wasm.start()";
        let (short, text) = shorten(&module(), glue).unwrap();
        assert_eq!(text, "{\n a: f,\n b: g }\nwasm.$b(wasm.$a(1)); wasm.start()");
        assert!(short.len() < module().len());
        let again = shorten(&short, &text).unwrap();
        assert_eq!(again.1, text);
    }

    #[test]
    fn a_glue_that_is_not_of_the_module_is_refused() {
        assert!(shorten(&module(), "{ __wbg_call_0123: f }").is_err());
        assert!(shorten(b"no module", "").is_err());
    }

    #[test]
    fn names_go_on_after_z() {
        assert_eq!([0, 25, 26, 51, 52, 701, 702].map(name), ["a", "z", "aa", "az", "ba", "zz", "aaa"]);
    }
}
