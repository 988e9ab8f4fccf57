//! What every store keeps, tested on each.

use std::sync::Arc;

use futures_util::FutureExt;
use lumencall_core::machine::{CallCommand, Rules};
use lumencall_core::wire::{
    CallInitiate, CallRespond, Done, Hangup, ParticipantChoice, Private, Rejoin, Reply, RespondAction,
    ServerEvent, ServerMessage, SessionOpen, SessionResume, read_server_frame,
};
use lumencall_core::{Call, CallState, CallType, ConversationId, EndReason, ErrorCode, UserId};
use tokio::time::{Duration, Instant, advance, sleep};

use super::{Asked, Counts, Line, Memory, Opened, Outcome, Store};
use crate::close::{self, Close};
use crate::socket::{End, Next, Socket};
use crate::{Limits, fresh};

fn memory() -> Arc<Memory> {
    Arc::new(Memory::new(Rules::default(), &Limits { devices: 2, queued_frames: 8, ..Limits::default() }))
}

fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

/// A device of the SDK and what it hears.
#[derive(Debug)]
struct Client {
    line: Line,
    /// How it was taken in.
    opened: Opened,
}

impl Client {
    async fn connected(store: &impl Store, name: &str) -> Self {
        Self::open(store, name, SessionOpen { device_id: None, resume: None }).await.unwrap()
    }

    async fn open(store: &impl Store, name: &str, open: SessionOpen) -> Result<Self, Close> {
        let (socket, mut told) = (Arc::new(Socket::default()), None);
        let line = store.open(&user(name), &open, &socket, |_, opened| told = Some(opened)).await?;
        Ok(Self { line, opened: told.expect("whoever is taken in is welcomed") })
    }

    /// The session is opened once more, by a page that has had so many frames, or by another.
    async fn again(&self, store: &impl Store, last_seq: Option<u32>) -> Self {
        self.shows(store, self.user(), last_seq, self.line.session.secret()).await.unwrap()
    }

    async fn shows(
        &self,
        store: &impl Store,
        name: &str,
        last_seq: Option<u32>,
        secret: Private,
    ) -> Result<Self, Close> {
        let device_id = Some(self.line.origin().device.id.clone());
        let resume = Some(SessionResume { secret, last_seq });
        Self::open(store, name, SessionOpen { device_id, resume }).await
    }

    fn user(&self) -> &str {
        self.line.origin().user.as_str()
    }

    /// The socket breaks.
    async fn cut(&self, store: &impl Store) {
        self.line.socket.end(End::Lost);
        store.close(&self.line, false).await;
    }

    /// The client says good-bye.
    async fn leave(&self, store: &impl Store) {
        store.close(&self.line, true).await;
    }

    async fn message(&self) -> ServerMessage {
        match self.line.socket.next().await {
            Next::Frame(frame) => read_server_frame(&frame).expect("a frame").message,
            Next::End(end) => panic!("{end:?}"),
        }
    }

    async fn event(&self) -> ServerEvent {
        match self.message().await {
            ServerMessage::Event(event) => event,
            other => panic!("{other:?}"),
        }
    }

    async fn command(&self, store: &impl Store, command: CallCommand) -> Outcome {
        let mut outcome = None;
        let answer = |reply: Outcome| {
            outcome = Some(reply);
            Ok(Done::new(None))
        };
        store.take(&self.line, None, Asked::Call(command), answer).await;
        outcome.expect("the outcome is told before the command is over")
    }

    /// A frame that is about nothing, and has no answer.
    async fn says_nothing(&self, store: &impl Store) {
        let answered = Asked::Answered(Ok(Done::new(None)));
        store.take(&self.line, None, answered, |_| panic!("the machine is not asked")).await;
    }

