//! Members who come, go and are put out at the same moment.

use serde_json::json;

use super::{at_once, hang_up};
use crate::harness::{Outcome, Tally, TestServer, accept, gather, heard_by_all, initiate_all};

/// Two callees accept at once: each hears of the other, whoever was first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i12_two_callees_who_accept_at_once_know_each_other() {
    const OUTCOMES: &[Outcome] = &[
        Outcome {
            name: "bob first",
            heard: &[
                &["connecting", "joined bob", "joined carol"],
                &["done", "connecting", "joined carol"],
                &["connecting", "joined bob"],
            ],
        },
        Outcome {
            name: "carol first",
            heard: &[&["connecting", "joined carol", "joined bob"], &["done"], &["connecting", "joined bob"]],
        },
    ];
    let mut tally = Tally::new("accepts of two callees", OUTCOMES);
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let mut carol = server.seed("carol").await;
    for round in 0..Tally::rounds() {
        let call = initiate_all(&mut alice, &["bob", "carol"]).await;
        alice.hears(&call, &["ringing"]).await;
        bob.hears(&call, &["incoming ringing"]).await;
        carol.hears(&call, &["incoming ringing"]).await;
        at_once(round, accept(&mut bob, &call), accept(&mut carol, &call)).await;
        tally.count(&heard_by_all(&call, &mut [&mut alice, &mut bob, &mut carol]).await);

        hang_up(&mut carol, &call).await;
        carol.hears(&call, &["ended completed"]).await;
        hang_up(&mut bob, &call).await;
        bob.hears(&call, &["left carol", "done", "ended completed"]).await;
        alice.hears(&call, &["left carol", "left bob", "ended completed"]).await;
    }
    tally.close();
}

/// One is added as the only other leaves: the call goes on with who rings, or it was over before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i12_add_against_leave_has_one_outcome() {
    const OUTCOMES: &[Outcome] = &[
        Outcome {
            name: "added",
            heard: &[
                &["done", "callee carol ringing", "left bob"],
                &["ended completed"],
                &["incoming ringing"],
            ],
        },
        Outcome {
            name: "over",
            heard: &[&["left bob", "ended completed", "refused unknown-call"], &["ended completed"], &[]],
        },
    ];
    let mut tally = Tally::new("add against leave", OUTCOMES);
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.seed("bob").await);
    let mut carol = server.sdk("carol").await;
    for round in 0..Tally::rounds() {
        let call = gather(&mut [&mut alice, &mut bob]).await;
        let add = json!({ "callId": call, "userId": "carol" });
        at_once(round, alice.request("call:add-participant", add), hang_up(&mut bob, &call)).await;
        let heard = heard_by_all(&call, &mut [&mut alice, &mut bob, &mut carol]).await;
        if tally.count(&heard) == "added" {
            // Who was added finds one in the call.
            accept(&mut carol, &call).await;
            carol.hears(&call, &["done"]).await;
            alice.hears(&call, &["joined carol"]).await;
            hang_up(&mut carol, &call).await;
            carol.hears(&call, &["done", "ended completed"]).await;
            alice.hears(&call, &["left carol", "ended completed"]).await;
        }
    }
    tally.close();
}

/// One is put out as they accept: they have never been in the call, or they have been and are no more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i12_remove_against_accept_has_one_outcome() {
    const OUTCOMES: &[Outcome] = &[
        Outcome {
            name: "never in",
            heard: &[
                &["done", "callee carol missed"],
                &["callee carol missed"],
                &["ended missed", "refused unknown-call"],
            ],
        },
        Outcome {
            name: "in and out",
            heard: &[
                &["joined carol", "done", "left carol"],
                &["joined carol", "left carol"],
                &["done", "ended completed"],
            ],
        },
    ];
    let mut tally = Tally::new("remove against accept", OUTCOMES);
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let mut carol = server.sdk("carol").await;
    let call = gather(&mut [&mut alice, &mut bob]).await;
    for round in 0..Tally::rounds() {
        let choice = json!({ "callId": call, "userId": "carol" });
        alice.does("call:add-participant", choice.clone()).await;
        alice.hears(&call, &["callee carol ringing"]).await;
        bob.hears(&call, &["callee carol ringing"]).await;
        carol.hears(&call, &["incoming ringing"]).await;
        at_once(round, alice.request("call:remove-participant", choice), accept(&mut carol, &call)).await;
        tally.count(&heard_by_all(&call, &mut [&mut alice, &mut bob, &mut carol]).await);
    }
    tally.close();
}

/// The owner puts one out who is leaving: nobody is told twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i9_remove_against_leave_has_one_outcome() {
    const OUTCOMES: &[Outcome] = &[
        Outcome {
            name: "put out",
            heard: &[&["done", "left carol"], &["left carol"], &["ended completed", "refused unknown-call"]],
        },
        Outcome {
            name: "left",
            heard: &[
                &["left carol", "refused invalid-argument"],
                &["left carol"],
                &["done", "ended completed"],
            ],
        },
    ];
    let mut tally = Tally::new("remove against leave", OUTCOMES);
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let mut carol = server.sdk("carol").await;
    let call = gather(&mut [&mut alice, &mut bob]).await;
    for round in 0..Tally::rounds() {
        let choice = json!({ "callId": call, "userId": "carol" });
        alice.does("call:add-participant", choice.clone()).await;
        accept(&mut carol, &call).await;
        carol.hears(&call, &["incoming ringing", "done"]).await;
        alice.hears(&call, &["callee carol ringing", "joined carol"]).await;
        bob.hears(&call, &["callee carol ringing", "joined carol"]).await;
        at_once(round, alice.request("call:remove-participant", choice), hang_up(&mut carol, &call)).await;
        tally.count(&heard_by_all(&call, &mut [&mut alice, &mut bob, &mut carol]).await);
    }
    tally.close();
}
