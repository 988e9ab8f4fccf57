//! Two who call at the same moment.

use serde_json::{Value, json};

use super::{at_once, hang_up};
use crate::harness::{Client, Outcome, Tally, TestServer, call_of, heard_by_all, in_short};

fn initiate(callee: &str) -> Value {
    json!({ "conversationId": "c", "type": "audio", "calleeIds": [callee] })
}

/// Every frame of each, once all that any of them sent before has been carried out.
async fn frames_of_all(clients: &mut [&mut Client]) -> Vec<Vec<Value>> {
    let mut frames = vec![Vec::new(); clients.len()];
    for _ in 0..2 {
        for (client, frames) in clients.iter_mut().zip(&mut frames) {
            frames.extend(client.frames().await);
        }
    }
    frames
}

/// Exactly one call survives, whoever was first, and both are in it.
async fn glare(race: &'static str, outcomes: &'static [Outcome], alice_is_sdk: bool, bob_is_sdk: bool) {
    let mut tally = Tally::new(race, outcomes);
    let server = TestServer::start().await;
    let mut alice = server.client("alice", alice_is_sdk).await;
    let mut bob = server.client("bob", bob_is_sdk).await;
    for round in 0..Tally::rounds() {
        at_once(
            round,
            alice.request("call:initiate", initiate("bob")),
            bob.request("call:initiate", initiate("alice")),
        )
        .await;
        let frames = frames_of_all(&mut [&mut alice, &mut bob]).await;
        let mut calls: Vec<&str> = frames.iter().flatten().filter_map(call_of).collect();
        calls.sort_unstable();
        calls.dedup();
        let [call] = calls[..] else { panic!("{race}: not one call: {frames:#?}") };
        let heard: Vec<Vec<String>> =
            frames.iter().map(|frames| frames.iter().map(in_short).collect()).collect();
        tally.count(&heard);
        assert_eq!(server.counts().await.calls, 1);

        for client in [&mut alice, &mut bob] {
            client.request("call:media-toggle", json!({ "callId": call, "audio": false })).await;
        }
        let heard = heard_by_all(call, &mut [&mut alice, &mut bob]).await;
        assert!(
            heard[0].contains(&"media bob".into()) && heard[1].contains(&"media alice".into()),
            "{heard:?}"
        );
        hang_up(&mut bob, call).await;
        assert_eq!(bob.heard(call).await.last().map(String::as_str), Some("ended completed"));
        alice.hears(call, &["left bob", "ended completed"]).await;
    }
    tally.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i13_glare_of_seed_clients_leaves_one_call() {
    const OUTCOMES: &[Outcome] = &[
        Outcome {
            name: "alice's",
            heard: &[
                &["initiating", "ringing", "connecting", "joined bob"],
                &["incoming ringing", "connecting"],
            ],
        },
        Outcome {
            name: "bob's",
            heard: &[
                &["incoming ringing", "connecting"],
                &["initiating", "ringing", "connecting", "joined alice"],
            ],
        },
    ];
    glare("glare of seed clients", OUTCOMES, false, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i13_glare_of_sdk_clients_leaves_one_call() {
    const OUTCOMES: &[Outcome] = &[
        Outcome {
            name: "alice's",
            heard: &[
                &["done", "ringing", "connecting", "joined bob"],
                &["incoming ringing", "done", "connecting"],
            ],
        },
        Outcome {
            name: "bob's",
            heard: &[
                &["incoming ringing", "done", "connecting"],
                &["done", "ringing", "connecting", "joined alice"],
            ],
        },
    ];
    glare("glare of SDK clients", OUTCOMES, true, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i13_glare_of_a_seed_and_an_sdk_client_leaves_one_call() {
    const OUTCOMES: &[Outcome] = &[
        Outcome {
            name: "the seed client's",
            heard: &[
                &["initiating", "ringing", "connecting", "joined bob"],
                &["incoming ringing", "done", "connecting"],
            ],
        },
        Outcome {
            name: "the SDK's",
            heard: &[
                &["incoming ringing", "connecting", "joined bob"],
                &["done", "ringing", "connecting", "joined alice"],
            ],
        },
    ];
    glare("glare of a seed and an SDK client", OUTCOMES, false, true).await;
}

/// A user is called as they call somebody else: the call that they make is theirs, whichever was first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i12_an_initiate_against_a_ring_has_one_outcome() {
    const OUTCOMES: &[Outcome] = &[
        Outcome {
            name: "engaged",
            heard: &[&["a: done", "a: ringing"], &["b: done", "b: ended busy"], &["a: incoming ringing"]],
        },
        Outcome {
            name: "rung",
            heard: &[
                &["b: incoming ringing", "a: done", "a: ringing", "b: ended busy"],
                &["b: done", "b: ringing", "b: ended busy"],
                &["a: incoming ringing"],
            ],
        },
    ];
    let mut tally = Tally::new("initiate against a ring", OUTCOMES);
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let mut carol = server.seed("carol").await;
    for round in 0..Tally::rounds() {
        at_once(
            round,
            alice.request("call:initiate", initiate("carol")),
            bob.request("call:initiate", initiate("alice")),
        )
        .await;
        let frames = frames_of_all(&mut [&mut alice, &mut bob, &mut carol]).await;
        let own = |frames: &[Value]| {
            let reply = frames.iter().find(|frame| frame["event"] == "reply");
            call_of(reply.expect("a reply")).expect("a call").to_owned()
        };
        let calls = [(own(&frames[0]), "a"), (own(&frames[1]), "b")];
        let named = |frame: &Value| {
            let name = calls.iter().find(|(call, _)| Some(call.as_str()) == call_of(frame));
            format!("{}: {}", name.expect("one of the two calls").1, in_short(frame))
        };
        let heard: Vec<Vec<String>> =
            frames.iter().map(|frames| frames.iter().map(named).collect()).collect();
        tally.count(&heard);

        let [(call, _), _] = &calls;
        hang_up(&mut alice, call).await;
        let heard = heard_by_all(call, &mut [&mut alice, &mut bob, &mut carol]).await;
        assert_eq!(heard, [vec!["done", "ended cancelled"], vec![], vec!["ended cancelled"]]);
    }
    tally.close();
}