    /// A frame that is about nothing, with this number. Returns the reply, which comes next.
    async fn ping(&self, store: &impl Store, id: u32) -> Option<Reply> {
        let answered = Asked::Answered(Ok(Done::new(None)));
        store.take(&self.line, Some(id), answered, |_| panic!("the machine is not asked")).await;
        match self.message().now_or_never()? {
            ServerMessage::Reply(reply) => Some(reply),
            other => panic!("{other:?}"),
        }
    }

    async fn call(&self, store: &impl Store, callee: &str) -> Call {
        self.initiate(store, &[callee]).await.unwrap().expect("the call is in the reply")
    }

    async fn initiate(&self, store: &impl Store, callees: &[&str]) -> Outcome {
        let initiate = CallInitiate {
            conversation_id: ConversationId::new("c").unwrap(),
            call_type: CallType::Audio,
            callee_ids: callees.iter().map(|callee| UserId::new(*callee).unwrap()).collect(),
            metadata: None,
        };
        self.command(store, CallCommand::Initiate { initiate, fresh: fresh::call_id() }).await
    }

    async fn respond(&self, store: &impl Store, call: &Call, action: RespondAction) -> Outcome {
        self.command(store, CallCommand::Respond(CallRespond { call_id: call.id.clone(), action })).await
    }

    async fn hang_up(&self, store: &impl Store, call: &Call) -> Outcome {
        self.command(store, CallCommand::Hangup(Hangup { call_id: call.id.clone() })).await
    }

    async fn choose(
        &self,
        store: &impl Store,
        call: &Call,
        user: &str,
        choice: fn(ParticipantChoice) -> CallCommand,
    ) -> Outcome {
        let user_id = UserId::new(user).unwrap();
        self.command(store, choice(ParticipantChoice { call_id: call.id.clone(), user_id })).await
    }

    /// The next event, in short.
    async fn next(&self) -> String {
        in_short(self.event().await)
    }

    /// Everything that has come, in short. An event is there before what caused it is over.
    fn heard(&self) -> Vec<String> {
        std::iter::from_fn(|| self.event().now_or_never()).map(in_short).collect()
    }
}

fn in_short(event: ServerEvent) -> String {
    match event {
        ServerEvent::Incoming(_) => "incoming".into(),
        ServerEvent::StateChanged(changed) => match changed.end_reason {
            Some(reason) => format!("ended {}", reason.as_str()),
            None => changed.state.as_str().into(),
        },
        ServerEvent::ParticipantJoined(joined) => format!("joined {}", joined.participant.user_id.as_str()),
        ServerEvent::ParticipantLeft(left) => format!("left {}", left.user_id.as_str()),
        ServerEvent::CalleeChanged(changed) => format!("callee {}", changed.user_id.as_str()),
        ServerEvent::Elsewhere(elsewhere) => if elsewhere.engaged { "engaged" } else { "free" }.into(),
        other @ (ServerEvent::MediaChanged(_)
        | ServerEvent::ParticipantChanged(_)
        | ServerEvent::ParticipantRejoined(_)
        | ServerEvent::Offer(_)
        | ServerEvent::Answer(_)
        | ServerEvent::Candidate(_)) => panic!("{other:?} has no short form"),
    }
}

async fn ring_timeouts_are_kept(store: Arc<impl Store>) {
    let keeping = Arc::clone(&store);
    let timers = tokio::spawn(async move { keeping.keep_deadlines().await });
    let (alice, bob) = (Client::connected(&*store, "alice").await, Client::connected(&*store, "bob").await);
    let start = Instant::now();
    let first = alice.call(&*store, "bob").await;
    assert!(
        matches!(alice.event().await, ServerEvent::StateChanged(changed) if changed.state == CallState::Ringing)
    );
    assert!(matches!(bob.event().await, ServerEvent::Incoming(call) if call.id == first.id));
    assert_eq!(store.counts().await.deadlines, 1);

    for client in [&alice, &bob] {
        let ServerEvent::StateChanged(ended) = client.event().await else { panic!("an end") };
        assert_eq!((ended.call_id, ended.end_reason), (first.id.clone(), Some(EndReason::Missed)));
    }
    assert_eq!(start.elapsed().as_secs(), 60);
    let counts = store.counts().await;
    assert_eq!((counts.calls, counts.deadlines), (0, 0));

    // A deadline that comes to be earlier than the one waited for is kept too, and one that is gone does nothing.
    let long = alice.call(&*store, "nobody").await;
    alice.command(&*store, CallCommand::Hangup(Hangup { call_id: long.id })).await.unwrap();
    advance(Duration::from_secs(120)).await;
    assert_eq!(store.counts().await.deadlines, 0);
    timers.abort();
}

