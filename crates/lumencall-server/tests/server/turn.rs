//! Passwords for TURN servers.

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::process::Stdio;
use std::time::Duration;

use lumencall_core::wire::{IceServer, Private};
use lumencall_server::Turn;
use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use crate::auth::{Folder, now, text};
use crate::harness::{PATIENCE, TestServer};

async fn server(secret: &str, ttl: u64, url: &str) -> TestServer {
    let server = |url: &str| IceServer { urls: vec![url.into()], username: None, credential: None };
    TestServer::start_with(|config| {
        config.ice_servers = vec![server("stun:stun.example.org"), server(url)];
        config.turn = Some(Turn::new(Private::new(secret), Duration::from_secs(ttl)));
    })
    .await
}

/// The user name and the password for TURN in a welcome.
fn password(welcome: &Value) -> (String, String) {
    let turn = &welcome["iceServers"][1];
    let text = |name: &str| turn[name].as_str().unwrap().to_owned();
    (text("username"), text("credential"))
}

#[tokio::test]
async fn each_welcome_has_a_password_of_its_own() {
    let server = server("north", 90, "turn:turn.example.org").await;
    let (alice, bob) = (server.sdk("alice").await, server.sdk("bob%3A%20and%20%F0%9F%98%80").await);
    assert_eq!(alice.welcome["iceServers"][0], serde_json::json!({ "urls": ["stun:stun.example.org"] }));
    let ((alice_name, alice_word), (bob_name, bob_word)) = (password(&alice.welcome), password(&bob.welcome));
    for (username, user) in [(&alice_name, "alice"), (&bob_name, "bob%3A+and+%F0%9F%98%80")] {
        let (expires, rest) = username.split_once(':').unwrap();
        assert_eq!(rest, user);
        let left = expires.parse::<i64>().unwrap() - now();
        assert!((80..=90).contains(&left), "{left}");
    }
    assert_ne!(alice_word, bob_word);
    assert_eq!(alice_word.len(), 28, "20 bytes in base64");
}

#[tokio::test]
async fn a_session_gets_new_passwords_when_it_asks() {
    let server = server("north", 90, "turn:turn.example.org").await;
    let mut alice = server.sdk("alice").await;
    assert_eq!(alice.welcome["iceServersExpireIn"], 90);
    let (name, word) = password(&alice.welcome);
    let first = now();
    while now() == first {
        sleep(Duration::from_millis(20)).await;
    }
    let done = alice.ask("session:ice-servers", serde_json::json!({})).await.unwrap();
    assert_eq!(done["iceServersExpireIn"], 90);
    let (next_name, next_word) = password(&done);
    assert!(next_name > name && next_name.ends_with(":alice"), "{next_name}");
    assert_ne!(next_word, word);
}

/// coturn, on a free port of this machine.
struct Coturn {
    child: Child,
    port: u16,
    _folder: Folder,
}

impl Coturn {
    /// Starts it, or says loudly that it is not there.
    async fn start(secret: &str) -> Option<Self> {
        let port = free_port();
        let mut command = Command::new("turnserver");
        command.args([
            "-n",
            "--use-auth-secret",
            "--realm=example.org",
            "--log-file=stdout",
            "--no-cli",
            "--no-tls",
        ]);
        command.args([
            "--no-dtls",
            "--allow-loopback-peers",
            "--listening-ip=127.0.0.1",
            "--relay-ip=127.0.0.1",
        ]);
        command.arg(format!("--static-auth-secret={secret}")).arg(format!("--listening-port={port}"));
        let folder = Folder::new();
        command.arg("--pidfile=/dev/null").arg(format!("--userdb={}", text(&folder.path("users"))));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let child = match command.spawn() {
            Ok(child) => child,
            Err(error) => {
                let line = format!(
                    "SKIPPED: no coturn to test against ({error}); on Debian: apt-get install coturn\n"
                );
                std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes()).unwrap();
                return None;
            }
        };
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let start = Instant::now();
        while tokio::net::TcpStream::connect(address).await.is_err() {
            assert!(start.elapsed() < PATIENCE, "coturn does not listen");
            sleep(Duration::from_millis(20)).await;
        }
        Some(Self { child, port, _folder: folder })
    }

    /// Whether coturn gives a relay for this name and password, and it carries what is sent.
    async fn takes(&self, username: &str, credential: &str) -> bool {
        let mut command = Command::new("turnutils_uclient");
        // One client, one message, to a peer that it starts beside itself (-y), over UDP.
        command.args([
            "-y",
            "-n",
            "1",
            "-m",
            "1",
            "-c",
            "-u",
            username,
            "-w",
            credential,
            "-p",
            &self.port.to_string(),
        ]);
        command.arg("127.0.0.1").stdin(Stdio::null()).kill_on_drop(true);
        let output = match timeout(PATIENCE, command.output()).await {
            Ok(output) => output.unwrap(),
            Err(_) => return false,
        };
        let said = String::from_utf8_lossy(&output.stdout);
        output.status.success() && said.contains("Total lost packets 0")
    }
}

/// A port that is free for UDP and TCP.
fn free_port() -> u16 {
    loop {
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = udp.local_addr().unwrap().port();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

#[tokio::test]
async fn coturn_takes_the_passwords_until_they_expire() {
    let Some(mut coturn) = Coturn::start("south").await else { return };
    let url = format!("turn:127.0.0.1:{}", coturn.port);
    let (good, short, wrong) =
        (server("south", 600, &url).await, server("south", 1, &url).await, server("north", 600, &url).await);
    let (alice, bob) = (good.sdk("alice").await, good.sdk("bob%3Ab%20c%27%22%5C%C3%BC").await);
    let (alice, bob) = (password(&alice.welcome), password(&bob.welcome));
    assert!(bob.0.ends_with(":bob%3Ab+c%27%22%5C%C3%BC"), "{}", bob.0);
    let taken = tokio::join!(coturn.takes(&alice.0, &alice.1), coturn.takes(&bob.0, &bob.1));
    assert_eq!(taken, (true, true));
    assert!(!coturn.takes(&bob.0, &alice.1).await, "another user's");
    let (username, credential) = password(&wrong.sdk("alice").await.welcome);
    assert!(!coturn.takes(&username, &credential).await, "another secret");
    let (username, credential) = password(&short.sdk("alice").await.welcome);
    let expires = username.split_once(':').unwrap().0.parse::<i64>().unwrap();
    while now() <= expires + 1 {
        sleep(Duration::from_millis(50)).await;
    }
    assert!(!coturn.takes(&username, &credential).await, "expired");
    coturn.child.kill().await.unwrap();
}
