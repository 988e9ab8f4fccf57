//! The program in the README, which stands for what a user writes.

use crate::failure::Failure;

/// The comment above the program.
const MARK: &str = "<!-- program -->";

/// The first JavaScript block after the line [`MARK`].
///
/// # Errors
/// When there is no such line, or no complete block after it.
pub(super) fn extract(readme: &str) -> Result<String, Failure> {
    let mut lines = readme.lines().skip_while(|line| line.trim() != MARK).skip(1).peekable();
    if lines.peek().is_none() {
        return Err(Failure::new(format!("README.md has no line `{MARK}` above its program")));
    }
    let mut block = lines.skip_while(|line| line.trim() != "```js").skip(1);
    let mut program = String::new();
    for line in block.by_ref() {
        if line.trim() == "```" {
            return Ok(program);
        }
        program.push_str(line);
        program.push('\n');
    }
    Err(Failure::new(format!("README.md has no complete ```js block after `{MARK}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_the_first_js_block_after_the_mark() {
        let readme = "```js\nother()\n```\n<!-- program -->\ntext\n```sh\nls\n```\n```js\none()\n\ntwo()\n```\n```js\nlast()\n```";
        assert_eq!(extract(readme).unwrap(), "one()\n\ntwo()\n");
    }

    #[test]
    fn a_readme_without_a_program_is_an_error() {
        for readme in ["", "```js\none()\n```", "<!-- program -->", "<!-- program -->\n```js\none()"] {
            assert!(extract(readme).is_err(), "{readme}");
        }
    }
}