#[tokio::test(start_paused = true)]
async fn i14_memory_keeps_ring_timeouts() {
    ring_timeouts_are_kept(memory()).await;
}

async fn a_device_that_goes_takes_its_part_with_it(store: Arc<impl Store>) {
    let (alice, bob) = (Client::connected(&*store, "alice").await, Client::connected(&*store, "bob").await);
    let call = alice.call(&*store, "bob").await;
    bob.respond(&*store, &call, RespondAction::Accept).await.unwrap();
    alice.leave(&*store).await;
    // Twice does no harm, and nothing that it still says counts.
    alice.leave(&*store).await;
    alice.cut(&*store).await;
    assert_eq!(bob.heard(), ["incoming", "connecting", "left alice", "ended completed"]);
    let late = bob.hang_up(&*store, &call).await;
    assert_eq!(late.map_err(|refusal| refusal.code), Err(ErrorCode::UnknownCall));
    bob.leave(&*store).await;
    assert_eq!(store.counts().await, Counts::default());
}

#[tokio::test]
async fn i29_memory_forgets_devices_that_go() {
    a_device_that_goes_takes_its_part_with_it(memory()).await;
}

/// Devices that are away count, and give way to one that is there: first the one that is away for the longest time, and last
/// the one that is in a call.
async fn a_user_has_so_many_devices(store: Arc<impl Store>) {
    let (first, second) =
        (Client::connected(&*store, "alice").await, Client::connected(&*store, "alice").await);
    let new = || SessionOpen { device_id: None, resume: None };
    assert_eq!(Client::open(&*store, "alice", new()).await.err(), Some(close::TOO_MANY_DEVICES));
    let seed = store.connect(&user("alice"), &Arc::default()).await;
    assert_eq!(seed.err(), Some(close::TOO_MANY_DEVICES));
    first.call(&*store, "bob").await;
    first.cut(&*store).await;
    advance(Duration::from_millis(5)).await;
    second.cut(&*store).await;
    // The one that is in a call was away before the other.
    let third = Client::connected(&*store, "alice").await;
    let gone = second.again(&*store, Some(0)).await;
    assert!(matches!(gone.opened, Opened::New), "it is a new device, in place of the one in the call");
    assert_eq!(store.counts().await.calls, 0);
    let secret = first.line.session.secret();
    let first = first.shows(&*store, "alice", Some(0), secret).await;
    assert_eq!(first.err(), Some(close::TOO_MANY_DEVICES));
    let counts = store.counts().await;
    assert_eq!((counts.sessions, counts.devices), (2, 2));
    for client in [third, gone] {
        client.leave(&*store).await;
    }
    assert_eq!(store.counts().await, Counts::default());
}

#[tokio::test(start_paused = true)]
async fn i29_memory_bounds_the_devices_of_a_user() {
    a_user_has_so_many_devices(memory()).await;
}

async fn a_stop_ends_every_socket_now_and_later(store: Arc<impl Store>) {
    let (alice, bob) = (Client::connected(&*store, "alice").await, Client::connected(&*store, "bob").await);
    alice.call(&*store, "bob").await;
    alice.event().await;
    bob.event().await;
    store.close_all(close::GOING_AWAY).await;
    alice.cut(&*store).await;
    for client in [&alice, &bob] {
        assert!(matches!(client.line.socket.next().await, Next::End(End::Close(close::GOING_AWAY))));
    }
    let late = Client::open(&*store, "carol", SessionOpen { device_id: None, resume: None }).await;
    assert_eq!(late.err(), Some(close::GOING_AWAY));
    assert_eq!(store.connect(&user("dave"), &Arc::default()).await.err(), Some(close::GOING_AWAY));
    assert_eq!(store.counts().await, Counts::default());
}

