//! Accept against everything else that can become of a ring.

use serde_json::json;

use super::{at_once, hang_up};
use crate::harness::{
    Client, Outcome, Tally, TestServer, accept, call_of, heard_by_all, in_short, initiate, ring,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i12_accept_against_cancel_has_one_outcome() {
    const OUTCOMES: &[Outcome] = &[
        Outcome {
            name: "answered",
            heard: &[
                &["connecting", "joined bob", "ended completed"],
                &["done", "connecting", "left alice", "ended completed"],
            ],
        },
        Outcome {
            name: "cancelled",
            heard: &[&["ended cancelled"], &["ended cancelled", "refused unknown-call"]],
        },
    ];
    let mut tally = Tally::new("accept against cancel", OUTCOMES);
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.seed("alice").await, server.sdk("bob").await);
    for round in 0..Tally::rounds() {
        let (call, _) = ring(&mut alice, &mut bob).await;
        at_once(round, hang_up(&mut alice, &call), accept(&mut bob, &call)).await;
        tally.count(&heard_by_all(&call, &mut [&mut alice, &mut bob]).await);
    }
    tally.close();
}

/// The caller's socket closes as the callee accepts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i12_accept_against_the_callers_loss_has_one_outcome() {
    const OUTCOMES: &[Outcome] = &[
        Outcome { name: "answered", heard: &[&["done", "connecting", "left alice", "ended completed"]] },
        Outcome { name: "cancelled", heard: &[&["ended cancelled", "refused unknown-call"]] },
    ];
    let mut tally = Tally::new("accept against the caller's loss", OUTCOMES);
    let server = TestServer::start().await;
    let mut bob = server.sdk("bob").await;
    for round in 0..Tally::rounds() {
        let mut alice = server.seed("alice").await;
        let (call, _) = ring(&mut alice, &mut bob).await;
        at_once(round, alice.leave(), accept(&mut bob, &call)).await;
        server.counts_become(|counts| counts.devices == 1).await;
        tally.count(&[bob.heard(&call).await]);
    }
    tally.close();
}

/// Another ring, begun a little earlier, ends when it is time to accept this one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i12_accept_against_timeout_has_one_outcome() {
    const OUTCOMES: &[Outcome] = &[
        Outcome { name: "answered", heard: &[&["connecting", "joined bob"], &["done", "connecting"]] },
        Outcome { name: "missed", heard: &[&["ended missed"], &["ended missed", "refused unknown-call"]] },
    ];
    let mut tally = Tally::new("accept against timeout", OUTCOMES);
    let server = TestServer::start_with(|config| config.rules.ring_timeout = 40).await;
    let (mut alice, mut bob) = (server.seed("alice").await, server.sdk("bob").await);
    let mut carol = server.seed("carol").await;
    for round in 0..Tally::rounds() {
        let clock = initiate(&mut carol, "nobody").await;
        for _ in 0..round % 8 {
            bob.nothing_came().await;
        }
        let (call, _) = ring(&mut alice, &mut bob).await;
        carol.expect_end(&clock, "missed").await;
        accept(&mut bob, &call).await;
        if tally.count(&heard_by_all(&call, &mut [&mut alice, &mut bob]).await) == "answered" {
            hang_up(&mut bob, &call).await;
            bob.hears(&call, &["done", "ended completed"]).await;
            alice.hears(&call, &["left bob", "ended completed"]).await;
        }
    }
    tally.close();
}

/// One device accepts while another declines: the call goes on, or it was rejected, for everybody alike.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i12_accept_against_reject_has_one_outcome() {
    const OUTCOMES: &[Outcome] = &[
        Outcome {
            name: "answered",
            heard: &[
                &["connecting", "joined bob"],
                &["connecting"],
                &["ended completed", "refused unknown-call"],
            ],
        },
        Outcome {
            name: "rejected",
            heard: &[&["ended rejected"], &["ended rejected", "refused unknown-call"], &["ended rejected"]],
        },
    ];
    let mut tally = Tally::new("accept against reject", OUTCOMES);
    let server = TestServer::start().await;
    let mut alice = server.sdk("alice").await;
    let (mut one, mut other) = (server.seed("bob").await, server.seed("bob").await);
    for round in 0..Tally::rounds() {
        let call = initiate(&mut alice, "bob").await;
        alice.expect_state(&call, "ringing").await;
        one.expect("call:incoming").await;
        other.expect("call:incoming").await;
        let reject = json!({ "callId": call, "action": "reject" });
        at_once(round, accept(&mut one, &call), other.send("call:respond", reject)).await;
        let heard = heard_by_all(&call, &mut [&mut alice, &mut one, &mut other]).await;
        if tally.count(&heard) == "answered" {
            hang_up(&mut alice, &call).await;
            alice.hears(&call, &["done", "ended completed"]).await;
            one.hears(&call, &["left alice", "ended completed"]).await;
            other.hears(&call, &[]).await;
        }
    }
    tally.close();
}

