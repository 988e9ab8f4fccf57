//! Sessions that go on after a cut: whatever was on its way arrives, in order and once.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{
    Away, Client, Tally, TestServer, accept, connect, gather, heard_by_all, initiate, report, ring,
};

/// Where the connection breaks. Frames are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    Never,
    /// When this frame of the client has been sent; it may have arrived or not.
    AfterSaying(usize),
    /// While this frame of the client is on its way: it does not arrive.
    Saying(usize),
    /// When this frame of the server has been heard; what came behind it is lost.
    AfterHearing(usize),
    /// After each frame that is heard.
    Ever,
}

/// One of two who call, on a connection that breaks.
struct Party {
    client: Option<Client>,
    cut: Cut,
    said: usize,
    heard: Vec<Value>,
}

impl Party {
    async fn of(server: &TestServer, user: &str, cut: Cut) -> Self {
        Self { client: Some(server.sdk(user).await), cut, said: 0, heard: Vec::new() }
    }

    fn client(&mut self) -> &mut Client {
        self.client.as_mut().expect("it is back after each cut")
    }

    async fn cut(&mut self) {
        let away: Away = self.client.take().expect("it is there").cut();
        self.client = Some(away.resumes().await);
    }

    async fn say(&mut self, event: &str, data: Value) {
        self.said += 1;
        if self.cut == Cut::Saying(self.said) {
            self.client().loses(event, data);
            return self.cut().await;
        }
        self.client().request(event, data).await;
        if self.cut == Cut::AfterSaying(self.said) {
            self.cut().await;
        }
    }

    async fn hear(&mut self) -> &Value {
        let frame = self.client().next().await;
        self.heard.push(frame);
        if self.cut == Cut::AfterHearing(self.heard.len()) || self.cut == Cut::Ever {
            self.cut().await;
        }
        self.heard.last().expect("it was heard just now")
    }

    /// Hears all that came of what this one has said.
    async fn catch_up(&mut self) {
        self.say("call:hangup", json!({ "callId": "no-such-call" })).await;
        while self.hear().await["data"]["error"]["callId"] != "no-such-call" {}
    }
}

/// What the two hear in a whole call, from the first frame to the last, without what differs from call to call.
async fn whole_call(server: &TestServer, alice_is_cut: Cut, bob_is_cut: Cut) -> [Vec<String>; 2] {
    let mut alice = Party::of(server, "alice", alice_is_cut).await;
    let mut bob = Party::of(server, "bob", bob_is_cut).await;
    alice.say("call:initiate", json!({ "conversationId": "c", "type": "video", "calleeIds": ["bob"] })).await;
    let call = alice.hear().await["data"]["ok"]["call"]["id"].as_str().expect("a call").to_owned();
    let call = call.as_str();
    let description =
        |kind: &str, to: &str| json!({ "callId": call, "toUserId": to, "type": kind, "sdp": "v=0" });
    let candidate =
        |to: &str, n: u8| json!({ "callId": call, "toUserId": to, "candidate": format!("candidate:{n}") });
    let steps = [
        (true, "signal:offer", description("offer", "bob")),
        (true, "signal:ice-candidate", candidate("bob", 1)),
        (true, "signal:ice-candidate", candidate("bob", 2)),
        (false, "call:respond", json!({ "callId": call, "action": "accept" })),
        (false, "signal:answer", description("answer", "alice")),
        (false, "signal:ice-candidate", candidate("alice", 3)),
        (true, "signal:ice-candidate", candidate("bob", 4)),
        (true, "call:connection-report", report(call, "bob", "connected")),
        (false, "call:connection-report", report(call, "alice", "connected")),
        (false, "call:media-toggle", json!({ "callId": call, "audio": false })),
        (true, "call:media-toggle", json!({ "callId": call, "video": false })),
        (false, "signal:offer", description("offer", "alice")),
        (true, "signal:answer", description("answer", "bob")),
        (true, "call:hangup", json!({ "callId": call })),
    ];
    bob.hear().await;
    for (by_alice, event, data) in steps {
        let (one, other) = if by_alice { (&mut alice, &mut bob) } else { (&mut bob, &mut alice) };
        one.say(event, data).await;
        one.catch_up().await;
        other.catch_up().await;
    }
    let [alice, bob] = [alice, bob].map(|party| (party.client.expect("it is there"), party.heard));
    let heard = [alice.1, bob.1].map(|heard| heard.iter().map(|frame| without_chance(frame, call)).collect());
    alice.0.leave().await;
    bob.0.leave().await;
    server.is_empty_again().await;
    heard
}

/// The frame without its call's id and the times in it.
fn without_chance(frame: &Value, call: &str) -> String {
    fn timeless(value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.retain(|name, _| {
                    !["at", "joinedAt", "startedAt", "answeredAt"].contains(&name.as_str())
                });
                members.values_mut().for_each(timeless);
            }
            Value::Array(values) => values.iter_mut().for_each(timeless),
            _ => {}
        }
    }
    let mut frame = frame.clone();
    timeless(&mut frame);
    frame.to_string().replace(call, "the-call")
}

