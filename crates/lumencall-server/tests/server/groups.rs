//! Calls of several, by clients of both dialects: what becomes of each callee, and what everybody knows of everybody.

use serde_json::{Value, json};

use crate::harness::{
    Client, TestServer, accept, gather, heard_by_all, initiate, initiate_all, negotiate, report, ring,
};

/// A call's members in the order in which they joined.
fn participants(call: &Value) -> Vec<&str> {
    call["participants"].as_array().unwrap().iter().map(|member| member["userId"].as_str().unwrap()).collect()
}

/// I16: no callee's answer is the others'. A client without the SDK's events hears of the joins alone.
#[tokio::test]
async fn i16_each_callee_answers_for_themselves() {
    let server = TestServer::start().await;
    for sdk in [false, true] {
        let mut alice = server.client("alice", sdk).await;
        let (mut bob, mut carol) = (server.sdk("bob").await, server.seed("carol").await);
        let mut dave = server.sdk("dave").await;
        let mut erin = server.seed("erin").await;
        let (of_erin, _) = ring(&mut erin, &mut server.seed("frank").await).await;
        erin.hears(&of_erin, &["ended missed"]).await;
        let of_erin = initiate(&mut erin, "frank").await;

        let call = initiate_all(&mut alice, &["bob", "carol", "dave", "erin", "gina"]).await;
        let ours = |events: &[&'static str]| -> Vec<&'static str> {
            events.iter().copied().filter(|event| sdk || !event.starts_with("callee")).collect()
        };
        alice.hears(&call, &ours(&["ringing", "callee erin busy"])).await;
        for callee in [&mut bob, &mut carol, &mut dave] {
            let incoming = callee.expect("call:incoming").await;
            assert_eq!(participants(&incoming), ["alice"]);
            assert_eq!(incoming["calleeIds"], json!(["bob", "carol", "dave", "gina"]), "who may answer");
        }
        bob.request("call:respond", json!({ "callId": call, "action": "reject" })).await;
        bob.hears(&call, &["done", "ended rejected"]).await;
        alice.hears(&call, &ours(&["callee bob rejected"])).await;
        accept(&mut carol, &call).await;
        carol.hears(&call, &["connecting"]).await;
        alice.hears(&call, &["connecting", "joined carol"]).await;
        // Whoever declines after that declines for themselves too, and whose devices are lost is out.
        dave.leave().await;
        server.counts_become(|counts| counts.devices == 4).await;
        alice.hears(&call, &ours(&["callee dave missed"])).await;
        carol.hears(&call, &[]).await;
        // One who comes late is rung, and told who is there by then.
        let mut gina = server.sdk("gina").await;
        let incoming = gina.expect("call:incoming").await;
        assert_eq!(participants(&incoming), ["alice", "carol"]);
        gina.request("call:hangup", json!({ "callId": call })).await;
        gina.hears(&call, &["done", "ended rejected"]).await;
        alice.hears(&call, &ours(&["callee gina rejected"])).await;

        carol.request("call:hangup", json!({ "callId": call })).await;
        carol.hears(&call, &["ended completed"]).await;
        alice.hears(&call, &["left carol", "ended completed"]).await;
        erin.request("call:hangup", json!({ "callId": of_erin })).await;
        for client in [alice, bob, carol, erin, gina] {
            client.leave().await;
        }
        server.is_empty_again().await;
    }
}

/// The last one who is out ends the call, for the reason of that one.
#[tokio::test]
async fn i16_the_last_callee_who_is_out_ends_the_call() {
    let server = TestServer::start_with(|config| config.rules.ring_timeout = 500).await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let mut carol = server.seed("carol").await;
    // Rejected by all.
    let call = initiate_all(&mut alice, &["bob", "carol"]).await;
    carol.send("call:respond", json!({ "callId": call, "action": "reject" })).await;
    carol.hears(&call, &["incoming ringing", "ended rejected"]).await;
    bob.request("call:respond", json!({ "callId": call, "action": "reject" })).await;
    bob.hears(&call, &["incoming ringing", "done", "ended rejected"]).await;
    alice.hears(&call, &["ringing", "callee carol rejected", "ended rejected"]).await;
    // The rest do not answer in time: all are out at once, and one after the other.
    let call = initiate_all(&mut alice, &["bob", "carol", "nobody"]).await;
    bob.request("call:respond", json!({ "callId": call, "action": "reject" })).await;
    bob.hears(&call, &["incoming ringing", "done", "ended rejected"]).await;
    for event in ["call:state-changed", "call:callee-changed", "call:callee-changed"] {
        alice.expect(event).await;
    }
    alice.expect_end(&call, "missed").await;
    carol.hears(&call, &["incoming ringing", "ended missed"]).await;
    // All are busy.
    let (of_bob, _) = ring(&mut bob, &mut carol).await;
    accept(&mut carol, &of_bob).await;
    let busy = initiate_all(&mut alice, &["bob", "carol"]).await;
    alice.hears(&busy, &["ended busy"]).await;
    assert_eq!(server.counts().await.calls, 1);
}

/// I16 with time: the ring of one ends, and the others' call goes on.
#[tokio::test]
async fn i16_a_ring_that_ends_in_time_ends_nothing_for_others() {
    let server = TestServer::start_with(|config| config.rules.ring_timeout = 300).await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let mut carol = server.sdk("carol").await;
    let call = initiate_all(&mut alice, &["bob", "carol"]).await;
    accept(&mut bob, &call).await;
    bob.hears(&call, &["incoming ringing", "done", "connecting"]).await;
    carol.hears(&call, &["incoming ringing"]).await;
    carol.expect_end(&call, "missed").await;
    bob.hears(&call, &["callee carol missed"]).await;
    alice.hears(&call, &["ringing", "connecting", "joined bob", "callee carol missed"]).await;
    // She is a stranger now, and free for others.
    carol.is_refused("unknown-call", "call:respond", json!({ "callId": call, "action": "accept" })).await;
    ring(&mut server.seed("dave").await, &mut carol).await;
}

/// Who joins late knows everybody with what they show, and everybody knows who joined, in either dialect.
#[tokio::test]
async fn a_late_joiner_knows_everybody_and_everybody_them() {
    let server = TestServer::start().await;
    for sdk in [false, true] {
        let (mut alice, mut bob) = (server.sdk("alice").await, server.seed("bob").await);
        let mut carol = server.client("carol", sdk).await;
        let call = initiate_all(&mut alice, &["bob", "carol"]).await;
        accept(&mut bob, &call).await;
        bob.heard(&call).await;
        alice.request("call:media-toggle", json!({ "callId": call, "video": false })).await;
        let shares = json!({ "callId": call, "audio": false, "screenShare": true });
        bob.send("call:media-toggle", shares).await;
        heard_by_all(&call, &mut [&mut alice, &mut bob]).await;

        carol.hears(&call, &["incoming ringing"]).await;
        accept(&mut carol, &call).await;
        let frames = carol.frames().await;
        let shown = |user: &str| {
            let found = frames.iter().rev().find_map(|frame| match frame["event"].as_str().unwrap() {
                "reply" => {
                    let participants = frame["data"]["ok"]["call"]["participants"].as_array().unwrap();
                    participants.iter().find(|participant| participant["userId"] == user)
                }
                "call:participant-joined" => {
                    Some(&frame["data"]["participant"]).filter(|participant| participant["userId"] == user)
                }
                _ => None,
            });
            let found = found.unwrap_or_else(|| panic!("nothing of {user}: {frames:#?}"));
            (found["audioMuted"].clone(), found["videoMuted"].clone(), found["screenSharing"].clone())
        };
        assert_eq!(shown("bob"), (json!(true), json!(false), json!(true)));
        let alices =
            json!({ "callId": call, "userId": "alice", "audio": true, "video": false, "screenShare": false });
        let media = frames.iter().find(|frame| frame["event"] == "call:media-changed");
        assert_eq!(media.expect("her call:incoming said otherwise")["data"], alices);
        let events: Vec<&str> = frames.iter().map(|frame| frame["event"].as_str().unwrap()).collect();
        if sdk {
            assert_eq!(events, ["reply", "call:media-changed"]);
            assert_eq!(shown("alice"), (json!(false), json!(true), json!(false)));
            let call = &frames[0]["data"]["ok"]["call"];
            assert_eq!(participants(call), ["alice", "bob", "carol"]);
            assert_eq!(call["state"], "connecting");
        } else {
            let expected = ["call:state-changed", "call:media-changed", "call:participant-joined"];
            assert_eq!(events, expected);
        }
        // And the others know of her, and what she shows from then on.
        let toggle = json!({ "callId": call, "screenShare": true });
        carol.request("call:media-toggle", toggle).await;
        carol.heard(&call).await;
        alice.hears(&call, &["joined carol", "media carol"]).await;
        bob.hears(&call, &["joined carol", "media carol"]).await;
        for client in [alice, bob, carol] {
            client.leave().await;
        }
    }
}

/// Also of who has left while it rang: a client without replies hears so, the others see it in the reply.
#[tokio::test]
async fn a_late_joiner_knows_who_is_there_no_more() {
    let server = TestServer::start().await;
    for sdk in [false, true] {
        let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
        let mut carol = server.client("carol", sdk).await;
        let call = initiate_all(&mut alice, &["bob", "carol"]).await;
        accept(&mut bob, &call).await;
        bob.heard(&call).await;
        alice.request("call:hangup", json!({ "callId": call })).await;
        heard_by_all(&call, &mut [&mut alice, &mut bob]).await;
        carol.hears(&call, &["incoming ringing"]).await;
        if sdk {
            let accept = json!({ "callId": call, "action": "accept" });
            let done = carol.ask("call:respond", accept).await.unwrap();
            assert_eq!(participants(&done["call"]), ["bob", "carol"]);
        } else {
            accept(&mut carol, &call).await;
            carol.hears(&call, &["connecting", "left alice", "joined bob"]).await;
        }
        bob.hears(&call, &["joined carol"]).await;
        for client in [alice, bob, carol] {
            client.leave().await;
        }
    }
}

/// Every two signal to one another; a third hears nothing of it. The call is connected with its first pair.
#[tokio::test]
async fn every_two_of_a_group_signal_to_one_another() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let (mut carol, mut dave) = (server.seed("carol").await, server.seed("dave").await);
    let call = gather(&mut [&mut alice, &mut bob, &mut carol, &mut dave]).await;

    negotiate(&mut alice, &mut bob, &call).await;
    carol.hears(&call, &["connected"]).await;
    dave.hears(&call, &["connected"]).await;
    negotiate(&mut bob, &mut carol, &call).await;
    // Carol is connected to one now, and the SDK's devices hear so.
    alice.hears(&call, &["connection carol connected"]).await;
    negotiate(&mut carol, &mut dave, &call).await;
    alice.hears(&call, &["connection dave connected"]).await;
    bob.hears(&call, &["connection dave connected"]).await;
    // From the second pair on nothing changes for those who are connected.
    negotiate(&mut alice, &mut dave, &call).await;
    for client in [&mut bob, &mut carol] {
        client.hears(&call, &[]).await;
    }
    let candidate = dave.candidate(&call, "bob", "candidate:1");
    dave.send("signal:ice-candidate", candidate).await;
    dave.send("signal:offer", dave.description(&call, "bob", "offer", "v=0")).await;
    dave.nothing_came().await;
    bob.hears(&call, &["offer dave", "candidate dave"]).await;
    for client in [&mut alice, &mut carol] {
        client.hears(&call, &[]).await;
    }
}

