//! The simulation: seeds until so many things have happened. Each line of the invariants is a test; all look at the same runs.
//!
//! `LUMENCALL_LONG` makes it two million, and each thing that can happen has to a hundred times.

use std::env;
use std::sync::OnceLock;

use lumencall_proofs::sim::{Campaign, campaign, same_with_right_clocks, seed};

/// How much happens, and how often each thing has to.
fn size() -> (u64, u64) {
    if env::var_os("LUMENCALL_LONG").is_some() { (2_000_000, 100) } else { (150_000, 1) }
}

fn runs() -> &'static Campaign {
    static RUNS: OnceLock<Campaign> = OnceLock::new();
    RUNS.get_or_init(|| campaign(0, size().0))
}

/// Nothing was found against any of these lines.
#[track_caller]
fn holds(lines: &[&str]) {
    let against = runs().failed.iter().filter(|failed| lines.contains(&failed.violation.line));
    let stories: Vec<String> = against.map(ToString::to_string).collect();
    assert!(stories.is_empty(), "{}", stories.join("\n\n"));
}

macro_rules! lines {
    ($($name:ident: $($line:literal),+;)*) => {
        $(
            #[test]
            fn $name() {
                holds(&[$($line),+]);
            }
        )*

        /// Every line that a check names has a test.
        const TESTED: &[&str] = &[$($($line),+),*];
    };
}

lines! {
    i1_nothing_is_opened_before_accept: "I1";
    i2_nobody_is_told_an_address_before_accept: "I2";
    i6_what_may_not_be_done_is_refused_and_changes_nothing: "I6", "decide";
    i9_members_come_and_go_by_their_own_doing_or_the_owners: "I9";
    i10_every_call_ends_once_for_one_reason_and_all_agree: "I10";
    i11_nothing_comes_after_the_end: "I11";
    i14_every_ring_ends_in_time: "I14";
    i15_nobody_stays_busy: "I15", "busy", "elsewhere";
    i16_one_callee_ends_nothing_for_others: "I16";
    i17_every_ring_is_accepted_or_ends: "I17", "settle";
    i18_frames_come_in_order_and_once_over_all_sockets: "I18", "codec";
    i19_a_session_goes_on_or_both_sides_agree_on_what_there_is: "I19";
    i20_signals_come_in_order_to_the_page_that_they_are_for: "I20", "I23";
    i21_what_a_page_says_is_taken_once_over_all_sockets: "I21";
    i22_a_page_that_was_taken_over_does_not_come_back_by_itself: "I22";
    i24_an_event_goes_to_those_of_its_call: "I24", "I25", "seed";
    i29_what_is_kept_is_bounded_and_goes_with_everybody: "I29", "I32";
    i33_states_move_along_declared_edges: "I33", "I34";
    each_pair_negotiates_once: "mesh", "glare";
    no_app_hears_of_a_fault_that_is_not_its_own: "error";
    nothing_panics: "panic";
}

#[test]
fn every_violation_belongs_to_a_test() {
    for failed in &runs().failed {
        assert!(TESTED.contains(&failed.violation.line), "{failed}");
    }
}

#[test]
fn i21_a_command_that_comes_twice_is_done_once() {
    // That it is done once is a part of every other line; here, that it comes.
    holds(TESTED);
    assert!(runs().histogram.of("a command comes twice") >= size().1, "{}", runs().histogram);
}

#[test]
fn everything_that_can_happen_does() {
    let (_, least) = size();
    let Campaign { runs, events, histogram, .. } = runs();
    println!("{histogram}{runs} runs, {events} events");
    let rare = histogram.rarer_than(least);
    assert!(rare.is_empty(), "fewer than {least} times: {rare:#?}");
}

#[test]
fn i35_no_clock_but_the_servers_own_changes_anything() {
    for number in 0..20 {
        match same_with_right_clocks(number) {
            Ok(same) => assert!(same, "seed {number} runs otherwise when all clocks are right"),
            // Another test tells of it.
            Err(violation) => assert!(TESTED.contains(&violation.line), "{violation:?}"),
        }
    }
}

#[test]
fn a_seed_runs_the_same_again() {
    let digest =
        |number| seed(number).map(|ran| (ran.digest, ran.events)).map_err(|failed| failed.violation.line);
    for number in 0..5 {
        assert_eq!(digest(number), digest(number), "seed {number}");
    }
}
