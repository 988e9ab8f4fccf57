//! The connection to the server: opened, greeted, refused.

use lumencall_core::ErrorCode;
use lumencall_core::session::Link;

use crate::solo::{NOTHING, Solo};
use crate::values::{CALL, error, incoming, welcome};

#[test]
fn connecting_opens_a_socket_and_greets_before_anything_else() {
    let mut alice = Solo::new("alice");
    assert_eq!(alice.session.link(), Link::Closed);
    assert_eq!(alice.connect(), ["hear link connecting", "open-socket"]);
    assert_eq!(alice.session.link(), Link::Opening);
    assert_eq!(alice.socket_opens(), ["send session:open"]);
    let welcomed = ["use-ice-servers stun:stun.test", "hear link connected", "settle connect ok"];
    assert_eq!(alice.gets(welcome()), welcomed);
    assert_eq!(alice.session.link(), Link::Open);
    assert_eq!(alice.session.poll_timeout(), Some(26_000), "the server is asked for a sign of life");
}

#[test]
fn connecting_again_is_harmless() {
    let mut alice = Solo::new("alice");
    alice.connect();
    assert_eq!(alice.connect(), NOTHING, "there is a socket on its way");
    alice.socket_opens();
    assert_eq!(alice.connect(), NOTHING);
    let welcomed = alice.gets(welcome());
    assert_eq!(welcomed[2..], ["settle connect ok", "settle connect ok", "settle connect ok"]);
    assert_eq!(alice.connect(), ["settle connect ok"]);
    alice.watch.is_settled();
}

#[test]
fn a_socket_that_cannot_be_opened_fails_the_connect_and_can_be_tried_again() {
    let mut alice = Solo::new("alice");
    for opened in [false, true] {
        assert_eq!(alice.connect(), ["hear link connecting", "open-socket"]);
        if opened {
            assert_eq!(alice.socket_opens(), ["send session:open"]);
        }
        let failed = ["settle connect signaling-unreachable", "hear link disconnected"];
        assert_eq!(alice.socket_closes(), failed);
    }
    alice.connect();
    alice.socket_opens();
    assert_eq!(alice.gets(welcome())[1..], ["hear link connected", "settle connect ok"]);
}

#[test]
fn an_error_in_place_of_the_welcome_is_why_there_is_no_connection() {
    let mut alice = Solo::new("alice");
    alice.connect();
    alice.socket_opens();
    let refused = ["close-socket", "settle connect unauthorized", "hear link disconnected"];
    assert_eq!(alice.gets(error(ErrorCode::Unauthorized, None)), refused);
}

#[test]
fn what_comes_before_the_welcome_is_passed_over() {
    let mut bob = Solo::new("bob");
    bob.connect();
    bob.socket_opens();
    assert_eq!(bob.gets_numbered(Some(1), incoming(CALL)), NOTHING);
    assert_eq!(bob.gets(welcome()).len(), 3);
    assert_eq!(bob.calls(), NOTHING);
    assert_eq!(bob.gets(incoming(CALL)), ["hear incoming call-1 ringing"], "numbers start at the welcome");
}

#[test]
fn a_second_welcome_changes_nothing() {
    let mut bob = Solo::connected("bob");
    assert_eq!(bob.gets(welcome()), NOTHING);
    assert_eq!(bob.gets(incoming(CALL)), ["hear incoming call-1 ringing"]);
}

#[test]
fn without_a_connection_every_command_says_what_is_missing() {
    let mut alice = Solo::new("alice");
    for connecting in [false, true] {
        if connecting {
            alice.connect();
        }
        assert_eq!(alice.initiate("bob"), ["settle initiate signaling-unreachable"]);
        assert_eq!(alice.accept(CALL), ["settle accept unknown-call call-1"]);
        assert_eq!(alice.reject(CALL), ["settle reject unknown-call call-1"]);
        assert_eq!(alice.hangup(CALL), ["settle hangup unknown-call call-1"]);
        assert_eq!(alice.toggle(CALL, true), ["settle toggle unknown-call call-1"]);
    }
}
