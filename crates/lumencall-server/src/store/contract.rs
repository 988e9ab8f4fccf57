//! What every store keeps, tested on each.

use std::sync::Arc;

use futures_util::FutureExt;
use lumencall_core::machine::{CallCommand, Device, Dialect, Origin, Rules};
use lumencall_core::wire::{
    CallInitiate, CallRespond, Hangup, ParticipantChoice, RespondAction, ServerEvent, ServerFrame,
    ServerMessage, read_server_frame,
};
use lumencall_core::{Call, CallState, CallType, ConversationId, EndReason, ErrorCode, UserId};
use tokio::time::{Duration, Instant, advance, sleep};

use super::{Counts, Memory, Outcome, Store, TooManyDevices};
use crate::outbox::{End, Next, Outbox};
use crate::{Limits, close, fresh};

fn memory() -> Arc<Memory> {
    Arc::new(Memory::new(Rules::default(), 2))
}

/// A device and what it hears.
struct Client {
    origin: Origin,
    outbox: Arc<Outbox>,
}

impl Client {
    fn new(user: &str) -> Self {
        let user = UserId::new(user).unwrap();
        let device = Device { id: fresh::device_id(), dialect: Dialect::Sdk };
        Self { origin: Origin { user, device }, outbox: Arc::new(Outbox::new(&Limits::default())) }
    }

    async fn connected(store: &impl Store, user: &str) -> Self {
        let client = Self::new(user);
        store.connect(&client.origin, &client.outbox, || {}).await.unwrap();
        client
    }

    async fn event(&self) -> ServerEvent {
        match self.outbox.next().await {
            Next::Frame(frame) => match read_server_frame(&frame) {
                Ok(ServerFrame { message: ServerMessage::Event(event), .. }) => event,
                other => panic!("{other:?}"),
            },
            Next::End(end) => panic!("{end:?}"),
        }
    }

    async fn command(&self, store: &impl Store, command: CallCommand) -> Outcome {
        let mut outcome = None;
        store.command(&self.origin, command, |reply| outcome = Some(reply)).await;
        outcome.expect("the outcome is told before the command is over")
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
    bob.event().await;
    let accept = CallRespond { call_id: call.id.clone(), action: RespondAction::Accept };
    bob.command(&*store, CallCommand::Respond(accept)).await.unwrap();
    store.disconnect(&alice.origin).await;
    // Twice does no harm, and neither does one that never came.
    store.disconnect(&alice.origin).await;
    store.disconnect(&Client::new("bob").origin).await;
    assert!(
        matches!(bob.event().await, ServerEvent::StateChanged(changed) if changed.state == CallState::Connecting)
    );
    assert!(matches!(bob.event().await, ServerEvent::ParticipantLeft(_)));
    assert!(
        matches!(bob.event().await, ServerEvent::StateChanged(changed) if changed.state == CallState::Ended)
    );
    let late = alice.command(&*store, CallCommand::Hangup(Hangup { call_id: call.id })).await;
    assert_eq!(late.map_err(|refusal| refusal.code), Err(ErrorCode::UnknownCall));
    store.disconnect(&bob.origin).await;
    assert_eq!(store.counts().await, Counts::default());
}

#[tokio::test]
async fn i29_memory_forgets_devices_that_go() {
    a_device_that_goes_takes_its_part_with_it(memory()).await;
}

async fn a_user_has_so_many_devices(store: Arc<impl Store>) {
    let (first, _second) =
        (Client::connected(&*store, "alice").await, Client::connected(&*store, "alice").await);
    let third = Client::new("alice");
    let refused =
        store.connect(&third.origin, &third.outbox, || panic!("no welcome for who is not taken in")).await;
    assert_eq!(refused, Err(TooManyDevices));
    store.disconnect(&first.origin).await;
    assert_eq!(store.connect(&third.origin, &third.outbox, || {}).await, Ok(()));
}

#[tokio::test]
async fn i29_memory_bounds_the_devices_of_a_user() {
    a_user_has_so_many_devices(memory()).await;
}

async fn a_stop_ends_every_socket_now_and_later(store: Arc<impl Store>) {
    let (alice, bob) = (Client::connected(&*store, "alice").await, Client::connected(&*store, "bob").await);
    alice.call(&*store, "bob").await;
    alice.event().await;
    bob.event().await;
    store.close_all(close::GOING_AWAY).await;
    store.disconnect(&alice.origin).await;
    let late = Client::connected(&*store, "carol").await;
    for client in [&alice, &bob, &late] {
        assert!(matches!(client.outbox.next().await, Next::End(End::Close(close::GOING_AWAY))));
    }
}

#[tokio::test]
async fn memory_ends_every_socket_when_it_stops() {
    a_stop_ends_every_socket_now_and_later(memory()).await;
}

/// Two call one another: the call that was first has both, by each dialect's way of being told.
async fn glare_leaves_one_call(store: Arc<impl Store>) {
    let (alice, bob) = (Client::connected(&*store, "alice").await, Client::connected(&*store, "bob").await);
    let first = alice.call(&*store, "bob").await;
    let met = bob.call(&*store, "alice").await;
    assert_eq!((&met.id, &met.caller_id), (&first.id, &alice.origin.user));
    assert_eq!(met.state, CallState::Connecting);
    let members: Vec<&str> = met.participants.iter().map(|member| member.user_id.as_str()).collect();
    assert_eq!(members, ["alice", "bob"]);
    assert_eq!(store.counts().await.calls, 1);
    assert_eq!(alice.heard(), ["ringing", "connecting", "joined bob"]);
    assert_eq!(bob.heard(), ["incoming", "connecting"]);

    // Who is in the call has a deadline: they are to connect.
    assert_eq!(store.counts().await.deadlines, 1);
    store.disconnect(&alice.origin).await;
    assert_eq!(bob.heard(), ["left alice", "ended failed"]);
    store.disconnect(&bob.origin).await;
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
    store.disconnect(&alice.origin).await;
    store.disconnect(&bob.origin).await;
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
        store.disconnect(&client.origin).await;
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
        store.disconnect(&client.origin).await;
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
        store.disconnect(&client.origin).await;
    }
    assert_eq!(store.counts().await, Counts::default());
}

#[tokio::test]
async fn i29_memory_forgets_members_who_are_out() {
    members_come_and_go(memory()).await;
}
