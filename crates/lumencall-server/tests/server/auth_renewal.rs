//! Newer tokens on open sockets, and sessions that go on with them.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::auth::{By, Folder, Signer, claims, now, sdk, server, server_with};
use crate::harness::{Client, PATIENCE, TestServer, connect, initiate};

/// Waits until the wall clock says so, by which tokens are good or not.
async fn wall_clock_is(at: i64) {
    while now() < at {
        sleep(Duration::from_millis(20)).await;
    }
}

/// Shows a newer token. Returns the seconds that the server says are left.
async fn renew(client: &mut Client, token: &str) -> Result<u64, Value> {
    let done = client.ask("session:authenticate", json!({ "token": token })).await?;
    Ok(done["tokenExpiresIn"].as_u64().expect("how long it lasts"))
}

#[tokio::test]
async fn i28_a_newer_token_keeps_the_socket() {
    let signer = Signer::secret();
    let server = server_with(
        &signer,
        |options| options.leeway = Duration::ZERO,
        |config| config.limits.token_grace = Duration::from_millis(200),
    )
    .await;
    let until = |exp: i64| signer.sign(&claims("alice", json!({ "exp": exp })));
    let first = now() + 2;
    let mut alice = sdk(&server, "alice", &until(first)).await;
    assert!(alice.welcome["tokenExpiresIn"].as_u64().unwrap() <= 2, "{}", alice.welcome);
    let mut bob = sdk(&server, "bob", &signer.sign(&claims("bob", json!({})))).await;
    let left = bob.welcome["tokenExpiresIn"].as_u64().unwrap();
    assert!((590..=600).contains(&left), "{left}");
    let call = connect(&mut alice, &mut bob).await;

    let left = renew(&mut alice, &until(now() + 100)).await.unwrap();
    assert!((90..=100).contains(&left), "{left}");
    // One that ends earlier is good, and shortens nothing: it may be sent again after a cut, behind a newer one.
    let left = renew(&mut alice, &until(first + 1)).await.unwrap();
    assert!((90..=100).contains(&left), "{left}");
    wall_clock_is(first + 2).await;
    alice.does("call:media-toggle", json!({ "callId": call, "audio": false })).await;
    bob.expect("call:media-changed").await;
}

#[tokio::test]
async fn i23_a_socket_stays_its_users() {
    let signer = Signer::secret();
    let server = server(&signer, |_| {}).await;
    let mut alice = sdk(&server, "alice", &signer.sign(&claims("alice", json!({})))).await;
    for (token, named) in [
        (signer.sign(&claims("bob", json!({}))), "another user"),
        (signer.sign(&claims("Alice", json!({}))), "another user"),
        (signer.sign(&claims("alice", json!({ "exp": now() - 60 }))), "expired"),
        (Signer::ed().sign(&claims("alice", json!({}))), "`alg`"),
        (Signer::Nobody.sign(&claims("alice", json!({}))), "`alg`"),
        (String::new(), "no JSON Web Token"),
    ] {
        let error = renew(&mut alice, &token).await.expect_err(named);
        assert_eq!(error["code"], "unauthorized", "{error}");
        assert!(error["message"].as_str().unwrap().contains(named), "{error}");
    }
    alice.is_refused("malformed", "session:authenticate", json!({})).await;
    // What was refused changed nothing.
    let call = initiate(&mut alice, "nobody").await;
    alice.does("call:hangup", json!({ "callId": call })).await;
    alice.expect_end(&call, "cancelled").await;
}

#[tokio::test]
async fn i28_in_the_grace_a_newer_token_makes_everything_possible_again() {
    let signer = Signer::ec();
    let server = server(&signer, |options| options.leeway = Duration::ZERO).await;
    let first = now() + 1;
    let mut alice = sdk(&server, "alice", &signer.sign(&claims("alice", json!({ "exp": first })))).await;
    let start = Instant::now();
    let ask = json!({ "conversationId": "x", "type": "audio", "calleeIds": ["nobody"] });
    loop {
        match alice.ask("call:initiate", ask.clone()).await {
            Ok(done) => {
                let call = done["call"]["id"].as_str().unwrap().to_owned();
                alice.does("call:hangup", json!({ "callId": call })).await;
                alice.expect_end(&call, "cancelled").await;
            }
            Err(error) => {
                assert_eq!(error["code"], "unauthorized", "{error}");
                break;
            }
        }
        assert!(start.elapsed() < PATIENCE, "it never expires");
    }
    // The session is kept, and nothing is given.
    alice.does("session:ping", json!({})).await;
    alice.is_refused("unauthorized", "session:ice-servers", json!({})).await;
    alice.is_refused("unauthorized", "call:rejoin", json!({ "callId": "x" })).await;
    renew(&mut alice, &signer.sign(&claims("alice", json!({})))).await.unwrap();
    initiate(&mut alice, "nobody").await;
}

