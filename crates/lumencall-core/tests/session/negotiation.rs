//! Perfect negotiation: who may describe what when, where both want to at any time.
//!
//! Alice made the first offer, and is impolite; Bob is polite.

use lumencall_core::CallState;
use lumencall_core::wire::DescriptionType::{self, Answer, Offer};
use lumencall_core::wire::LARGEST_DESCRIPTION;

use crate::scene::{callee, caller};
use crate::solo::{NOTHING, Solo};
use crate::values::{CALL, answer, answer_of_round, candidate, joined, offer, offer_of_round, sdp, state};

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Stable,
    Offering,
    Offered,
    Answering,
    Settling,
}

const TURNS: [Turn; 5] = [Turn::Stable, Turn::Offering, Turn::Offered, Turn::Answering, Turn::Settling];

/// What may come.
#[derive(Clone, Copy, Debug)]
enum Input {
    Needed,
    Offer,
    OfferWithoutRound,
    Answer,
    AnswerWithoutRound,
    StaleAnswer,
    Made(DescriptionType),
    Applied,
    Failed(DescriptionType),
}

const INPUTS: [Input; 11] = [
    Input::Needed,
    Input::Offer,
    Input::OfferWithoutRound,
    Input::Answer,
    Input::AnswerWithoutRound,
    Input::StaleAnswer,
    Input::Made(Offer),
    Input::Made(Answer),
    Input::Applied,
    Input::Failed(Offer),
    Input::Failed(Answer),
];

/// One of the two in a call that is connected.
struct One {
    solo: Solo,
    other: &'static str,
    polite: bool,
    /// The number of the offer that this one makes next.
    next: u32,
}

impl One {
    fn both() -> [Self; 2] {
        // An offer was Alice's first description, and an answer Bob's.
        let one = |solo, other, polite| Self { solo, other, polite, next: 2 };
        [one(caller(CallState::Connected), "bob", false), one(callee(CallState::Connected), "alice", true)]
    }

    fn give(&mut self, input: Input) -> Vec<String> {
        let Self { solo, other, next, .. } = self;
        match input {
            Input::Needed => solo.needs(CALL, other),
            Input::Offer => solo.gets(offer_of_round(CALL, other, "theirs", 7)),
            Input::OfferWithoutRound => solo.gets(offer(CALL, other, "theirs")),
            Input::Answer => solo.gets(answer_of_round(CALL, other, "reply", *next)),
            Input::AnswerWithoutRound => solo.gets(answer(CALL, other, "reply")),
            Input::StaleAnswer => solo.gets(answer_of_round(CALL, other, "stale", *next - 1)),
            Input::Made(Offer) => solo.offers(CALL, other, "mine"),
            Input::Made(Answer) => solo.answers(CALL, other, "mine"),
            Input::Applied => solo.applies(CALL, other),
            Input::Failed(kind) => solo.cannot_negotiate(CALL, other, kind),
        }
    }

    /// Brings it to where it is this one's turn.
    fn turn(&mut self, turn: Turn) {
        let steps: &[Input] = match turn {
            Turn::Stable => &[],
            Turn::Offering => &[Input::Needed],
            Turn::Offered => &[Input::Needed, Input::Made(Offer)],
            Turn::Answering => &[Input::Offer],
            Turn::Settling => &[Input::Needed, Input::Made(Offer), Input::Answer],
        };
        for step in steps {
            assert_ne!(self.give(*step), NOTHING, "{turn:?}");
        }
        self.solo.sent.clear();
    }

    /// What is to come of the input.
    fn expected(&self, turn: Turn, input: Input) -> Vec<String> {
        let about = format!("{CALL} {}", self.other);
        let one = |line: String| vec![line];
        match (turn, input) {
            (Turn::Stable, Input::Needed) => one(format!("make-offer {about}")),
            (Turn::Stable, Input::Offer | Input::OfferWithoutRound) => one(format!("answer {about} theirs")),
            // Who counts no rounds gives way to nobody.
            (Turn::Offering | Turn::Offered, Input::OfferWithoutRound) => {
                one(format!("answer {about} theirs"))
            }
            (Turn::Offering | Turn::Offered, Input::Offer) if self.polite => {
                one(format!("answer {about} theirs"))
            }
            (Turn::Offering, Input::Made(Offer)) => one(format!("send offer {about} mine")),
            (Turn::Offered, Input::Answer | Input::AnswerWithoutRound) => {
                one(format!("apply-answer {about} reply"))
            }
            (Turn::Answering, Input::Made(Answer)) => one(format!("send answer {about} mine")),
            // No answer, and no peer connection either, is ever made in vain; an offer may have given way.
            (_, Input::Failed(Answer)) | (Turn::Offering, Input::Failed(Offer)) => {
                vec![format!("hear error negotiation-failed {CALL}"), format!("send report {about} failed")]
            }
            _ => Vec::new(),
        }
    }
}

