//! `docs/state-machine.md` says what the table says.
//!
//! After a change of the table, `LUMENCALL_WRITE_DOCS=1 cargo test -p lumencall-core --test machine docs` writes it
//! into the page.

use std::{env, fs};

use lumencall_core::machine::{TABLE, Trigger};
use lumencall_core::{CallState, EndReason};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/state-machine.md");
const BEGIN: &str = "<!-- transitions: begin -->\n";
const END: &str = "<!-- transitions: end -->";

/// The table as it stands in the page.
fn rendered() -> String {
    let mut text = "| from | trigger | to | end reason |\n|---|---|---|---|\n".to_owned();
    for edge in TABLE {
        let (from, trigger, to) = (edge.from.as_str(), edge.trigger.as_str(), edge.to.as_str());
        let reason = edge.reason.map_or(String::new(), |reason| format!("`{}`", reason.as_str()));
        text += &format!("| `{from}` | {trigger} | `{to}` | {reason} |\n");
    }
    text
}

#[test]
fn the_page_has_the_table_of_transitions() {
    let page = fs::read_to_string(PAGE).expect("the page is there");
    let (before, rest) = page.split_once(BEGIN).expect("the table has a beginning");
    let (table, after) = rest.split_once(END).expect("the table has an end");
    if env::var_os("LUMENCALL_WRITE_DOCS").is_some() {
        fs::write(PAGE, format!("{before}{BEGIN}{}{END}{after}", rendered()))
            .expect("the page can be written");
    } else {
        assert_eq!(table, rendered(), "see the first lines of {} for how to write it anew", file!());
    }
}

#[test]
fn the_page_speaks_of_every_state_trigger_and_reason() {
    let page = fs::read_to_string(PAGE).expect("the page is there");
    let (before, rest) = page.split_once(BEGIN).expect("the table has a beginning");
    let (_, after) = rest.split_once(END).expect("the table has an end");
    let prose = [before, after].concat();
    let states = CallState::ALL.iter().map(|state| state.as_str());
    let reasons = EndReason::ALL.iter().map(|reason| reason.as_str());
    for word in states.chain(reasons) {
        assert!(prose.contains(&format!("`{word}`")), "`{word}` is not explained");
    }
    for trigger in Trigger::ALL {
        assert!(prose.contains(&format!("- {}: ", trigger.as_str())), "{trigger:?} is not explained");
    }
}