#[tokio::test]
async fn i28_the_token_that_a_socket_has_is_the_one_that_can_be_revoked() {
    let folder = Folder::new();
    let list = folder.file("revoked", "");
    let signer = Signer::secret();
    let server = server(&signer, |options| options.revoked = Some(list.clone())).await;
    let token = |id: &str, exp: i64| signer.sign(&claims("alice", json!({ "jti": id, "exp": now() + exp })));
    let (mut phone, mut tablet) =
        (sdk(&server, "alice", &token("p1", 600)).await, sdk(&server, "alice", &token("t1", 600)).await);
    renew(&mut phone, &token("p2", 700)).await.unwrap();
    fs::write(&list, "jti p1\njti t1\n").unwrap();
    assert_eq!(tablet.closed().await, 4504);
    phone.nothing_came().await;
    let error = renew(&mut phone, &token("p1", 800)).await.unwrap_err();
    assert!(error["message"].as_str().unwrap().contains("revoked"), "{error}");
    fs::write(&list, "jti p1\njti p2\n").unwrap();
    assert_eq!(phone.closed_at_last().await, 4504);
}

async fn resumes(server: &TestServer, by: &str, token: &str, welcome: &Value, last_seq: u64) -> Value {
    let mut client = By::Sdk.open(server, by, token).await.unwrap();
    let resume = json!({ "secret": welcome["secret"], "lastSeq": last_seq });
    client.send("session:open", json!({ "deviceId": welcome["deviceId"], "resume": resume })).await;
    client.expect("session:welcome").await
}

/// A token's end closes the socket, and not what the user is in: with another token the session goes on within its window.
/// With another user's it does not.
#[tokio::test]
async fn i28_the_session_goes_on_with_another_token() {
    let folder = Folder::new();
    let list = folder.file("revoked", "");
    let signer = Signer::secret();
    let server = server(&signer, |options| options.revoked = Some(list.clone())).await;
    let token = |user: &str, id: &str| signer.sign(&claims(user, json!({ "jti": id })));
    let mut alice = sdk(&server, "alice", &token("alice", "a1")).await;
    let mut bob = sdk(&server, "bob", &token("bob", "b1")).await;
    connect(&mut alice, &mut bob).await;
    fs::write(&list, "jti a1\n").unwrap();
    assert_eq!(alice.closed_at_last().await, 4504);
    let foreign = resumes(&server, "mallory", &token("mallory", "m1"), &alice.welcome, 1).await;
    assert_eq!(foreign["resumed"], false, "{foreign}");
    assert_ne!(foreign["deviceId"], alice.welcome["deviceId"]);
    assert_eq!(foreign["userId"], "mallory");
    let again = resumes(&server, "alice", &token("alice", "a2"), &alice.welcome, 1).await;
    assert_eq!(
        (&again["resumed"], &again["deviceId"]),
        (&json!(true), &alice.welcome["deviceId"]),
        "{again}"
    );
    // Bob has not been told of any end.
    bob.nothing_came().await;
}

#[tokio::test]
async fn who_takes_no_tokens_says_so() {
    let server = TestServer::start().await;
    let mut alice = server.sdk("alice").await;
    assert_eq!(alice.welcome["tokenExpiresIn"], Value::Null);
    alice.is_refused("invalid-argument", "session:authenticate", json!({ "token": "x.y.z" })).await;
    let mut bob = server.seed("bob").await;
    for (event, data) in
        [("session:authenticate", json!({ "token": "x.y.z" })), ("session:ice-servers", json!({}))]
    {
        bob.is_refused("unknown-event", event, data).await;
    }
}