#[test]
fn i20_every_input_in_every_turn_does_what_it_may_and_nothing_else() {
    for turn in TURNS {
        for input in INPUTS {
            for mut one in One::both() {
                one.turn(turn);
                let expected = one.expected(turn, input);
                assert_eq!(one.give(input), expected, "{turn:?}, {input:?}, polite: {}", one.polite);
            }
        }
    }
}

#[test]
fn i20_after_every_exchange_another_can_begin() {
    let exchanges: [&[Input]; 4] = [
        &[Input::Needed, Input::Made(Offer), Input::Answer, Input::Applied],
        &[Input::Offer, Input::Applied, Input::Made(Answer)],
        // Theirs is not in order where this one is impolite, and this one's where it is polite.
        &[
            Input::Needed,
            Input::Offer,
            Input::Made(Offer),
            Input::Applied,
            Input::Made(Answer),
            Input::Answer,
        ],
        &[
            Input::Needed,
            Input::Made(Offer),
            Input::Offer,
            Input::Applied,
            Input::Made(Answer),
            Input::Answer,
        ],
    ];
    for exchange in exchanges {
        for mut one in One::both() {
            for input in exchange {
                one.give(*input);
            }
            // What was applied is the answer, for the impolite one.
            one.give(Input::Applied);
            let again = [format!("make-offer {CALL} {}", one.other)];
            assert_eq!(one.give(Input::Needed), again, "{exchange:?}, polite: {}", one.polite);
        }
    }
}

#[test]
fn where_offers_cross_the_impolite_one_goes_on_and_the_polite_one_gives_way() {
    let [mut alice, mut bob] = One::both();
    for made in [false, true] {
        alice.solo.sent.clear();
        bob.solo.sent.clear();
        for one in [&mut alice, &mut bob] {
            one.give(Input::Needed);
            if made {
                one.give(Input::Made(Offer));
            }
        }
        assert_eq!(alice.give(Input::Offer), NOTHING);
        assert_eq!(bob.give(Input::Offer), ["answer call-1 alice theirs"]);
        if !made {
            assert_eq!(alice.give(Input::Made(Offer)), ["send offer call-1 bob mine"]);
            assert_eq!(bob.give(Input::Made(Offer)), NOTHING, "it has given way before anybody has it");
        }
        assert_eq!(bob.give(Input::Applied), NOTHING);
        assert_eq!(bob.give(Input::Made(Answer)), ["send answer call-1 alice mine"]);
        assert_eq!(bob.solo.rounds().last(), Some(&(Answer, Some(7), None)));
        let (_, round, _) = alice.solo.rounds().pop().expect("she has offered");
        let reply = answer_of_round(CALL, "bob", "reply", round.expect("it has a number"));
        assert_eq!(alice.solo.gets(reply), ["apply-answer call-1 bob reply"]);
        assert_eq!(alice.give(Input::Applied), NOTHING);
    }
    // What gave way its browser says again.
    assert_eq!(bob.give(Input::Needed), ["make-offer call-1 alice"]);
}

