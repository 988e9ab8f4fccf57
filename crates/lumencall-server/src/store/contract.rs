//! What every store keeps, tested on each.

use std::sync::Arc;

use lumencall_core::machine::{CallCommand, Device, Dialect, Origin, Rules};
use lumencall_core::wire::{CallInitiate, CallRespond, Hangup, RespondAction, ServerFrame, ServerMessage};
use lumencall_core::wire::{ServerEvent, read_server_frame};
use lumencall_core::{Call, CallState, CallType, ConversationId, EndReason, ErrorCode, UserId};
use tokio::time::{Duration, Instant, advance};

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
        let initiate = CallInitiate {
            conversation_id: ConversationId::new("c").unwrap(),
            call_type: CallType::Audio,
            callee_ids: vec![UserId::new(callee).unwrap()],
            metadata: None,
        };
        let command = CallCommand::Initiate { initiate, fresh: fresh::call_id() };
        self.command(store, command).await.unwrap().expect("the call is in the reply")
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
