//! The program, as a person starts it.

use std::net::SocketAddr;
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::net::TcpListener;
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::harness::{Client, PATIENCE, connect, get, ring};

pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lumencall-server"));
    command
        .args(arguments)
        .kill_on_drop(true)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.env_remove("LUMENCALL_ICE_CREDENTIAL").env_remove("LUMENCALL_TURN_SECRET");
    command
}

/// Runs the program to its end. Returns its exit code and what it said, on standard output and on standard error.
pub(crate) async fn outcome(arguments: &[&str]) -> (i32, String, String) {
    let output = timeout(PATIENCE, program(arguments).output()).await.expect("it ends").unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().expect("an exit code"), text(output.stdout), text(output.stderr))
}

/// The program while it serves.
pub(crate) struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// `http` or `https`.
    pub(crate) scheme: String,
    pub(crate) address: SocketAddr,
}

impl Running {
    pub(crate) async fn start(arguments: &[&str]) -> Self {
        let mut child = program(arguments).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line =
            timeout(PATIENCE, lines.next_line()).await.expect("a ready line").unwrap().expect("a ready line");
        let url = line.strip_prefix("lumencall-server listening on ").expect(&line);
        let (scheme, address) = url.split_once("://").expect(&line);
        let (scheme, address) = (scheme.to_owned(), address.parse().unwrap());
        Self { child, lines, scheme, address }
    }

    /// Sends the signal. Returns the exit code and what was logged.
    pub(crate) async fn stop(mut self, signal: Signal) -> (i32, String) {
        let id = self.child.id().expect("it runs");
        kill(Pid::from_raw(id.try_into().unwrap()), signal).unwrap();
        let mut log = String::new();
        let ending = async {
            assert_eq!(self.lines.next_line().await.unwrap(), None, "the ready line is the only one");
            self.child.stderr.take().unwrap().read_to_string(&mut log).await.unwrap();
            self.child.wait().await.unwrap()
        };
        let status = timeout(PATIENCE, ending).await.expect("it stops");
        (status.code().expect("an exit code"), log)
    }
}

#[tokio::test]
async fn help_names_every_option_and_its_default() {
    let (code, help, _) = outcome(&["--help"]).await;
    assert_eq!(code, 0);
    for part in [
        "--listen",
        "127.0.0.1:8080",
        "--auth",
        "--key",
        "--jwks",
        "--algorithm",
        "--audience",
        "--issuer",
        "--leeway",
        "--revoked",
        "--allow-origin",
        "--tls-cert",
        "--tls-key",
        "--ice-server",
        "--turn-secret",
        "--turn-ttl",
        "--ring-timeout",
        "60s",
        "--setup-timeout",
        "15s",
        "--answer-timeout",
        "--reconnect-timeout",
        "30s",
        "--resume-timeout",
        "--resume-timeout-ringing",
        "--ping-interval",
        "25s",
        "--pong-timeout",
        "10s",
        "--max-message",
        "64KiB",
        "--www",
        "./www",
        "--pkg",
        "./pkg",
        "--auth dev",
    ] {
        assert!(help.contains(part), "{part} in {help}");
    }
    assert!(outcome(&["--version"]).await.1.starts_with("lumencall-server "));
}

#[tokio::test]
async fn a_way_to_prove_who_one_is_must_be_chosen() {
    let (code, out, error) = outcome(&["--listen", "127.0.0.1:0"]).await;
    assert_eq!((code, &*out), (1, ""));
    assert!(error.contains("--auth dev"), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
}

#[tokio::test]
async fn the_development_proof_serves_this_machine_only() {
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8080"] {
        let (code, out, error) = outcome(&["--auth", "dev", "--listen", listen]).await;
        assert_eq!((code, &*out), (1, ""), "{listen}");
        assert!(error.contains("--auth dev") && error.contains("127.0.0.1"), "{error}");
    }
    for listen in ["127.0.0.1:0", "localhost:0", "127.0.0.2:0"] {
        let running = Running::start(&["--auth", "dev", "--listen", listen]).await;
        assert!(running.address.ip().is_loopback() && running.address.port() != 0, "{}", running.address);
        assert_eq!(get(running.address, "/healthz").await.1, b"ok");
    }
}

#[tokio::test]
async fn bad_values_are_named() {
    for (arguments, named) in [
        (&["--listen", "example.org:80"][..], "--listen"),
        (&["--listen", "127.0.0.1"], "--listen"),
        (&["--auth", "none"], "--auth"),
        (&["--ring-timeout", "60"], "--ring-timeout"),
        (&["--ring-timeout", "0s"], "--ring-timeout"),
        (&["--setup-timeout=-1s"], "--setup-timeout"),
        (&["--ping-interval", "soon"], "--ping-interval"),
        (&["--max-message", "1GB"], "--max-message"),
        (&["--max-message", "32KiB"], "64KiB"),
        (&["--max-devices", "0"], "--max-devices"),
        (&["--ice-server", "https://stun.example.org"], "--ice-server"),
        (&["--ice-server", "stun:"], "--ice-server"),
        (&["--ice-username", "name"], "--ice-credential"),
        (&["--no-such-option"], "--no-such-option"),
        (&["stray"], "stray"),
    ] {
        let (code, _, error) = outcome(&[&["--auth", "dev"], arguments].concat()).await;
        assert_eq!(code, 2, "{arguments:?}: {error}");
        assert!(error.contains(named), "{arguments:?}: {error}");
    }
    let (code, _, error) = outcome(&["--auth", "dev", "--ice-server", "turn:turn.example.org"]).await;
    assert_eq!(code, 1);
    assert!(error.contains("--ice-username") && error.contains("--ice-credential"), "{error}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, out, error) = outcome(&["--auth", "dev", "--listen", &address]).await;
    assert_eq!((code, &*out), (1, ""));
    assert!(error.contains(&address) && error.contains("--listen"), "{error}");
}

#[tokio::test]
async fn signals_stop_it_well() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let running = Running::start(&["--auth", "dev", "--listen", "127.0.0.1:0"]).await;
        let mut alice = Client::seed(running.address, "alice").await;
        let (stopped, code) = tokio::join!(running.stop(signal), async {
            let code = alice.closed().await;
            drop(alice);
            code
        });
        assert_eq!((stopped.0, code), (0, 1001), "{signal}: {}", stopped.1);
    }
}