#[tokio::test]
async fn memory_ends_every_socket_when_it_stops() {
    a_stop_ends_every_socket_now_and_later(memory()).await;
}

/// Whatever was not heard is heard after a resume, once, and whatever was taken is not taken again.
async fn a_session_goes_on(store: Arc<impl Store>) {
    let (alice, bob) = (Client::connected(&*store, "alice").await, Client::connected(&*store, "bob").await);
    let call = alice.call(&*store, "bob").await;
    bob.cut(&*store).await;
    assert_eq!(store.counts().await.devices, 1);
    alice.hang_up(&*store, &call).await.unwrap();
    let all = ["incoming", "ended cancelled"];
    for (received, last_seq) in [(0, 0), (1, 0), (2, 1), (3, 2)] {
        let back = bob.again(&*store, Some(last_seq)).await;
        assert!(matches!(back.opened, Opened::Resumed(taken) if taken == received), "{:?}", back.opened);
        assert_eq!(back.heard(), all[last_seq as usize..]);
        back.says_nothing(&*store).await;
        back.cut(&*store).await;
    }
    // What it is known to have is gone; what it never had was never there.
    for last_seq in [1, 3] {
        let back = bob.again(&*store, Some(last_seq)).await;
        assert!(
            matches!(&back.opened, Opened::Known(calls) if calls.len() == usize::from(last_seq == 3)),
            "{:?}",
            back.opened
        );
        alice.call(&*store, "bob").await;
        assert_eq!(back.heard(), ["ended cancelled", "incoming"][usize::from(last_seq == 1)..]);
        back.cut(&*store).await;
    }
    let back = bob.again(&*store, Some(2)).await;
    back.leave(&*store).await;
    let gone = bob.again(&*store, Some(2)).await;
    assert!(matches!(gone.opened, Opened::New));
    assert_ne!(gone.line.origin().device.id, bob.line.origin().device.id);
    gone.leave(&*store).await;
    alice.leave(&*store).await;
    assert_eq!(store.counts().await, Counts::default());
}

#[tokio::test]
async fn i19_memory_replays_what_was_missed() {
    a_session_goes_on(memory()).await;
}

/// A welcome that begins anew may be lost. Who was not told of it counts frames that are gone.
async fn numbers_of_another_count_mean_nothing(store: Arc<impl Store>) {
    let alice = Client::connected(&*store, "alice").await;
    let bob = Client::connected(&*store, "bob").await;
    let told = alice.line.session.secret();
    let untold = alice.shows(&*store, "alice", None, told.clone()).await.unwrap();
    assert!(matches!(untold.opened, Opened::Known(_)));
    // As many frames are written as the first page says that it has had.
    bob.call(&*store, "alice").await;
    while untold.line.session.take(&untold.line.socket).is_some() {}
    assert!(untold.line.session.written() > Some(0));
    for _ in 0..2 {
        let again = alice.shows(&*store, "alice", Some(1), told.clone()).await.unwrap();
        assert!(matches!(again.opened, Opened::Known(_)), "it is known, and begins anew, however often");
        assert!(again.line.session.secret() != told);
    }
}

#[tokio::test(start_paused = true)]
async fn i19_memory_counts_anew_under_another_secret() {
    numbers_of_another_count_mean_nothing(memory()).await;
}

