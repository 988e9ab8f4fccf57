//! Ends from two sides, and replies that cross what they are about.

use serde_json::json;

use super::{at_once, hang_up};
use crate::harness::{Outcome, Tally, TestServer, connect, heard_by_all, ring};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i10_hang_ups_from_both_sides_end_a_call_once() {
    const OUTCOMES: &[Outcome] = &[
        Outcome {
            name: "by the caller",
            heard: &[&["ended completed"], &["left alice", "ended completed", "refused unknown-call"]],
        },
        Outcome {
            name: "by the callee",
            heard: &[&["left bob", "ended completed", "refused unknown-call"], &["done", "ended completed"]],
        },
    ];
    let mut tally = Tally::new("hang-ups from both sides", OUTCOMES);
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.seed("alice").await, server.sdk("bob").await);
    for round in 0..Tally::rounds() {
        let call = connect(&mut alice, &mut bob).await;
        at_once(round, hang_up(&mut alice, &call), hang_up(&mut bob, &call)).await;
        tally.count(&heard_by_all(&call, &mut [&mut alice, &mut bob]).await);
    }
    tally.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i10_reject_against_cancel_ends_a_call_once() {
    const OUTCOMES: &[Outcome] = &[
        Outcome {
            name: "rejected",
            heard: &[&["ended rejected", "refused unknown-call"], &["done", "ended rejected"]],
        },
        Outcome {
            name: "cancelled",
            heard: &[&["ended cancelled"], &["ended cancelled", "refused unknown-call"]],
        },
    ];
    let mut tally = Tally::new("reject against cancel", OUTCOMES);
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.seed("alice").await, server.sdk("bob").await);
    for round in 0..Tally::rounds() {
        let (call, _) = ring(&mut alice, &mut bob).await;
        let reject = json!({ "callId": call, "action": "reject" });
        at_once(round, hang_up(&mut alice, &call), bob.request("call:respond", reject)).await;
        tally.count(&heard_by_all(&call, &mut [&mut alice, &mut bob]).await);
    }
    tally.close();
}

/// A command is under way while the call ends: its reply says whether it was in time, and nothing but replies comes after
/// the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i11_a_reply_that_crosses_an_end_tells_which_was_first() {
    const OUTCOMES: &[Outcome] = &[
        Outcome {
            name: "in time",
            heard: &[&["done", "left bob", "ended completed"], &["media alice", "done", "ended completed"]],
        },
        Outcome {
            name: "too late",
            heard: &[&["left bob", "ended completed", "refused unknown-call"], &["done", "ended completed"]],
        },
    ];
    let mut tally = Tally::new("toggle against hang-up", OUTCOMES);
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    for round in 0..Tally::rounds() {
        let call = connect(&mut alice, &mut bob).await;
        let toggle = json!({ "callId": call, "audio": false });
        at_once(round, alice.request("call:media-toggle", toggle), hang_up(&mut bob, &call)).await;
        tally.count(&heard_by_all(&call, &mut [&mut alice, &mut bob]).await);
    }
    tally.close();
}