/// `reconnecting` is when no pair stands any more; each member's own fate, the others hear apart from it.
#[tokio::test]
async fn a_group_is_connected_while_any_pair_is() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let mut carol = server.sdk("carol").await;
    let call = gather(&mut [&mut alice, &mut bob, &mut carol]).await;
    negotiate(&mut alice, &mut bob, &call).await;
    negotiate(&mut alice, &mut carol, &call).await;
    heard_by_all(&call, &mut [&mut alice, &mut bob, &mut carol]).await;

    carol.does("call:connection-report", report(&call, "alice", "reconnecting")).await;
    alice.hears(&call, &["connection carol reconnecting"]).await;
    bob.hears(&call, &["connection carol reconnecting"]).await;
    bob.does("call:connection-report", report(&call, "alice", "reconnecting")).await;
    let none = ["connection alice reconnecting", "connection bob reconnecting"];
    alice.hears(&call, &[none[1], "reconnecting"]).await;
    bob.hears(&call, &[none[0], "reconnecting"]).await;
    carol.hears(&call, &[none[0], none[1], "reconnecting"]).await;
    carol.does("call:connection-report", report(&call, "alice", "connected")).await;
    carol.hears(&call, &["connection alice connected", "connected"]).await;
    bob.hears(&call, &["connection alice connected", "connection carol connected", "connected"]).await;
}

