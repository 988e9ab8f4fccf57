//! Clients that ask for as much as they can: what is kept for them is bounded, and the others have their calls.

use serde_json::{Value, json};

use crate::harness::{
    Bystanders, Client, TestServer, accept, call_of, gather, heard_by_all, in_short, initiate, initiate_all,
    ring,
};

/// An offer without candidates or addresses, as large as may come to a device that rings.
fn largest_sealed(from: &Client, call: &str, to: &str) -> Value {
    let head = "v=0\r\no=- 4 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nc=IN IP4 0.0.0.0\r\n";
    let line = "a=x:yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n";
    let mut sdp = head.to_owned();
    while sdp.len() < 15 * 1024 {
        sdp.push_str(line);
    }
    let mut offer = from.description(call, to, "offer", &sdp);
    offer["sealed"] = json!(true);
    offer
}

/// A server that reads as fast as is sent, and waits for nobody for long.
async fn without_pace() -> TestServer {
    TestServer::start_with(|config| {
        config.rules.resume = 100;
        config.rules.resume_in_call = 100;
        config.limits.frames_per_second = 1_000_000;
        config.limits.frames_at_once = 1_000_000;
    })
    .await
}

/// Whoever calls thousands of times has one call at a time, whomever they call and in either dialect.
#[tokio::test]
async fn i29_thousands_of_initiates_leave_one_call() {
    let server = without_pace().await;
    let mut bystanders = Bystanders::of(&server).await;
    let mut victim = server.sdk("victim").await;
    let before = server.counts().await;
    for sdk in [false, true] {
        let mut mallory = server.client("mallory", sdk).await;
        for batch in 0..40 {
            for n in 0..50 {
                let callee = format!("user-{batch}-{n}");
                let asked = json!({ "conversationId": "c", "type": "video", "calleeIds": [callee] });
                mallory.request("call:initiate", asked).await;
            }
            mallory.frames().await;
            let counts = server.counts().await;
            assert_eq!((counts.calls, counts.deadlines), (before.calls + 1, before.deadlines + 1));
            assert_eq!(counts.users, before.users + 2);
        }
        mallory.leave().await;
        server.counts_become(|counts| Counted::of(counts) == Counted::of(before)).await;
        // The same again and again: each leaves the one before.
        let mut mallory = server.client("mallory", sdk).await;
        let asked = json!({ "conversationId": "c", "type": "video", "calleeIds": ["victim", "offline"] });
        for _ in 0..40 {
            for _ in 0..50 {
                mallory.request("call:initiate", asked.clone()).await;
            }
            mallory.frames().await;
            let rung = victim.frames().await;
            assert_eq!(rung.iter().filter(|frame| frame["event"] == "call:incoming").count(), 50);
            let counts = server.counts().await;
            assert_eq!((counts.calls, counts.deadlines), (before.calls + 1, before.deadlines + 1));
        }
        bystanders.are_unharmed().await;
        mallory.leave().await;
        server.counts_become(|counts| Counted::of(counts) == Counted::of(before)).await;
        victim.frames().await;
    }
}

/// What a server holds, but for connections.
#[derive(Debug, PartialEq)]
struct Counted([usize; 5]);

impl Counted {
    fn of(counts: lumencall_server::Counts) -> Self {
        Self([counts.devices, counts.sessions, counts.users, counts.calls, counts.deadlines])
    }
}

/// Who floods and does not read is cut off alone, and what they held is gone.
#[tokio::test]
async fn i31_a_flood_without_reading_ends_its_sender() {
    let server = without_pace().await;
    let mut bystanders = Bystanders::of(&server).await;
    let before = server.counts().await;
    let mut mallory = Client::socket(server.address, "mallory", None, true).await.unwrap();
    let asked = json!({ "event": "call:initiate", "data": { "conversationId": "c", "type": "video",
        "calleeIds": ["offline", "offline-too"], "metadata": "m".repeat(1000) } });
    let mut sent = 0;
    while server.counts().await.devices == before.devices + 1 || sent == 0 {
        assert!(sent < 1_000_000, "a million frames are answered to one who reads none");
        for _ in 0..100 {
            if mallory.try_send_text(asked.to_string()).await.is_err() {
                break;
            }
            sent += 1;
        }
    }
    server.counts_become(|counts| Counted::of(counts) == Counted::of(before)).await;
    bystanders.are_unharmed().await;
}