/// Another's device, and a wrong secret, look like one that was never there.
async fn a_secret_is_asked_for(store: Arc<impl Store>) {
    let alice = Client::connected(&*store, "alice").await;
    let secret = || alice.line.session.secret();
    for (name, secret) in [("alice", fresh::secret()), ("mallory", secret()), ("alice", Private::new(""))] {
        let shown = alice.shows(&*store, name, Some(0), secret).await.unwrap();
        assert!(matches!(shown.opened, Opened::New));
        assert_ne!(shown.line.origin().device.id, alice.line.origin().device.id);
        shown.leave(&*store).await;
    }
    // The one that it is about has not even noticed.
    assert!(alice.ping(&*store, 1).await.is_some());
}

#[tokio::test]
async fn i22_memory_asks_for_the_secret() {
    a_secret_is_asked_for(memory()).await;
}

/// The newer socket takes over in one step: what the older one says or asks for from then on is nothing.
async fn the_newer_socket_takes_over(store: Arc<impl Store>) {
    let (alice, bob) = (Client::connected(&*store, "alice").await, Client::connected(&*store, "bob").await);
    assert!(alice.ping(&*store, 1).await.is_some());
    let newer = alice.again(&*store, Some(1)).await;
    assert!(matches!(newer.opened, Opened::Resumed(1)));
    assert!(matches!(alice.line.socket.next().await, Next::End(End::Close(close::TAKEN_OVER))));
    bob.call(&*store, "alice").await;
    assert_eq!(newer.heard(), ["incoming"]);
    let answered = Asked::Answered(Ok(Done::new(None)));
    store.take(&alice.line, Some(2), answered, |_| panic!("nothing is decided")).await;
    store.take(&alice.line, None, Asked::Suspend, |_| panic!("nothing is decided")).await;
    alice.line.socket.acknowledge(2);
    assert!(matches!(alice.line.socket.next().await, Next::End(_)));
    alice.cut(&*store).await;
    let newest = newer.again(&*store, Some(1)).await;
    assert!(matches!(newest.opened, Opened::Resumed(1)), "{:?}", newest.opened);
    assert_eq!(newest.heard(), ["incoming"]);
    // The reply to what came before is given again, and nothing else.
    assert_eq!(newest.ping(&*store, 1).await.map(|reply| reply.id), Some(1));
    assert_eq!((store.counts().await.sessions, store.counts().await.deadlines), (2, 1));
}

#[tokio::test]
async fn i22_memory_has_one_live_socket_for_a_device() {
    the_newer_socket_takes_over(memory()).await;
}

/// Where a frame is gone, the calls are told instead, and numbers begin anew.
async fn what_is_lost_is_told_as_it_stands(store: Arc<impl Store>) {
    let alice = Client::connected(&*store, "alice").await;
    let callers = [Client::connected(&*store, "bob").await, Client::connected(&*store, "carol").await];
    alice.cut(&*store).await;
    let mut last = Vec::new();
    for caller in callers.iter().cycle().take(12) {
        last.push(caller.call(&*store, "alice").await.id);
        caller.heard();
    }
    let back = alice.again(&*store, Some(0)).await;
    let Opened::Known(calls) = &back.opened else { panic!("{:?}", back.opened) };
    let told: Vec<_> = calls.iter().map(|call| (&call.id, call.state)).collect();
    assert_eq!(told, [(&last[10], CallState::Ringing), (&last[11], CallState::Ringing)]);
    assert_eq!(back.line.origin(), alice.line.origin());
    assert_eq!(back.heard(), [""; 0]);
    assert_eq!(back.ping(&*store, 1).await.map(|reply| reply.id), Some(1));
    let calls = back.again(&*store, None).await.opened;
    assert!(matches!(calls, Opened::Known(calls) if calls.len() == 2), "another page is told the same");
}

#[tokio::test]
async fn i19_memory_tells_the_calls_where_frames_are_lost() {
    what_is_lost_is_told_as_it_stands(memory()).await;
}