/// Two devices accept at once: one has the call, and the other knows that it has not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i8_of_two_accepts_one_wins() {
    const WINNER: &[&str] = &["done", "connecting"];
    const LOSER: &[&str] = &["answered elsewhere", "engaged elsewhere", "refused unknown-call"];
    const CALLER: &[&str] = &["connecting", "joined bob"];
    const OUTCOMES: &[Outcome] = &[
        Outcome { name: "one", heard: &[CALLER, WINNER, LOSER] },
        Outcome { name: "other", heard: &[CALLER, LOSER, WINNER] },
    ];
    let mut tally = Tally::new("two accepts", OUTCOMES);
    let server = TestServer::start().await;
    let mut alice = server.seed("alice").await;
    let (mut one, mut other) = (server.sdk("bob").await, server.sdk("bob").await);
    for round in 0..Tally::rounds() {
        let call = initiate(&mut alice, "bob").await;
        alice.expect_state(&call, "ringing").await;
        one.expect("call:incoming").await;
        other.expect("call:incoming").await;
        at_once(round, accept(&mut one, &call), accept(&mut other, &call)).await;
        let heard = heard_by_all(&call, &mut [&mut alice, &mut one, &mut other]).await;
        let (winner, loser) =
            if tally.count(&heard) == "one" { (&mut one, &mut other) } else { (&mut other, &mut one) };
        hang_up(winner, &call).await;
        winner.hears(&call, &["done", "ended completed"]).await;
        loser.hears(&call, &["free elsewhere"]).await;
        alice.hears(&call, &["left bob", "ended completed"]).await;
    }
    tally.close();
}

/// Two devices of a user accept a call each: the user is in one of them, and busy for the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i12_of_two_calls_accepted_at_once_one_is_answered() {
    const OUTCOMES: &[Outcome] = &[
        Outcome {
            name: "alice's",
            heard: &[
                &["a: connecting", "a: joined bob"],
                &["c: ended busy"],
                &["a: done", "a: connecting", "c: ended busy"],
                &[
                    "a: answered elsewhere",
                    "a: engaged elsewhere",
                    "c: ended busy",
                    "c: refused unknown-call",
                ],
            ],
        },
        Outcome {
            name: "carol's",
            heard: &[
                &["a: ended busy"],
                &["c: connecting", "c: joined bob"],
                &[
                    "c: answered elsewhere",
                    "c: engaged elsewhere",
                    "a: ended busy",
                    "a: refused unknown-call",
                ],
                &["c: done", "c: connecting", "a: ended busy"],
            ],
        },
    ];
    let mut tally = Tally::new("accepts of two calls", OUTCOMES);
    let server = TestServer::start().await;
    let (mut alice, mut carol) = (server.seed("alice").await, server.seed("carol").await);
    let (mut one, mut other) = (server.sdk("bob").await, server.sdk("bob").await);
    for round in 0..Tally::rounds() {
        let (a, c) = (initiate(&mut alice, "bob").await, initiate(&mut carol, "bob").await);
        for (caller, call) in [(&mut alice, &a), (&mut carol, &c)] {
            caller.hears(call, &["ringing"]).await;
            one.expect("call:incoming").await;
            other.expect("call:incoming").await;
        }
        at_once(round, accept(&mut one, &a), accept(&mut other, &c)).await;
        let calls = [(a.as_str(), "a"), (c.as_str(), "c")];
        let heard = heard_of_calls(&calls, &mut [&mut alice, &mut carol, &mut one, &mut other]).await;
        let (caller, call) =
            if tally.count(&heard) == "alice's" { (&mut alice, &a) } else { (&mut carol, &c) };
        hang_up(caller, call).await;
        caller.hears(call, &["ended completed"]).await;
        for tab in [&mut one, &mut other] {
            assert_ne!(tab.heard(call).await, [""; 0]);
        }
    }
    tally.close();
}

/// What each has heard of several calls, each with a name, once all that any of them sent before has been carried out.
async fn heard_of_calls(calls: &[(&str, &str)], clients: &mut [&mut Client]) -> Vec<Vec<String>> {
    let mut heard = vec![Vec::new(); clients.len()];
    for _ in 0..2 {
        for (client, heard) in clients.iter_mut().zip(&mut heard) {
            for frame in client.frames().await {
                let of = call_of(&frame).unwrap_or_else(|| panic!("of no call: {frame}"));
                let named = calls.iter().find(|(call, _)| *call == of);
                let (_, name) = named.unwrap_or_else(|| panic!("of an unknown call: {frame}"));
                heard.push(format!("{name}: {}", in_short(&frame)));
            }
        }
    }
    heard
}