/// Whose connections have all failed is put out; the call goes on for the others, and ends when nobody is left to it.
#[tokio::test]
async fn who_is_cut_off_from_all_is_put_out() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let mut carol = server.sdk("carol").await;
    let call = gather(&mut [&mut alice, &mut bob, &mut carol]).await;
    negotiate(&mut alice, &mut bob, &call).await;
    heard_by_all(&call, &mut [&mut alice, &mut bob, &mut carol]).await;
    carol.does("call:connection-report", report(&call, "alice", "failed")).await;
    bob.does("call:connection-report", report(&call, "carol", "failed")).await;
    carol.hears(&call, &["ended failed"]).await;
    alice.hears(&call, &["left carol"]).await;
    bob.hears(&call, &["left carol"]).await;
    bob.does("call:connection-report", report(&call, "alice", "failed")).await;
    alice.hears(&call, &["ended failed"]).await;
    bob.hears(&call, &["ended failed"]).await;
}

/// A member's set-up has its own time, and who never connects costs the others nothing.
#[tokio::test]
async fn who_never_connects_is_put_out_in_time() {
    let server = TestServer::start_with(|config| config.rules.answer_timeout = 1500).await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let mut carol = server.sdk("carol").await;
    let call = gather(&mut [&mut alice, &mut bob, &mut carol]).await;
    negotiate(&mut alice, &mut bob, &call).await;
    heard_by_all(&call, &mut [&mut alice, &mut bob, &mut carol]).await;
    carol.expect_end(&call, "failed").await;
    alice.hears(&call, &["left carol"]).await;
    bob.hears(&call, &["left carol"]).await;
    alice.does("call:hangup", json!({ "callId": call })).await;
    alice.hears(&call, &["ended completed"]).await;
}