/// So many calls ring at a user and no more, each with as much as may come with it; a device that connects then takes it all.
#[tokio::test]
async fn i29_rings_at_one_user_are_bounded_and_fit_a_device() {
    let server = without_pace().await;
    let mut bystanders = Bystanders::of(&server).await;
    let mut callers: Vec<Client> = Vec::new();
    let most = usize::from(lumencall_core::machine::Rules::default().rings);
    for n in 0..most + 8 {
        let mut caller = server.client(&format!("caller-{n}"), n % 2 == 0).await;
        let asked = json!({ "conversationId": "c".repeat(128), "type": "video", "calleeIds": ["victim"],
            "metadata": "\u{1}".repeat(1024) });
        caller.request("call:initiate", asked).await;
        let frames = caller.frames().await;
        let busy = frames.iter().any(|frame| frame["data"]["endReason"] == "busy");
        assert_eq!(busy, n >= most, "the caller {n}");
        if !busy {
            let call = call_of(&frames[0]).unwrap().to_owned();
            caller.request("signal:offer", largest_sealed(&caller, &call, "victim")).await;
            for _ in 0..50 {
                caller
                    .request("signal:ice-candidate", caller.candidate(&call, "victim", "candidate:1"))
                    .await;
            }
            caller.frames().await;
        }
        callers.push(caller);
    }
    let mut victim = Client::socket(server.address, "victim", Some("lumencall.1"), false).await.unwrap();
    victim.send("session:open", json!({})).await;
    victim.expect("session:welcome").await;
    let heard: Vec<String> = victim.frames().await.iter().map(in_short).collect();
    assert_eq!(heard.iter().filter(|event| *event == "incoming ringing").count(), most);
    assert_eq!(heard.iter().filter(|event| event.starts_with("offer")).count(), most);
    assert_eq!(heard.len(), 2 * most);
    bystanders.are_unharmed().await;
    // One accept ends all the others.
    let call = initiate(&mut victim, "bystander-of-nobody").await;
    let heard = victim.frames().await;
    assert_eq!(heard.iter().filter(|frame| frame["data"]["endReason"] == "busy").count(), most);
    victim.does("call:hangup", json!({ "callId": call })).await;
    drop(callers);
    victim.leave().await;
    server.counts_become(|counts| counts.calls == 1 && counts.devices == 2 && counts.users == 2).await;
}

/// Members of many groups, each with as much as they may send to one who rings in all of them: whoever connects then is
/// not cut off by it.
#[tokio::test]
async fn i31_groups_that_ring_at_a_user_fit_a_device() {
    let server = without_pace().await;
    let mut hostile: Vec<Client> = Vec::new();
    for group in 0..11 {
        let mut members = Vec::new();
        for n in 0..7 {
            members.push(server.client(&format!("hostile-{group}-{n}"), n % 2 == 0).await);
        }
        let call = gather(&mut members.iter_mut().collect::<Vec<_>>()).await;
        members[0].request("call:add-participant", json!({ "callId": call, "userId": "victim" })).await;
        members[0].frames().await;
        for member in &mut members {
            member.request("signal:offer", largest_sealed(member, &call, "victim")).await;
            member.frames().await;
        }
        hostile.append(&mut members);
    }
    let mut victim = Client::socket(server.address, "victim", Some("lumencall.1"), false).await.unwrap();
    victim.send("session:open", json!({})).await;
    victim.expect("session:welcome").await;
    let heard: Vec<String> = victim.frames().await.iter().map(in_short).collect();
    assert_eq!(heard.iter().filter(|event| *event == "incoming ringing").count(), 11);
    drop(hostile);
    victim.leave().await;
    server.is_empty_again().await;
}

