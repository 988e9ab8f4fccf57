//! TLS on the listener.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use lumencall_server::Tls;
use nix::sys::signal::Signal;
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::auth::{Folder, text};
use crate::cli::{Running, outcome};
use crate::harness::{PATIENCE, TestServer};

/// A certificate for `localhost`, as files, and what a client trusts it by.
struct Certificate {
    certificate: PathBuf,
    key: PathBuf,
    connector: TlsConnector,
}

impl Certificate {
    fn new(folder: &Folder, name: &str) -> Self {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(cert.der().clone()).unwrap();
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_root_certificates(roots).with_no_client_auth();
        Self {
            certificate: folder.file(&format!("{name}.crt"), cert.pem()),
            key: folder.file(&format!("{name}.key"), signing_key.serialize_pem()),
            connector: Arc::new(config).into(),
        }
    }

    async fn connect(&self, address: SocketAddr) -> std::io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(address).await?;
        let name = ServerName::try_from("localhost").unwrap();
        timeout(PATIENCE, self.connector.connect(name, stream)).await.expect("the handshake ends")
    }

    async fn server(&self) -> TestServer {
        let tls = Tls::from_files(self.certificate.clone(), self.key.clone()).unwrap();
        TestServer::start_with(|config| {
            config.tls = Some(tls);
            config.limits.open_timeout = Duration::from_millis(500);
            config.rules.resume = 100;
        })
        .await
    }
}

async fn healthz(mut stream: TlsStream<TcpStream>) -> String {
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("an answer").unwrap();
    answer
}

#[tokio::test]
async fn pages_and_sockets_are_served_over_tls() {
    let folder = Folder::new();
    let certificate = Certificate::new(&folder, "one");
    let server = certificate.server().await;
    let answer = healthz(certificate.connect(server.address).await.unwrap()).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("ok"), "{answer}");

    let mut request = "wss://localhost/ws?userId=alice".into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "lumencall.1".parse().unwrap());
    let stream = certificate.connect(server.address).await.unwrap();
    let (mut socket, _) = client_async(request, stream).await.unwrap();
    socket.send(Message::text(json!({ "event": "session:open", "data": {} }).to_string())).await.unwrap();
    let welcome = timeout(PATIENCE, socket.next()).await.unwrap().unwrap().unwrap();
    assert!(welcome.to_text().unwrap().contains("session:welcome"), "{welcome}");
    // The close code arrives over TLS too.
    socket.send(Message::binary(vec![1])).await.unwrap();
    let Message::Close(Some(close)) = timeout(PATIENCE, socket.next()).await.unwrap().unwrap().unwrap()
    else {
        panic!("a close frame should come")
    };
    assert_eq!(u16::from(close.code), 1003);
    drop(socket);
    server.is_empty_again().await;
}

/// Who opens a connection and does not go on, or speaks something else, costs nobody anything.
#[tokio::test]
async fn i30_a_tls_handshake_that_never_ends_is_given_up_alone() {
    let folder = Folder::new();
    let certificate = Certificate::new(&folder, "one");
    let server = certificate.server().await;
    let mut silent = Vec::new();
    for begun in [&b""[..], b"\x16", b"\x16\x03\x01\x02\x00\x01\x00", b"\x16\x03\x01\x40\x00"] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(begun).await.unwrap();
        silent.push(stream);
    }
    server.counts_become(|counts| counts.connections == 4).await;
    // While they wait, others are served.
    assert!(healthz(certificate.connect(server.address).await.unwrap()).await.contains("200"));
    let mut plain = TcpStream::connect(server.address).await.unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, plain.read_to_end(&mut answer)).await.expect("it is cut off");
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    server.is_empty_again().await;
    assert!(healthz(certificate.connect(server.address).await.unwrap()).await.contains("200"));
    drop(silent);
}

#[tokio::test]
async fn a_stopping_server_waits_for_no_handshake() {
    let folder = Folder::new();
    let certificate = Certificate::new(&folder, "one");
    let tls = Tls::from_files(certificate.certificate.clone(), certificate.key.clone()).unwrap();
    let server = TestServer::start_with(|config| {
        config.tls = Some(tls);
        config.limits.open_timeout = Duration::from_secs(3600);
    })
    .await;
    let silent = TcpStream::connect(server.address).await.unwrap();
    server.counts_become(|counts| counts.connections == 1).await;
    server.stop().has_stopped().await;
    drop(silent);
}

/// A certificate is renewed while the server runs: who connects then sees the new one.
#[tokio::test]
async fn a_renewed_certificate_is_taken() {
    let folder = Folder::new();
    let (old, new) = (Certificate::new(&folder, "old"), Certificate::new(&folder, "new"));
    let server = old.server().await;
    assert!(new.connect(server.address).await.is_err(), "the new one is not there yet");
    fs::copy(&new.certificate, &old.certificate).unwrap();
    fs::copy(&new.key, &old.key).unwrap();
    let start = Instant::now();
    while new.connect(server.address).await.is_err() {
        assert!(start.elapsed() < 2 * PATIENCE, "it never comes");
        sleep(Duration::from_millis(100)).await;
    }
    assert!(old.connect(server.address).await.is_err(), "the old one is gone");
}

#[tokio::test]
async fn the_program_says_https_and_names_what_is_wrong() {
    let folder = Folder::new();
    let certificate = Certificate::new(&folder, "one");
    let other = folder.file("other.key", KeyPair::generate().unwrap().serialize_pem());
    let nonsense = folder.file("nonsense", "nonsense");
    let (good_certificate, good_key) = (text(&certificate.certificate), text(&certificate.key));
    for (cert, key, named) in [
        (good_certificate, text(&other), "--tls-key"),
        (good_certificate, text(&nonsense), "--tls-key"),
        (text(&nonsense), good_key, "--tls-cert"),
        (good_key, good_key, "--tls-cert"),
        ("/no/such/file", good_key, "/no/such/file"),
    ] {
        let (code, _, error) = outcome(&["--auth", "dev", "--tls-cert", cert, "--tls-key", key]).await;
        assert_eq!((code, error.lines().count()), (1, 1), "{error}");
        assert!(error.contains(named), "{named}: {error}");
    }
    let (code, _, error) = outcome(&["--auth", "dev", "--tls-cert", good_certificate]).await;
    assert!(code == 2 && error.contains("--tls-key"), "{error}");

    let arguments =
        ["--auth", "dev", "--listen", "127.0.0.1:0", "--tls-cert", good_certificate, "--tls-key", good_key];
    let running = Running::start(&arguments).await;
    assert_eq!(running.scheme, "https");
    assert!(healthz(certificate.connect(running.address).await.unwrap()).await.contains("200"));
    assert_eq!(running.stop(Signal::SIGTERM).await.0, 0);
}
