//! Links in Markdown, as far as they lead to files and headings of this repository.

use std::fs;
use std::path::Path;

use crate::failure::Failure;

/// The links in `document` that lead to no file or no heading.
pub(super) fn broken(document: &Path) -> Result<Vec<String>, Failure> {
    let read = |path: &Path| fs::read_to_string(path).map_err(|error| Failure::io("read", path, &error));
    let folder = document.parent().unwrap_or(Path::new("."));
    let mut broken = Vec::new();
    for link in links(&read(document)?) {
        let (file, heading) = link.split_once('#').unwrap_or((&link, ""));
        let target = if file.is_empty() { document.to_path_buf() } else { folder.join(file) };
        if !target.exists() {
            broken.push(format!("no file {link}"));
        } else if !heading.is_empty()
            && target.extension().is_some_and(|extension| extension == "md")
            && !anchors(&read(&target)?).iter().any(|anchor| anchor == heading)
        {
            broken.push(format!("no heading {link}"));
        }
    }
    Ok(broken)
}

/// The lines that are text, not code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

/// The targets of `[text](target)` that lie in the repository.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in prose(text) {
        // Every second piece between backticks is code.
        for piece in line.split('`').step_by(2) {
            let targets = piece.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
            found.extend(targets.filter(|target| !target.contains("://") && !target.starts_with("mailto:")));
        }
    }
    found.into_iter().map(str::to_owned).collect()
}

/// The anchors that the usual viewers make of headings: lower case, punctuation dropped, spaces as hyphens, a number where
/// a heading comes again.
fn anchors(text: &str) -> Vec<String> {
    let mut anchors: Vec<String> = Vec::new();
    for line in prose(text) {
        let title = line.trim_start_matches('#');
        if title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let kept = title.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        let anchor: String =
            kept.map(|c| if c == ' ' { '-' } else { c }).flat_map(char::to_lowercase).collect();
        let numbered = (1..).map(|number| format!("{anchor}-{number}"));
        let free = std::iter::once(anchor.clone()).chain(numbered).find(|name| !anchors.contains(name));
        anchors.extend(free);
    }
    anchors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_into_the_repository_are_found_and_code_is_not_searched() {
        let text = "[a](docs/a.md) and ![b](b.png \"title\"), [c](https://example.org)\n`[d](d.md)` [e](#top)\n```\n[f](f.md)\n```\n";
        assert_eq!(links(text), ["docs/a.md", "b.png", "#top"]);
    }

    #[test]
    fn headings_become_anchors() {
        let text =
            "# The `wire`, in short\n## Who offers?\n## Who offers?\n```sh\n# no heading\n```\n#no heading\n";
        assert_eq!(anchors(text), ["the-wire-in-short", "who-offers", "who-offers-1"]);
    }

    #[test]
    fn a_link_to_nowhere_is_broken() {
        let folder = std::env::temp_dir().join(format!("lumencall-links-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let document = folder.join("a.md");
        fs::write(&document, "# Top\n[x](#top) [y](#bottom) [z](none.md) [self](a.md#top)\n").unwrap();
        assert_eq!(broken(&document).unwrap(), ["no heading #bottom", "no file none.md"]);
        fs::remove_dir_all(&folder).unwrap();
    }
}