/// As much as the members of a group may send to one who rings does not cut off whom it is for when they accept.
#[tokio::test]
async fn i31_what_waited_for_an_accept_in_a_group_fits_a_device() {
    let server = without_pace().await;
    let mut members = Vec::new();
    for n in 0..7 {
        // What a caller with the SDK sends ahead to one who was added is dropped.
        members.push(server.client(&format!("hostile-{n}"), n % 2 == 1).await);
    }
    let call = gather(&mut members.iter_mut().collect::<Vec<_>>()).await;
    for sdk in [false, true] {
        let mut victim = server.client("victim", sdk).await;
        members[0].request("call:add-participant", json!({ "callId": call, "userId": "victim" })).await;
        members[0].frames().await;
        for member in &mut members[..3] {
            let offer = member.description(&call, "victim", "offer", &"s".repeat(60_000));
            member.request("signal:offer", offer).await;
            for _ in 0..4 {
                for _ in 0..50 {
                    let candidate = member.candidate(&call, "victim", &"c".repeat(3900));
                    member.request("signal:ice-candidate", candidate).await;
                }
                member.frames().await;
            }
        }
        victim.frames().await;
        accept(&mut victim, &call).await;
        let heard = victim.heard(&call).await;
        assert!(heard.len() > 200, "{}", heard.len());
        victim.leave().await;
        server.counts_become(|counts| counts.devices == 7).await;
    }
    drop(members);
    server.is_empty_again().await;
}

/// One is added and put out thousands of times: they hear each ring and its end, and no record stays.
#[tokio::test]
async fn i29_adds_and_removals_without_end_leave_nothing() {
    let server = without_pace().await;
    let mut bystanders = Bystanders::of(&server).await;
    let (mut mallory, mut accomplice) = (server.sdk("mallory").await, server.seed("accomplice").await);
    let mut victim = server.sdk("victim").await;
    let call = gather(&mut [&mut mallory, &mut accomplice]).await;
    let before = server.counts().await;
    for round in 0..40 {
        for n in 0..25 {
            for user in ["victim".to_owned(), format!("user-{round}-{n}")] {
                let choice = json!({ "callId": call, "userId": user });
                mallory.request("call:add-participant", choice.clone()).await;
                mallory.request("call:remove-participant", choice).await;
            }
        }
        let heard = mallory.heard(&call).await;
        assert_eq!(heard.iter().filter(|event| *event == "done").count(), 100);
        assert_eq!(victim.heard(&call).await, ["incoming ringing", "ended missed"].repeat(25));
        assert_eq!(Counted::of(server.counts().await), Counted::of(before));
    }
    // So many may ring and no more, whoever is asked for.
    for n in 0..500 {
        let choice = json!({ "callId": call, "userId": format!("user-{n}") });
        mallory.request("call:add-participant", choice).await;
        if n % 50 == 0 {
            mallory.frames().await;
        }
    }
    let refused = mallory.heard(&call).await;
    assert!(refused.iter().all(|event| event == "refused limit-exceeded"), "{refused:?}");
    assert_eq!(server.counts().await.users, before.users + 6);
    bystanders.are_unharmed().await;
    mallory.leave().await;
    accomplice.leave().await;
    victim.leave().await;
    server.counts_become(|counts| counts.calls == 1 && counts.users == 2 && counts.deadlines == 0).await;
}