/// Cut after every frame, in each direction and at each party, and while each is on its way: both hear what they hear where
/// nothing breaks, frame by frame and number by number.
#[tokio::test]
async fn i18_i19_i21_a_call_that_is_cut_at_any_frame_is_the_same_call() {
    let server = TestServer::start_with(|config| {
        config.limits.frames_per_second = 1_000_000;
        config.limits.frames_at_once = 1_000_000;
    })
    .await;
    let unbroken = whole_call(&server, Cut::Never, Cut::Never).await;
    let [alice, bob] = &unbroken;
    assert!(alice.len() > 30 && bob.len() > 30, "{} and {}", alice.len(), bob.len());
    assert!(alice.last().unwrap().contains("no-such-call") && alice.concat().contains("completed"));
    // Everything that was said had its reply, but for those that are heard as such.
    let said = |heard: &Vec<String>| heard.iter().filter(|frame| frame.contains(r#""reply""#)).count();
    for n in 1..=said(alice).max(said(bob)) {
        for cut in [Cut::AfterSaying(n), Cut::Saying(n)] {
            assert_eq!(whole_call(&server, cut, Cut::Never).await, unbroken, "alice {cut:?}");
            assert_eq!(whole_call(&server, Cut::Never, cut).await, unbroken, "bob {cut:?}");
            assert_eq!(whole_call(&server, cut, cut).await, unbroken, "both {cut:?}");
        }
    }
    for n in 1..=alice.len().max(bob.len()) {
        let cut = Cut::AfterHearing(n);
        assert_eq!(whole_call(&server, cut, Cut::Never).await, unbroken, "alice {cut:?}");
        assert_eq!(whole_call(&server, Cut::Never, cut).await, unbroken, "bob {cut:?}");
    }
    assert_eq!(whole_call(&server, Cut::Ever, Cut::Ever).await, unbroken, "both, ever again");
}

/// A command that is sent again though it was taken is not done again, also where the reply was lost.
#[tokio::test]
async fn i21_a_command_that_is_repeated_after_a_cut_is_done_once() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let initiate = json!({ "conversationId": "c", "type": "audio", "calleeIds": ["bob"] });
    alice.send_text(json!({ "id": 70, "event": "call:initiate", "data": initiate }).to_string()).await;
    let incoming = bob.expect("call:incoming").await;
    let mut alice = alice.cut().resumes().await;
    assert_eq!(alice.welcome["received"], 1);
    let reply = alice.expect("reply").await;
    assert_eq!(reply["ok"]["call"]["id"], incoming["id"]);
    alice.expect_state(incoming["id"].as_str().unwrap(), "ringing").await;
    let again = alice.ask_as(70, "call:initiate", initiate).await.unwrap();
    assert_eq!(again, reply["ok"]);
    bob.nothing_came().await;
    assert_eq!(server.counts().await.calls, 1);
    let alice = alice.cut().resumes().await;
    assert_eq!(alice.welcome["received"], 2);
}

/// Frames that are refused count as well, whatever is wrong with them; and one that was so bad that it ended the socket, since
/// to send it again would end the next.
#[tokio::test]
async fn i21_every_frame_counts_that_came() {
    use tokio_tungstenite::tungstenite::Message;
    let server = TestServer::start_with(|config| config.limits.message = 1000).await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let call = connect(&mut alice, &mut bob).await;
    let mut received = 0;
    let mut alice = alice.cut().resumes().await;
    let before = alice.welcome["received"].as_u64().unwrap();
    for text in ["", "{", r#"{"event":"no:event","data":{}}"#, r#"{"event":"session:open","data":{}}"#] {
        alice.send_text(text).await;
        alice.expect("error").await;
        received += 1;
    }
    for (bad, code) in [
        (Message::text("x".repeat(2000)), 1009),
        (Message::binary(vec![1]), 1003),
        (Message::text("y".repeat(2000)), 1009),
    ] {
        alice.send_message(bad).await;
        assert_eq!(alice.closed().await, code);
        received += 1;
        let mut away = alice.cut();
        away.has_sent("what was too bad");
        alice = away.resumes().await;
        assert_eq!(alice.welcome["received"], before + received);
    }
    // The call goes on.
    alice.does("call:media-toggle", json!({ "callId": call, "audio": false })).await;
    bob.expect("call:media-changed").await;
}

/// While a device is away, what is for it waits, whatever it is; and the others do not notice.
#[tokio::test]
async fn i19_what_happens_meanwhile_is_heard_later() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let mut carol = server.seed("carol").await;
    let call = gather(&mut [&mut alice, &mut bob, &mut carol]).await;
    let away = bob.cut();
    server.counts_become(|counts| counts.devices == 2 && counts.sessions == 3).await;
    alice.does("signal:offer", alice.description(&call, "bob", "offer", "v=0")).await;
    alice.does("signal:ice-candidate", alice.candidate(&call, "bob", "candidate:1")).await;
    carol.send("call:hangup", json!({ "callId": call })).await;
    carol.heard(&call).await;
    alice.hears(&call, &["left carol"]).await;
    let mut bob = away.resumes().await;
    bob.hears(&call, &["offer alice", "candidate alice", "left carol"]).await;
    let away = bob.cut();
    alice.does("call:hangup", json!({ "callId": call })).await;
    let next = initiate(&mut carol, "bob").await;
    carol.expect_state(&next, "ringing").await;
    let mut bob = away.resumes().await;
    let frames = bob.frames().await;
    let heard: Vec<_> = frames.iter().map(|frame| frame["event"].as_str().unwrap()).collect();
    assert_eq!(heard, ["call:participant-left", "call:state-changed", "call:incoming"]);
    accept(&mut bob, &next).await;
    bob.hears(&next, &["done", "connecting"]).await;
}