#[test]
fn i20_an_offer_that_comes_while_one_is_answered_waits_with_its_candidates_behind_it() {
    for mut one in One::both() {
        let about = format!("{CALL} {}", one.other);
        let other = one.other;
        let solo = &mut one.solo;
        assert_eq!(solo.gets(offer_of_round(CALL, other, "first", 3)), [format!("answer {about} first")]);
        assert_eq!(solo.gets(candidate(CALL, other, "c1")), NOTHING);
        for (name, round) in [("second", 4), ("third", 5)] {
            assert_eq!(solo.gets(offer_of_round(CALL, other, name, round)), NOTHING, "it waits");
        }
        assert_eq!(solo.gets(candidate(CALL, other, "c3")), NOTHING);
        assert_eq!(
            solo.applies(CALL, other),
            NOTHING,
            "some of the candidates may be for the offer that waits"
        );
        assert_eq!(solo.needs(CALL, other), NOTHING);
        // The third took the place of the second.
        let goes_on = [format!("send answer {about} a1"), format!("answer {about} third")];
        assert_eq!(solo.answers(CALL, other, "a1"), goes_on);
        assert_eq!(solo.gets(candidate(CALL, other, "c4")), NOTHING);
        let added = ["c1", "c3", "c4"].map(|text| format!("add-candidate {about} {text}"));
        assert_eq!(solo.applies(CALL, other), added);
        assert_eq!(solo.answers(CALL, other, "a3"), [format!("send answer {about} a3")]);
        assert_eq!(solo.rounds().split_off(1), [(Answer, Some(3), None), (Answer, Some(5), None)]);
        assert_eq!(solo.gets(candidate(CALL, other, "c5")), [format!("add-candidate {about} c5")]);
    }
}

#[test]
fn i20_an_offer_that_comes_while_an_answer_is_applied_waits_for_that() {
    for mut one in One::both() {
        one.turn(Turn::Settling);
        let about = format!("{CALL} {}", one.other);
        assert_eq!(one.give(Input::Offer), NOTHING);
        assert_eq!(one.give(Input::Applied), [format!("answer {about} theirs")]);
        assert_eq!(one.give(Input::Applied), NOTHING);
        assert_eq!(one.give(Input::Made(Answer)), [format!("send answer {about} mine")]);
        assert_eq!(one.give(Input::Needed), [format!("make-offer {about}")], "the turn is nobody's");
    }
}

#[test]
fn i20_candidates_that_follow_an_answer_wait_until_it_is_applied() {
    for mut one in One::both() {
        let (about, other) = (format!("{CALL} {}", one.other), one.other);
        one.turn(Turn::Offered);
        let added = |text: &str| [format!("add-candidate {about} {text}")];
        assert_eq!(
            one.solo.gets(candidate(CALL, other, "c1")),
            added("c1"),
            "it is of the generation before"
        );
        one.give(Input::Answer);
        assert_eq!(one.solo.gets(candidate(CALL, other, "c2")), NOTHING);
        assert_eq!(one.give(Input::Applied), added("c2"));
    }
}

#[test]
fn offers_are_counted_and_an_answer_bears_the_number_of_its_offer() {
    let [mut alice, mut bob] = One::both();
    assert_eq!(alice.solo.rounds(), [(Offer, Some(1), None)], "the first is no renegotiation");
    assert_eq!(bob.solo.rounds(), [(Answer, None, None)], "its offer had none");
    for round in 2..5 {
        alice.next = round;
        for input in [Input::Needed, Input::Made(Offer), Input::StaleAnswer, Input::Answer, Input::Applied] {
            alice.give(input);
        }
        assert_eq!(alice.solo.rounds(), [(Offer, Some(round), Some(true))]);
    }
    bob.give(Input::Offer);
    bob.give(Input::Made(Answer));
    bob.give(Input::Needed);
    bob.give(Input::Made(Offer));
    assert_eq!(bob.solo.rounds(), [(Answer, Some(7), None), (Offer, Some(3), Some(true))]);
}

#[test]
fn an_offer_that_is_made_again_before_the_answer_is_answered_by_its_own_number_alone() {
    let mut alice = caller(CallState::Ringing);
    assert_eq!(alice.waits(25_000), ["send #2 ping"]);
    alice.gets(crate::values::done(2));
    assert_eq!(alice.waits(5_000), ["restart-ice call-1 bob", "make-offer call-1 bob"]);
    alice.gets(state(CALL, CallState::Connecting));
    alice.gets(joined(CALL, "bob"));
    assert_eq!(alice.gets(answer_of_round(CALL, "bob", "a1", 1)), NOTHING, "another offer is being made");
    assert_eq!(alice.offers(CALL, "bob", "o2"), ["send offer call-1 bob o2"]);
    assert_eq!(alice.gets(answer_of_round(CALL, "bob", "a1", 1)), NOTHING, "it is to the older one");
    assert_eq!(alice.gets(answer_of_round(CALL, "bob", "a2", 2)), ["apply-answer call-1 bob a2"]);
    assert_eq!(alice.rounds(), [(Offer, Some(1), None), (Offer, Some(2), None)]);
}