/// Candidates and descriptions to one who rings for ever: what is held stays what one may send.
#[tokio::test]
async fn i29_candidates_without_end_are_refused_beyond_the_bound() {
    let server = without_pace().await;
    let mut bystanders = Bystanders::of(&server).await;
    let (mut mallory, mut victim) = (server.sdk("mallory").await, server.sdk("victim").await);
    let (call, _) = ring(&mut mallory, &mut victim).await;
    let most = usize::from(lumencall_core::machine::Rules::default().candidates);
    let mut taken = 0;
    for _ in 0..60 {
        for _ in 0..50 {
            mallory.request("signal:ice-candidate", mallory.candidate(&call, "victim", "candidate:1")).await;
        }
        let heard = mallory.heard(&call).await;
        taken += heard.iter().filter(|event| *event == "done").count();
        assert!(heard.iter().all(|event| event == "done" || event == "refused limit-exceeded"), "{heard:?}");
    }
    assert_eq!(taken, most);
    victim.nothing_came().await;
    // What came ahead of the first offer belongs to it, and each offer takes the place of the one before with all of that.
    mallory.does("signal:offer", mallory.description(&call, "victim", "offer", "v=0")).await;
    for n in 0..200 {
        let sdp = format!("v=0 {n} {}", "s".repeat(50_000));
        mallory.does("signal:offer", mallory.description(&call, "victim", "offer", &sdp)).await;
        mallory.does("signal:ice-candidate", mallory.candidate(&call, "victim", "candidate:1")).await;
    }
    accept(&mut victim, &call).await;
    victim.hears(&call, &["done", "connecting", "offer mallory", "candidate mallory"]).await;
    bystanders.are_unharmed().await;
}

/// Sockets that never open their session hold no device, and are ended in time; with them, all that they held.
#[tokio::test]
async fn i29_sockets_that_never_open_are_ended() {
    let server = TestServer::start_with(|config| {
        config.limits.open_timeout = std::time::Duration::from_millis(1500);
    })
    .await;
    let mut bystanders = Bystanders::of(&server).await;
    let mut sockets = Vec::new();
    for n in 0..200 {
        let user = if n % 2 == 0 { "alice".to_owned() } else { format!("user-{n}") };
        sockets.push(Client::socket(server.address, &user, Some("lumencall.1"), false).await.unwrap());
    }
    // They are no devices: nothing of a user's is used up by them.
    let counts = server.counts().await;
    assert_eq!((counts.devices, counts.users), (2, 2));
    let mut second = server.sdk("alice").await;
    let elsewhere = second.expect("call:elsewhere").await;
    assert_eq!(elsewhere["engaged"], true);
    for socket in &mut sockets {
        assert_eq!(socket.closed().await, 4002);
    }
    drop(sockets);
    bystanders.are_unharmed().await;
    server.counts_become(|counts| counts.connections == 3).await;
}

/// Calls of eight by many at once, and all who are in them gone without a word.
#[tokio::test]
async fn i29_groups_that_vanish_leave_nothing() {
    let server = without_pace().await;
    let mut bystanders = Bystanders::of(&server).await;
    let before = server.counts().await;
    let mut everybody = Vec::new();
    for group in 0..12 {
        let mut members = Vec::new();
        for n in 0..8 {
            members.push(server.client(&format!("member-{group}-{n}"), (group + n) % 2 == 0).await);
        }
        if group % 3 == 0 {
            // Some ring still.
            let callees: Vec<String> = members[1..].iter().map(|member| member.user.clone()).collect();
            let callees: Vec<&str> = callees.iter().map(String::as_str).collect();
            initiate_all(&mut members[0], &callees).await;
        } else {
            let call = gather(&mut members.iter_mut().collect::<Vec<_>>()).await;
            heard_by_all(&call, &mut members.iter_mut().collect::<Vec<_>>()).await;
        }
        everybody.push(members);
    }
    assert_eq!(server.counts().await.calls, before.calls + 12);
    assert_eq!(server.counts().await.devices, before.devices + 96);
    drop(everybody);
    server.counts_become(|counts| Counted::of(counts) == Counted::of(before)).await;
    bystanders.are_unharmed().await;
}
