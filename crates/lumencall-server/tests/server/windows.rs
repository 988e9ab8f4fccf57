//! How long a device may be away, and what it leaves when it does not come back.

use serde_json::json;

use crate::harness::{TestServer, accept, connect, gather, heard_by_all, initiate, ring};

/// Longer than any test.
const EVER: u64 = 600_000;

/// A server whose windows are these, in milliseconds: in an answered call, and else.
async fn with_windows(in_call: u64, else_where: u64) -> TestServer {
    TestServer::start_with(|config| {
        config.rules.resume_in_call = in_call;
        config.rules.resume = else_where;
    })
    .await
}

#[tokio::test]
async fn i15_who_is_away_for_too_long_has_left_the_call() {
    let server = with_windows(300, EVER).await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let call = connect(&mut alice, &mut bob).await;
    let away = bob.cut();
    assert_eq!(alice.expect("call:participant-left").await["userId"], "bob");
    alice.expect_end(&call, "failed").await;
    away.starts_over().await.leave().await;
    alice.leave().await;
    server.is_empty_again().await;
}

/// The short window is not that of a device in a call: it is over for another one that went later.
#[tokio::test]
async fn i15_who_is_in_a_call_has_more_time() {
    let server = with_windows(EVER, 100).await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let call = connect(&mut alice, &mut bob).await;
    let (bob, idle) = (bob.cut(), server.sdk("carol").await);
    server.counts_become(|counts| counts.devices == 2).await;
    let idle = idle.cut();
    server.counts_become(|counts| counts.sessions == 2).await;
    idle.starts_over().await.leave().await;
    alice.nothing_came().await;
    let mut bob = bob.resumes().await;
    // Who is back is not looked at any more.
    assert_eq!(server.counts().await.deadlines, 0);
    bob.does("call:media-toggle", json!({ "callId": call, "audio": false })).await;
    alice.hears(&call, &["media bob"]).await;
}

#[tokio::test]
async fn i15_a_caller_who_is_away_for_too_long_has_cancelled() {
    let server = with_windows(EVER, 300).await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let (call, _) = ring(&mut alice, &mut bob).await;
    let away = alice.cut();
    bob.expect_end(&call, "cancelled").await;
    away.starts_over().await.leave().await;
    bob.leave().await;
    server.is_empty_again().await;
}

/// An answer that comes while the caller is away makes it one in a call, which has more time.
#[tokio::test]
async fn i15_a_call_can_be_answered_while_its_caller_is_away() {
    let server = with_windows(EVER, 1500).await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let (call, _) = ring(&mut alice, &mut bob).await;
    let away = alice.cut();
    server.counts_become(|counts| counts.devices == 1).await;
    accept(&mut bob, &call).await;
    bob.hears(&call, &["done", "connecting"]).await;
    server.sdk("carol").await.cut();
    server.counts_become(|counts| counts.sessions == 3).await;
    server.counts_become(|counts| counts.sessions == 2).await;
    let mut alice = away.resumes().await;
    alice.hears(&call, &["connecting", "joined bob"]).await;
    bob.nothing_came().await;
}

/// It rings at a device that is away as long as that may come back; it may be the only one.
#[tokio::test]
async fn i15_a_callee_who_is_away_for_too_long_has_missed_it() {
    let server = with_windows(EVER, 1500).await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let (call, _) = ring(&mut alice, &mut bob).await;
    let mut bob = bob.cut().resumes().await;
    bob.nothing_came().await;
    accept(&mut bob, &call).await;
    bob.hears(&call, &["done", "connecting"]).await;
    bob.does("call:hangup", json!({ "callId": call })).await;
    heard_by_all(&call, &mut [&mut alice, &mut bob]).await;
    let (call, _) = ring(&mut alice, &mut bob).await;
    bob.cut();
    alice.expect_end(&call, "missed").await;
    server.counts_become(|counts| counts.sessions == 1).await;
    alice.leave().await;
    server.is_empty_again().await;
}