/// A user's deadlines are kept beside those of calls: 10 s, and 30 s in a call.
async fn windows_are_kept(store: Arc<impl Store>) {
    let keeping = Arc::clone(&store);
    let timers = tokio::spawn(async move { keeping.keep_deadlines().await });
    let (alice, bob) = (Client::connected(&*store, "alice").await, Client::connected(&*store, "bob").await);
    let (carol, start) = (Client::connected(&*store, "carol").await, Instant::now());
    let call = alice.call(&*store, "bob").await;
    bob.respond(&*store, &call, RespondAction::Accept).await.unwrap();
    assert_eq!(bob.heard(), ["incoming", "connecting"]);
    alice.cut(&*store).await;
    carol.cut(&*store).await;
    assert_eq!(store.counts().await.sessions, 3);
    sleep(Duration::from_millis(9_999)).await;
    assert_eq!(store.counts().await.sessions, 3);
    sleep(Duration::from_millis(2)).await;
    assert_eq!((store.counts().await.sessions, store.counts().await.calls), (2, 1));
    assert_eq!(bob.next().await, "left alice");
    assert_eq!(start.elapsed().as_secs(), 30);
    assert_eq!(bob.heard(), ["ended failed"]);
    assert!(matches!(alice.again(&*store, Some(0)).await.opened, Opened::New));
    timers.abort();
}

#[tokio::test(start_paused = true)]
async fn i15_memory_keeps_the_windows_of_devices_that_are_away() {
    windows_are_kept(memory()).await;
}

/// A new page has the device's calls, takes its place in the one that it was in, and then knows no more of what was before.
async fn a_new_page_takes_its_place(store: Arc<impl Store>) {
    let (alice, bob) = (Client::connected(&*store, "alice").await, Client::connected(&*store, "bob").await);
    let call = alice.call(&*store, "bob").await;
    bob.respond(&*store, &call, RespondAction::Accept).await.unwrap();
    alice.heard();
    bob.heard();
    let page = bob.again(&*store, None).await;
    let Opened::Known(calls) = &page.opened else { panic!("{:?}", page.opened) };
    assert_eq!(calls.iter().map(|call| call.participants.len()).collect::<Vec<_>>(), [2]);
    assert_eq!(store.counts().await.deadlines, 2, "the call's, and Bob's");
    let rejoin = || CallCommand::Rejoin(Rejoin { call_id: call.id.clone() });
    let joined = page.command(&*store, rejoin()).await.unwrap().expect("the call");
    assert_eq!(joined.participants[1].incarnation, Some(1));
    assert_eq!(store.counts().await.deadlines, 1);
    let ServerEvent::ParticipantRejoined(rejoined) = alice.event().await else { panic!("Alice is told") };
    assert_eq!(rejoined.participant, joined.participants[1]);
    page.leave(&*store).await;
    assert_eq!(alice.heard(), ["left bob", "ended completed"]);
}

#[tokio::test]
async fn i19_memory_lets_a_new_page_take_its_place() {
    a_new_page_takes_its_place(memory()).await;
}

/// Two call one another: the call that was first has both, by each dialect's way of being told.
async fn glare_leaves_one_call(store: Arc<impl Store>) {
    let (alice, bob) = (Client::connected(&*store, "alice").await, Client::connected(&*store, "bob").await);
    let first = alice.call(&*store, "bob").await;
    let met = bob.call(&*store, "alice").await;
    assert_eq!((&met.id, &met.caller_id), (&first.id, &alice.line.origin().user));
    assert_eq!(met.state, CallState::Connecting);
    let members: Vec<&str> = met.participants.iter().map(|member| member.user_id.as_str()).collect();
    assert_eq!(members, ["alice", "bob"]);
    assert_eq!(store.counts().await.calls, 1);
    assert_eq!(alice.heard(), ["ringing", "connecting", "joined bob"]);
    assert_eq!(bob.heard(), ["incoming", "connecting"]);

    // Who is in the call has a deadline: they are to connect.
    assert_eq!(store.counts().await.deadlines, 1);
    alice.leave(&*store).await;
    assert_eq!(bob.heard(), ["left alice", "ended completed"]);
    bob.leave(&*store).await;
    assert_eq!(store.counts().await, Counts::default());
}

