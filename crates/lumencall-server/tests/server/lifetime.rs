//! How sockets, sessions and the server itself begin and end.

use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::harness::{Client, RawSocket, TestServer, connect, initiate, ring};

#[tokio::test]
async fn a_session_that_is_never_opened_is_closed() {
    let server =
        TestServer::start_with(|config| config.limits.open_timeout = Duration::from_millis(200)).await;
    let mut alice = Client::socket(server.address, "alice", Some("lumencall.1"), false).await.unwrap();
    assert_eq!(alice.closed().await, 4002);
    server.is_empty_again().await;
}

/// A request whose head never ends, and a connection that never asks anything.
#[tokio::test]
async fn a_handshake_that_never_ends_is_given_up() {
    let server =
        TestServer::start_with(|config| config.limits.open_timeout = Duration::from_millis(200)).await;
    let mut half = TcpStream::connect(server.address).await.unwrap();
    half.write_all(b"GET /ws?userId=alice HTTP/1.1\r\nhost: ").await.unwrap();
    let silent = TcpStream::connect(server.address).await.unwrap();
    server.counts_become(|counts| counts.connections == 2).await;
    server.is_empty_again().await;
    drop((half, silent));
}

#[tokio::test]
async fn a_socket_that_says_nothing_is_closed() {
    let server = TestServer::start_with(|config| {
        config.limits.ping_interval = Duration::from_millis(100);
        config.limits.pong_timeout = Duration::from_millis(100);
    })
    .await;
    let mut dead = RawSocket::open(server.address, "dead").await;
    dead.is_dropped().await;
    server.is_empty_again().await;
}

#[tokio::test]
async fn i29_devices_of_one_user_are_bounded() {
    let server = TestServer::start_with(|config| config.limits.devices = 2).await;
    let first = server.sdk("alice").await;
    let mut second = server.seed("alice").await;
    for subprotocol in [None, Some("lumencall.1")] {
        let mut third = Client::socket(server.address, "alice", subprotocol, false).await.unwrap();
        if subprotocol.is_some() {
            third.send("session:open", json!({})).await;
        }
        assert_eq!(third.closed().await, 4501);
    }
    // It is a bound for each, and counts who is there.
    server.sdk("bob").await.nothing_came().await;
    first.leave().await;
    server.counts_become(|counts| counts.devices == 1).await;
    server.sdk("alice").await.nothing_came().await;
    second.nothing_came().await;
}

#[tokio::test]
async fn i29_when_all_have_left_nothing_is_left() {
    let server = TestServer::start_with(|config| config.rules.resume = 100).await;
    let (mut alice, mut bob) = (server.seed("alice").await, server.sdk("bob").await);
    let (mut carol, mut dave) = (server.sdk("carol").await, server.seed("dave").await);
    connect(&mut alice, &mut bob).await;
    let (ringing, _) = ring(&mut carol, &mut dave).await;
    carol.does("signal:offer", carol.description(&ringing, "dave", "offer", "v=0")).await;
    initiate(&mut server.sdk("erin").await, "nobody").await;
    let mut frank = server.sdk("frank").await;
    initiate(&mut frank, "nobody").await;
    assert!(server.counts().await.calls >= 3);
    // Some say good-bye, and some just go.
    drop((alice, dave));
    bob.leave().await;
    carol.leave().await;
    drop(frank);
    server.is_empty_again().await;
}

#[tokio::test]
async fn a_stopping_server_says_good_bye() {
    let server = TestServer::start().await;
    let (mut alice, mut bob) = (server.seed("alice").await, server.sdk("bob").await);
    connect(&mut alice, &mut bob).await;
    let (mut carol, mut dave) = (server.sdk("carol").await, server.seed("dave").await);
    ring(&mut carol, &mut dave).await;
    let mut unopened = Client::socket(server.address, "erin", Some("lumencall.1"), false).await.unwrap();
    let address = server.address;

    let stopping = server.stop();
    // Nobody hears of another's end as of a hang-up: the close frame is the next that comes.
    for client in [&mut alice, &mut bob, &mut carol, &mut dave, &mut unopened] {
        assert_eq!(client.closed().await, 1001, "{}", client.user);
    }
    drop((alice, bob, carol, dave, unopened));
    stopping.has_stopped().await;
    assert!(TcpStream::connect(address).await.is_err(), "nothing listens any more");
}

/// A client that does not hang up does not keep the server from stopping.
#[tokio::test]
async fn a_stopping_server_waits_for_nobody_for_ever() {
    let server = TestServer::start().await;
    let dead = RawSocket::open(server.address, "dead").await;
    let idle = TcpStream::connect(server.address).await.unwrap();
    server.counts_become(|counts| counts.devices == 1).await;
    server.stop().has_stopped().await;
    drop((dead, idle));
}

#[tokio::test]
async fn a_close_frame_is_answered_in_kind() {
    let server = TestServer::start().await;
    let mut socket = RawSocket::open(server.address, "alice").await;
    // 4321, masked with zeros; the answer bears the same code.
    socket.send_bytes(b"\x88\x82\0\0\0\0\x10\xe1").await;
    assert_eq!(socket.read_close_code().await, 4321);
    socket.is_dropped().await;
    server.is_empty_again().await;
}