/// An SDP that takes this many bytes as it is written.
fn sdp_of_size(size: usize) -> String {
    let written = |sdp: &str| sdp.len() + sdp.bytes().filter(|byte| matches!(byte, b'\r' | b'\n')).count();
    let mut text = format!("{}a=x-fill:", sdp("large"));
    text.push_str(&"x".repeat(size - written(&text) - 4));
    text.push_str("\r\n");
    assert_eq!(written(&text), size);
    text
}

#[test]
fn an_offer_that_would_be_too_large_is_told_and_all_goes_on() {
    for mut one in One::both() {
        let (other, about) = (one.other, format!("{CALL} {}", one.other));
        for _ in 0..2 {
            assert_eq!(one.give(Input::Needed), [format!("make-offer {about}")]);
            let told = [format!("hear error limit-exceeded {CALL}")];
            assert_eq!(one.solo.would_offer_too_much(CALL, other), told);
        }
        assert_eq!(one.give(Input::Offer), [format!("answer {about} theirs")], "the turn is nobody's");
        one.give(Input::Applied);
        assert_eq!(one.solo.would_offer_too_much(CALL, other), NOTHING, "none is wanted");
        assert_eq!(one.give(Input::Made(Answer)), [format!("send answer {about} mine")]);
        assert_eq!(one.give(Input::Needed), [format!("make-offer {about}")]);
        let largest = sdp_of_size(LARGEST_DESCRIPTION);
        assert_eq!(one.solo.describes(CALL, other, Offer, &largest), [format!("send offer {about} large")]);
    }
}

#[test]
fn a_description_that_was_made_and_is_too_large_ends_the_connection() {
    let too_large = sdp_of_size(LARGEST_DESCRIPTION + 1);
    for kind in [Offer, Answer] {
        for mut one in One::both() {
            let other = one.other;
            one.turn(if kind == Offer { Turn::Offering } else { Turn::Answering });
            assert_eq!(
                one.solo.describes(CALL, other, kind, &too_large),
                [format!("hear error limit-exceeded {CALL}"), format!("send report {CALL} {other} failed")]
            );
        }
    }
}

#[test]
fn what_shows_a_screen_is_told_with_the_description() {
    let mut alice = caller(CallState::Connected);
    let shows = |message| {
        use lumencall_core::wire::{
            ServerEvent::{Answer, Offer},
            ServerMessage::Event,
        };
        match message {
            Event(Offer(mut told)) => {
                told.screen = Some("stream-2".into());
                Event(Offer(told))
            }
            Event(Answer(mut told)) => {
                told.screen = Some("stream-3".into());
                Event(Answer(told))
            }
            other => panic!("{other:?} describes nothing"),
        }
    };
    assert_eq!(alice.gets(shows(offer(CALL, "bob", "o2"))), ["answer call-1 bob o2 shows stream-2"]);
    alice.applies(CALL, "bob");
    alice.answers(CALL, "bob", "a2");
    alice.needs(CALL, "bob");
    alice.offers(CALL, "bob", "o3");
    assert_eq!(alice.gets(shows(answer(CALL, "bob", "a3"))), ["apply-answer call-1 bob a3 shows stream-3"]);
}

#[test]
fn where_another_connection_took_its_place_nothing_of_the_one_before_is_left() {
    let mut alice = caller(CallState::Connected);
    alice.needs(CALL, "bob");
    alice.gets(offer_of_round(CALL, "bob", "ignored", 9));
    alice.gets(crate::values::left(CALL, "bob"));
    assert_eq!(alice.offers(CALL, "bob", "o2"), NOTHING, "there is no connection");
    assert_eq!(alice.needs(CALL, "bob"), NOTHING);
    let anew = ["open-peer call-1 bob video", "make-offer call-1 bob", "hear joined call-1 bob"];
    assert_eq!(alice.gets(joined(CALL, "bob")), anew);
    assert_eq!(alice.offers(CALL, "bob", "o3"), ["send offer call-1 bob o3"]);
    alice.gets(answer_of_round(CALL, "bob", "a2", 1));
    assert_eq!(alice.needs(CALL, "bob"), NOTHING, "that answers an offer of the connection before");
    assert_eq!(alice.gets(answer_of_round(CALL, "bob", "a3", 2)), ["apply-answer call-1 bob a3"]);
}