#[tokio::test]
async fn i13_memory_leaves_one_call_of_two_that_meet() {
    glare_leaves_one_call(memory()).await;
}

/// Where either names several, no call takes the other's place.
async fn glare_of_a_group_is_refused(store: Arc<impl Store>) {
    let (alice, bob) = (Client::connected(&*store, "alice").await, Client::connected(&*store, "bob").await);
    let group = alice.initiate(&*store, &["bob", "carol"]).await.unwrap().unwrap();
    for callees in [&["alice"][..], &["alice", "carol"], &["carol", "alice"]] {
        let refused = bob.initiate(&*store, callees).await.unwrap_err();
        assert_eq!((refused.code, refused.call), (ErrorCode::AlreadyRinging, Some(group.id.clone())));
    }
    alice.hang_up(&*store, &group).await.unwrap();
    let plain = alice.call(&*store, "bob").await;
    let refused = bob.initiate(&*store, &["alice", "carol"]).await.unwrap_err();
    assert_eq!((refused.code, refused.call), (ErrorCode::AlreadyRinging, Some(plain.id)));
    // The refusals left nothing behind.
    alice.leave(&*store).await;
    bob.leave(&*store).await;
    assert_eq!(store.counts().await, Counts::default());
}

#[tokio::test]
async fn i13_memory_refuses_an_initiate_that_meets_a_group() {
    glare_of_a_group_is_refused(memory()).await;
}

/// A device that calls the same users again has forgotten its call. What follows from leaving it comes first.
async fn a_recall_replaces_the_dead_call(store: Arc<impl Store>) {
    let (alice, bob) = (Client::connected(&*store, "alice").await, Client::connected(&*store, "bob").await);
    let second = Client::connected(&*store, "alice").await;
    let ringing = alice.call(&*store, "bob").await;
    assert_eq!(alice.heard(), ["ringing"]);
    let recalled = alice.call(&*store, "bob").await;
    assert_ne!(recalled.id, ringing.id);
    assert_eq!(alice.heard(), ["ended cancelled", "ringing"]);
    assert_eq!(bob.heard(), ["incoming", "ended cancelled", "incoming"]);
    assert_eq!(second.heard(), ["engaged", "free", "engaged"]);
    assert_eq!((store.counts().await.calls, store.counts().await.deadlines), (1, 1));

    // In the call as well.
    bob.respond(&*store, &recalled, RespondAction::Accept).await.unwrap();
    let third = alice.call(&*store, "bob").await;
    assert_eq!(alice.heard(), ["connecting", "joined bob", "ended failed", "ringing"]);
    assert_eq!(bob.heard(), ["connecting", "left alice", "ended failed", "incoming"]);
    assert_eq!((store.counts().await.calls, store.counts().await.deadlines), (1, 1));

    // To call others is none, nor is it from another device, nor by one who was called.
    let other = alice.initiate(&*store, &["bob", "carol"]).await.unwrap_err();
    assert_eq!(other.code, ErrorCode::AlreadyInCall);
    assert_eq!(second.initiate(&*store, &["bob"]).await.unwrap_err().code, ErrorCode::AlreadyInCall);
    bob.respond(&*store, &third, RespondAction::Accept).await.unwrap();
    assert_eq!(bob.initiate(&*store, &["alice"]).await.unwrap_err().code, ErrorCode::AlreadyInCall);

    for client in [&alice, &second, &bob] {
        client.leave(&*store).await;
    }
    assert_eq!(store.counts().await, Counts::default());
}

#[tokio::test]
async fn i15_memory_replaces_the_dead_call_of_a_device_that_calls_again() {
    a_recall_replaces_the_dead_call(memory()).await;
}