/// A page that says that it goes has the short window also in a call, and leaves as by hang-up.
#[tokio::test]
async fn i15_who_said_that_it_goes_has_less_time() {
    let server = with_windows(EVER, 300).await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let call = connect(&mut alice, &mut bob).await;
    bob.send("session:suspend", json!({})).await;
    let away = bob.closes(4000).await;
    // Its connections are gone with the page.
    alice.expect_state(&call, "reconnecting").await;
    assert_eq!(alice.expect("call:participant-left").await["userId"], "bob");
    alice.expect_end(&call, "completed").await;
    away.starts_over().await.leave().await;
    alice.leave().await;
    server.is_empty_again().await;
}

/// The window begins with the word, not with the end of the socket; when it is over, the socket is ended.
#[tokio::test]
async fn i15_a_page_that_goes_and_stays_is_ended() {
    let server = with_windows(EVER, 200).await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let call = connect(&mut alice, &mut bob).await;
    assert_eq!(bob.ask("session:suspend", json!({})).await, Ok(json!({})));
    assert_eq!(bob.closed_at_last().await, 4003);
    alice.hears(&call, &["reconnecting", "left bob", "ended completed"]).await;
    bob.cut().starts_over().await;
}

/// It is the whole device that goes: where others ring, they ring on.
#[tokio::test]
async fn a_ring_goes_on_where_another_device_is_away_for_too_long() {
    let server = with_windows(EVER, 200).await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let other = server.sdk("bob").await;
    let call = initiate(&mut alice, "bob").await;
    bob.hears(&call, &["incoming ringing"]).await;
    other.cut();
    server.counts_become(|counts| counts.sessions == 2).await;
    alice.hears(&call, &["ringing"]).await;
    accept(&mut bob, &call).await;
    bob.hears(&call, &["done", "connecting"]).await;
}

/// In a group the call goes on without them.
#[tokio::test]
async fn i15_a_group_goes_on_without_who_does_not_come_back() {
    let server = with_windows(300, EVER).await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let mut carol = server.sdk("carol").await;
    let call = gather(&mut [&mut alice, &mut bob, &mut carol]).await;
    let away = alice.cut();
    for client in [&mut bob, &mut carol] {
        assert_eq!(client.expect("call:participant-left").await["userId"], "alice");
    }
    // Nobody is busy for ever: she may be called, by those who are in it.
    let mut alice = away.starts_over().await;
    bob.does("call:add-participant", json!({ "callId": call, "userId": "alice" })).await;
    alice.hears(&call, &["incoming ringing"]).await;
}

/// A call that ends while its device is away: it is told so when it comes back, though it was away for longer than one
/// without a call may be.
#[tokio::test]
async fn i19_who_comes_back_to_a_call_that_is_over_hears_why() {
    let server = with_windows(EVER, 1500).await;
    let (mut alice, mut bob) = (server.sdk("alice").await, server.sdk("bob").await);
    let call = connect(&mut alice, &mut bob).await;
    let away = bob.cut();
    server.counts_become(|counts| counts.devices == 1).await;
    // Time passes: a device that is in no call is forgotten, which went when this one did.
    server.sdk("carol").await.cut();
    server.counts_become(|counts| counts.sessions == 3).await;
    server.counts_become(|counts| counts.sessions == 2).await;
    alice.does("call:hangup", json!({ "callId": call })).await;
    let mut bob = away.resumes().await;
    bob.hears(&call, &["left alice", "ended completed"]).await;
}

/// So many devices of a user and no more; who is away counts, and makes way for who is there.
#[tokio::test]
async fn i29_devices_that_are_away_make_way() {
    let server = TestServer::start_with(|config| config.limits.devices = 2).await;
    let (first, mut second) = (server.sdk("alice").await, server.sdk("alice").await);
    let first = first.cut();
    server.counts_become(|counts| counts.devices == 1 && counts.sessions == 2).await;
    let third = server.sdk("alice").await;
    assert_eq!(server.counts().await.sessions, 2);
    second.nothing_came().await;
    third.cut();
    server.counts_become(|counts| counts.devices == 1).await;
    let mut first = first.starts_over().await;
    first.nothing_came().await;
    assert_eq!(server.counts().await.sessions, 2);
}