/// A ring that is answered, declined or over while the device that rings is away.
#[tokio::test]
async fn i17_a_ring_at_a_device_that_is_away_ends_there() {
    let server = TestServer::start().await;
    let (mut alice, mut other) = (server.sdk("alice").await, server.sdk("bob").await);
    for (event, action, heard) in [
        ("call:respond", "accept", &["answered elsewhere", "engaged elsewhere", "free elsewhere"][..]),
        ("call:respond", "reject", &["ended rejected"]),
        ("call:hangup", "", &["ended cancelled"]),
    ] {
        let mut bob = server.sdk("bob").await;
        let call = initiate(&mut alice, "bob").await;
        bob.hears(&call, &["incoming ringing"]).await;
        let away = bob.cut();
        let by = if action.is_empty() { &mut alice } else { &mut other };
        by.request(event, json!({ "callId": call, "action": action })).await;
        heard_by_all(&call, &mut [&mut alice, &mut other]).await;
        alice.request("call:hangup", json!({ "callId": call })).await;
        alice.frames().await;
        other.frames().await;
        let mut bob = away.resumes().await;
        bob.hears(&call, heard).await;
        bob.leave().await;
    }
}

/// Everybody is cut at once, and everybody comes back at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i15_i29_all_are_cut_at_once_and_all_come_back() {
    let server = TestServer::start_with(|config| {
        // As many as this take their time, on a machine that is busy; who waits meanwhile answers no ping.
        config.limits.ping_interval = Duration::from_secs(600);
        config.rules.resume_in_call = 600_000;
        config.rules.ring_timeout = 600_000;
        config.rules.answer_timeout = 600_000;
        config.rules.resume = 600_000;
    })
    .await;
    let pairs = sockets(if Tally::is_long() { 10_000 } else { 300 }) / 2;
    let mut everybody = Vec::new();
    for n in 0..pairs {
        let (mut alice, mut bob) =
            (server.sdk(&format!("alice-{n}")).await, server.sdk(&format!("bob-{n}")).await);
        let (call, _) = ring(&mut alice, &mut bob).await;
        if n % 2 == 0 {
            accept(&mut bob, &call).await;
        }
        everybody.push((call, alice, bob));
    }
    let away: Vec<_> =
        everybody.into_iter().map(|(call, alice, bob)| (call, alice.cut(), bob.cut())).collect();
    // Nobody has left, and each is to be looked at in time.
    server.counts_become(|counts| counts.devices == 0).await;
    let counts = server.counts().await;
    assert_eq!((counts.sessions, counts.users, counts.calls), (2 * pairs, 2 * pairs, pairs));
    assert_eq!(counts.deadlines, 3 * pairs);
    let back = away.into_iter().map(|(call, alice, bob)| {
        tokio::spawn(async move { (call, alice.resumes().await, bob.resumes().await) })
    });
    let back: Vec<_> = back.collect();
    for (n, pair) in back.into_iter().enumerate() {
        let (call, mut alice, mut bob) = pair.await.unwrap();
        let answered = n % 2 == 0;
        bob.hears(&call, if answered { &["done", "connecting"] } else { &[] }).await;
        let joined = format!("joined bob-{n}");
        let told = ["connecting", &joined];
        alice.hears(&call, if answered { &told } else { &[] }).await;
        alice.request("call:hangup", json!({ "callId": call })).await;
        let heard = alice.heard(&call).await;
        assert_eq!(heard[1], if answered { "ended completed" } else { "ended cancelled" });
        alice.leave().await;
        bob.leave().await;
    }
    server.is_empty_again().await;
}

/// A server that stops says so with a code that brings its clients back; the next knows no session of theirs.
#[tokio::test]
async fn a_server_that_is_started_anew_knows_nobody() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    connect(&mut alice, &mut bob).await;
    let carol = server.sdk("carol").await.cut();
    server.counts_become(|counts| counts.devices == 2 && counts.sessions == 3).await;
    let stopping = server.stop();
    let mut away = vec![carol];
    for mut client in [alice, bob] {
        assert_eq!(client.closed().await, 1001);
        away.push(client.cut());
    }
    stopping.has_stopped().await;
    let next = TestServer::start().await;
    for client in away {
        client.at(next.address).starts_over().await.leave().await;
    }
    next.is_empty_again().await;
}

/// So many sockets, or as many as may be open here at both their ends.
fn sockets(wanted: usize) -> usize {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
    wanted.min((usize::try_from(most).unwrap_or(usize::MAX) - 200) / 2)
}