/// Each member has their own time, and a call has as many as it needs, one after the other.
async fn each_member_has_a_deadline(store: Arc<impl Store>) {
    let keeping = Arc::clone(&store);
    let timers = tokio::spawn(async move { keeping.keep_deadlines().await });
    let [alice, bob, carol, dave] = [
        Client::connected(&*store, "alice").await,
        Client::connected(&*store, "bob").await,
        Client::connected(&*store, "carol").await,
        Client::connected(&*store, "dave").await,
    ];
    let start = Instant::now();
    let call = alice.initiate(&*store, &["bob", "carol"]).await.unwrap().unwrap();
    assert_eq!(alice.next().await, "ringing");
    sleep(Duration::from_secs(20)).await;
    bob.respond(&*store, &call, RespondAction::Accept).await.unwrap();
    alice.choose(&*store, &call, "dave", CallCommand::AddParticipant).await.unwrap();
    assert_eq!(store.counts().await.deadlines, 1, "one for the call, the earliest of its members'");
    for heard in ["connecting", "joined bob", "callee dave"] {
        assert_eq!(alice.next().await, heard);
    }

    // Carol's ring is over a minute after it began, and with it nobody else's part.
    assert_eq!(alice.next().await, "callee carol");
    assert_eq!(start.elapsed().as_secs(), 60);
    assert_eq!(carol.heard(), ["incoming", "ended missed"]);
    // Alice and Bob never connected, a minute after he joined. The first is put out; the other is alone with who rings.
    // Dave's ring ends at the same time, and with it the call.
    assert_eq!(dave.next().await, "incoming");
    assert!(dave.next().await.starts_with("ended"));
    assert_eq!(start.elapsed().as_secs(), 80);
    let counts = store.counts().await;
    assert_eq!((counts.calls, counts.deadlines), (0, 0));
    for client in [alice, bob, carol, dave] {
        client.leave(&*store).await;
    }
    assert_eq!(store.counts().await, Counts::default());
    timers.abort();
}

#[tokio::test(start_paused = true)]
async fn i14_memory_keeps_a_deadline_for_each_member() {
    each_member_has_a_deadline(memory()).await;
}

/// Members are added, come, leave and are put out; when the call is over nothing of it is left.
async fn members_come_and_go(store: Arc<impl Store>) {
    let [alice, bob, carol] = [
        Client::connected(&*store, "alice").await,
        Client::connected(&*store, "bob").await,
        Client::connected(&*store, "carol").await,
    ];
    let call = alice.call(&*store, "bob").await;
    bob.respond(&*store, &call, RespondAction::Accept).await.unwrap();
    for _ in 0..3 {
        bob.choose(&*store, &call, "carol", CallCommand::AddParticipant).await.unwrap();
        carol.respond(&*store, &call, RespondAction::Accept).await.unwrap();
        let refused = bob.choose(&*store, &call, "carol", CallCommand::RemoveParticipant).await;
        assert_eq!(refused.unwrap_err().code, ErrorCode::NotOwner);
        alice.choose(&*store, &call, "carol", CallCommand::RemoveParticipant).await.unwrap();
        assert_eq!(carol.heard(), ["incoming", "ended completed"]);
        let late = carol.hang_up(&*store, &call).await;
        assert_eq!(late.unwrap_err().code, ErrorCode::UnknownCall);
    }
    // Those who never come leave no record either.
    for user in ["erin", "frank"] {
        alice.choose(&*store, &call, user, CallCommand::AddParticipant).await.unwrap();
    }
    assert_eq!(store.counts().await.users, 5);
    alice.choose(&*store, &call, "erin", CallCommand::RemoveParticipant).await.unwrap();
    assert_eq!(store.counts().await.users, 4);
    alice.hang_up(&*store, &call).await.unwrap();
    bob.hang_up(&*store, &call).await.unwrap();
    let counts = store.counts().await;
    assert_eq!((counts.users, counts.calls, counts.deadlines), (3, 0, 0));
    for client in [alice, bob, carol] {
        client.leave(&*store).await;
    }
    assert_eq!(store.counts().await, Counts::default());
}

#[tokio::test]
async fn i29_memory_forgets_members_who_are_out() {
    members_come_and_go(memory()).await;
}