/// The loss of a member's device costs the others that member; of an SDK's as of a seed client's.
#[tokio::test]
async fn i15_a_lost_member_leaves_the_others_their_call() {
    let server = TestServer::start().await;
    let (mut alice, bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let (carol, mut dave) = (server.seed("carol").await, server.seed("dave").await);
    let (mut bob, mut carol) = (bob, carol);
    let call = gather(&mut [&mut alice, &mut bob, &mut carol, &mut dave]).await;
    bob.leave().await;
    server.counts_become(|counts| counts.devices == 3).await;
    carol.leave().await;
    server.counts_become(|counts| counts.devices == 2).await;
    alice.hears(&call, &["left bob", "left carol"]).await;
    dave.hears(&call, &["left bob", "left carol"]).await;
    assert_eq!(server.counts().await.users, 2);
    // A user who comes back is a new device, and no member.
    let mut back = server.sdk("bob").await;
    crate::authority::is_a_stranger_to(&mut back, &call, ["alice", "dave"]).await;
    dave.leave().await;
    server.counts_become(|counts| counts.calls == 0).await;
    alice.hears(&call, &["left dave", "ended completed"]).await;
}

/// The caller who is lost while it rings is lost to all, and so is a callee's only device.
#[tokio::test]
async fn a_lost_caller_cancels_for_every_callee() {
    let server = TestServer::start().await;
    for sdk in [false, true] {
        let mut alice = server.client("alice", sdk).await;
        let (mut bob, mut carol) = (server.sdk("bob").await, server.seed("carol").await);
        let call = initiate_all(&mut alice, &["bob", "carol", "nobody"]).await;
        alice.leave().await;
        server.counts_become(|counts| counts.calls == 0).await;
        bob.hears(&call, &["incoming ringing", "ended cancelled"]).await;
        carol.hears(&call, &["incoming ringing", "ended cancelled"]).await;
        bob.leave().await;
        carol.leave().await;
        server.is_empty_again().await;
    }
}

/// I3 in a group: who rings hears from nobody, and nobody from them, whoever is in the call.
#[tokio::test]
async fn i3_a_ringing_callee_of_a_group_neither_hears_nor_is_heard() {
    let server = TestServer::start().await;
    for sdk in [false, true] {
        let (mut alice, mut bob) = (server.sdk("alice").await, server.seed("bob").await);
        let mut carol = server.client("carol", sdk).await;
        let call = initiate_all(&mut alice, &["bob", "carol"]).await;
        accept(&mut bob, &call).await;
        bob.frames().await;
        carol.hears(&call, &["incoming ringing"]).await;
        alice.request("signal:offer", alice.description(&call, "carol", "offer", "v=0")).await;
        alice.request("signal:ice-candidate", alice.candidate(&call, "carol", "candidate:1")).await;
        alice.frames().await;
        // Only what the caller sends is held: the others offer when she is there.
        let offer = bob.description(&call, "carol", "offer", "v=0");
        bob.is_refused("invalid-state", "signal:offer", offer).await;
        let candidate = bob.candidate(&call, "carol", "candidate:1");
        bob.is_refused("invalid-state", "signal:ice-candidate", candidate).await;
        carol.nothing_came().await;
        for to in ["alice", "bob"] {
            for kind in ["offer", "answer"] {
                let description = carol.description(&call, to, kind, "v=0");
                carol.is_refused("invalid-state", &format!("signal:{kind}"), description).await;
            }
            let candidate = carol.candidate(&call, to, "candidate:1");
            carol.is_refused("invalid-state", "signal:ice-candidate", candidate).await;
        }
        for choice in ["call:add-participant", "call:remove-participant"] {
            carol.is_refused("invalid-state", choice, json!({ "callId": call, "userId": "bob" })).await;
        }
        heard_by_all(&call, &mut [&mut alice, &mut bob]).await;
        // With the acceptance it comes, in order.
        accept(&mut carol, &call).await;
        let heard = carol.heard(&call).await;
        assert_eq!(heard[heard.len() - 2..], ["offer alice", "candidate alice"]);
        for client in [alice, bob, carol] {
            client.leave().await;
        }
    }
}

/// Eight are in a call, those who ring included.
#[tokio::test]
async fn a_call_has_eight_members_at_most() {
    let server = TestServer::start().await;
    let mut members: Vec<Client> = Vec::new();
    for n in 0..8 {
        members.push(server.client(&format!("user-{n}"), n % 2 == 0).await);
    }
    let users: Vec<String> = members.iter().map(|member| member.user.clone()).collect();
    let too_many = json!({ "conversationId": "c", "type": "audio", "calleeIds": ["a", "b", "c", "d", "e", "f", "g", "h"] });
    members[0].is_refused("limit-exceeded", "call:initiate", too_many).await;
    let mut all: Vec<&mut Client> = members.iter_mut().collect();
    let call = gather(&mut all).await;
    members[3]
        .is_refused("limit-exceeded", "call:add-participant", json!({ "callId": call, "userId": "x" }))
        .await;
    // Each two of them: 28 connections, and every offer goes to one.
    for (index, from) in members.iter_mut().enumerate() {
        for to in &users[index + 1..] {
            from.request("signal:offer", from.description(&call, to, "offer", "v=0")).await;
        }
        from.frames().await;
    }
    for (index, member) in members.iter_mut().enumerate().skip(1) {
        let heard = member.heard(&call).await.len();
        assert!(heard <= index, "{heard} offers for the member at {index}");
    }
    for member in members {
        member.leave().await;
    }
    server.is_empty_again().await;
}

/// What cannot be asked for is refused alike by every dialect, and leaves nothing behind.
#[tokio::test]
async fn what_no_call_can_be_made_of_is_refused() {
    let server = TestServer::start().await;
    for sdk in [false, true] {
        let mut alice = server.client("alice", sdk).await;
        for callees in [json!([]), json!(["alice"]), json!(["bob", "alice"]), json!(["bob", "carol", "bob"])]
        {
            let asked = json!({ "conversationId": "c", "type": "audio", "calleeIds": callees });
            alice.is_refused("invalid-argument", "call:initiate", asked).await;
        }
        let most: Vec<String> = (0..4000).map(|n| format!("user-{n}")).collect();
        let asked = json!({ "conversationId": "c", "type": "audio", "calleeIds": most });
        alice.is_refused("limit-exceeded", "call:initiate", asked).await;
        let counts = server.counts().await;
        assert_eq!((counts.users, counts.calls), (1, 0));
        alice.leave().await;
        server.counts_become(|counts| counts.users == 0).await;
    }
}