#[tokio::test]
async fn options_reach_the_server() {
    let running = Running::start(&[
        "--auth",
        "dev",
        "--listen",
        "127.0.0.1:0",
        "--ring-timeout",
        "150ms",
        "--max-message",
        "80KiB",
        "--ice-server",
        "stun:stun.example.org",
        "--ice-server",
        "turn:turn.example.org?transport=tcp",
        "--ice-username",
        "name",
        "--ice-credential",
        "word",
    ])
    .await;
    let mut alice = Client::sdk(running.address, "alice").await;
    let servers = json!([
        { "urls": ["stun:stun.example.org"] },
        { "urls": ["turn:turn.example.org?transport=tcp"], "username": "name", "credential": "word" },
    ]);
    assert_eq!(alice.welcome["iceServers"], servers);
    let mut bob = Client::seed(running.address, "bob").await;
    let (call, _) = ring(&mut alice, &mut bob).await;
    alice.expect_end(&call, "missed").await;
    // More than is taken by default.
    alice.send_text("x".repeat(80 * 1024)).await;
    alice.expect_error("malformed").await;
    alice.send_text("x".repeat(80 * 1024 + 1)).await;
    assert_eq!(alice.closed().await, 1009);
}

/// I27, law 8: at the most talkative level, nothing of what people say or send is logged.
#[tokio::test]
async fn i27_logs_hold_nothing_private() {
    let running = Running::start(&[
        "--auth",
        "dev",
        "--listen",
        "127.0.0.1:0",
        "--log",
        "trace",
        "--ice-server",
        "turn:private-turn.example.org",
        "--ice-username",
        "private-name",
        "--ice-credential",
        "private-credential",
    ])
    .await;
    let mut alice = Client::seed(running.address, "alice").await;
    let mut bob = Client::sdk(running.address, "bob").await;
    let secret = bob.welcome["secret"].as_str().unwrap().to_owned();
    let (call, _) = ring(&mut alice, &mut bob).await;
    alice.send("signal:offer", alice.description(&call, "bob", "offer", "private-held-sdp")).await;
    alice.send("signal:ice-candidate", alice.candidate(&call, "bob", "private-candidate")).await;
    alice.send("call:hangup", json!({ "callId": call })).await;
    alice.expect_end(&call, "cancelled").await;
    bob.expect_end(&call, "cancelled").await;
    let call = connect(&mut alice, &mut bob).await;
    let mut offer = alice.description(&call, "bob", "offer", "private-sdp 192.0.2.77");
    offer["extra"] = json!("private-extra");
    alice.send("signal:offer", offer).await;
    bob.expect("signal:offer").await;
    bob.does("signal:ice-candidate", bob.candidate(&call, "alice", "private-candidate 192.0.2.77")).await;
    alice.expect("signal:ice-candidate").await;
    // Whether it is the right secret or not.
    let bob = bob.cut().resumes().await.cut();
    let wrong = bob.with(|bob| bob.secret = json!("private-secret"));
    let mut other = wrong.starts_over().await;
    other.expect("call:elsewhere").await;
    let other_secret = other.welcome["secret"].as_str().unwrap().to_owned();
    assert_eq!(
        other.ask("session:authenticate", json!({ "token": "private-token" })).await.unwrap_err()["code"],
        "invalid-argument"
    );
    let bob = bob.resumes().await;
    alice.send_text("private-nonsense").await;
    alice.expect_error("malformed").await;
    alice.send("private-event", json!({})).await;
    alice.expect_error("unknown-event").await;
    alice.send("call:hangup", json!({ "callId": "private-call" })).await;
    alice.expect_error("unknown-call").await;
    let metadata = json!({
        "conversationId": "private-conversation", "type": "audio", "calleeIds": ["private-callee"],
        "metadata": "private-metadata",
    });
    alice.is_refused("already-in-call", "call:initiate", metadata).await;
    alice.send_text("x".repeat(70_000)).await;
    assert_eq!(alice.closed_at_last().await, 1009);
    get(running.address, "/private-path?private-query").await;
    drop((alice, bob));

    let (_, log) = running.stop(Signal::SIGTERM).await;
    assert!(log.contains("call:initiate") && log.contains(&call), "the log is there: {log}");
    for private in ["private-", "192.0.2.77", "127.0.0.1", "sdp", "v=0", &secret, &other_secret] {
        assert!(!log.contains(private), "{private} is in the log: {log}");
    }
}
