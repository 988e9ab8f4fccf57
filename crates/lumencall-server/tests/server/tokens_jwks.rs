//! Keys that the tokens' issuer publishes.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lumencall_server::{Algorithm, KeySource};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Error;

use crate::auth::{By, Signer, claims, refusal, sdk, server};
use crate::harness::TestServer;

/// An issuer that publishes its keys.
struct Issuer {
    address: SocketAddr,
    answer: Arc<Mutex<(u16, String)>>,
    asked: Arc<AtomicUsize>,
}

impl Issuer {
    async fn start(keys: &[Value]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answer = Arc::new(Mutex::new((200, String::new())));
        let asked = Arc::new(AtomicUsize::new(0));
        let issuer = Self { address, answer: Arc::clone(&answer), asked: Arc::clone(&asked) };
        issuer.publish(keys);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                assert!(
                    head.starts_with(b"GET /keys.json HTTP/1.1\r\n"),
                    "{}",
                    String::from_utf8_lossy(&head)
                );
                asked.fetch_add(1, Ordering::SeqCst);
                let (status, body) = answer.lock().unwrap().clone();
                let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        issuer
    }

    fn publish(&self, keys: &[Value]) {
        self.answer(200, json!({ "keys": keys }).to_string());
    }

    fn answer(&self, status: u16, body: impl Into<String>) {
        *self.answer.lock().unwrap() = (status, body.into());
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// A server that takes this issuer's tokens.
    async fn server(&self, algorithm: Algorithm, pause: Duration) -> TestServer {
        let url = format!("http://{}/keys.json", self.address).parse::<lumencall_server::JwksUrl>().unwrap();
        server(&Signer::secret(), |options| {
            options.keys = KeySource::Jwks(url.with_pause(pause));
            options.algorithm = Some(algorithm);
        })
        .await
    }

    async fn was_asked(&self, times: usize) {
        let counted = tokio::time::timeout(crate::harness::PATIENCE, async {
            while self.asked() < times {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        });
        assert!(counted.await.is_ok(), "asked {} times", self.asked());
    }
}

fn token(signer: &Signer, kid: &str) -> String {
    signer.sign_as(&json!({ "alg": signer.algorithm(), "kid": kid }), &claims("alice", json!({})))
}

const NEVER: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn published_keys_of_each_kind_are_taken() {
    for (signer, algorithm) in [
        (Signer::rsa(), Algorithm::Rs256),
        (Signer::ec(), Algorithm::Es256),
        (Signer::ed(), Algorithm::EdDsa),
    ] {
        let issuer = Issuer::start(&[signer.jwk("one")]).await;
        let server = issuer.server(algorithm, NEVER).await;
        sdk(&server, "alice", &token(&signer, "one")).await;
        // It is the only key, so a token need not name it.
        sdk(&server, "alice", &signer.sign(&claims("alice", json!({})))).await;
        assert_eq!(issuer.asked(), 1, "one fetch serves all");
        assert!(refusal(&server, &token(&signer, "two")).await.contains("`kid`"));
        assert_eq!(issuer.asked(), 1, "a `kid` that nobody knows asks for nothing within the pause");
    }
}

#[tokio::test]
async fn i23_a_key_counts_for_its_own_algorithm_and_purpose_alone() {
    let (ec, ed, other) = (Signer::ec(), Signer::ed(), Signer::ec());
    let mut encrypting = other.jwk("encrypting");
    encrypting["use"] = json!("enc");
    let mut another = other.jwk("another");
    another["alg"] = json!("ES384");
    let secret = Signer::secret();
    let mut private = other.jwk("crowded");
    private["crv"] = json!("P-521");
    let strange = json!({ "kty": "strange", "kid": "strange" });
    let issuer = Issuer::start(&[
        strange,
        json!("nonsense"),
        ed.jwk("ed"),
        secret.jwk("secret"),
        encrypting,
        another,
        private,
        ec.jwk("ec"),
    ])
    .await;
    let server = issuer.server(Algorithm::Es256, NEVER).await;
    sdk(&server, "alice", &token(&ec, "ec")).await;
    for (signer, kid, named) in [
        (&other, "encrypting", "`kid`"),
        (&other, "another", "`kid`"),
        (&other, "crowded", "`kid`"),
        (&other, "ec", "signature"),
        (&ed, "ed", "`alg`"),
        (&secret, "secret", "`alg`"),
        (&secret, "ec", "`alg`"),
        (&Signer::Nobody, "ec", "`alg`"),
    ] {
        let said = refusal(&server, &token(signer, kid)).await;
        assert!(said.contains(named), "{kid}: {said}");
    }
    let forged = secret.sign_as(&json!({ "alg": "ES256", "kid": "secret" }), &claims("alice", json!({})));
    assert!(refusal(&server, &forged).await.contains("`kid`"));
}

#[tokio::test]
async fn a_new_key_is_fetched_and_an_old_one_forgotten() {
    let (old, new) = (Signer::ec(), Signer::ec());
    let issuer = Issuer::start(&[old.jwk("old")]).await;
    let server = issuer.server(Algorithm::Es256, Duration::ZERO).await;
    sdk(&server, "alice", &token(&old, "old")).await;
    issuer.publish(&[old.jwk("old"), new.jwk("new")]);
    sdk(&server, "alice", &token(&new, "new")).await;
    sdk(&server, "alice", &token(&old, "old")).await;
    let asked = issuer.asked();
    // Two keys, and a token that names none: nobody guesses.
    assert!(refusal(&server, &new.sign(&claims("alice", json!({})))).await.contains("`kid`"));
    assert_eq!(issuer.asked(), asked);
    issuer.publish(&[new.jwk("new")]);
    assert!(refusal(&server, &token(&new, "newer")).await.contains("`kid`"), "this one had it fetched");
    assert!(refusal(&server, &token(&old, "old")).await.contains("`kid`"), "withdrawn");
    sdk(&server, "alice", &token(&new, "new")).await;
}

#[tokio::test]
async fn keys_that_cannot_be_fetched_anew_stay_as_they_were() {
    let signer = Signer::ec();
    let issuer = Issuer::start(&[signer.jwk("one")]).await;
    let server = issuer.server(Algorithm::Es256, Duration::ZERO).await;
    sdk(&server, "alice", &token(&signer, "one")).await;
    for (status, body) in
        [(500, ""), (404, "{}"), (200, "not JSON"), (200, "{}"), (302, ""), (200, r#"{"keys":7}"#)]
    {
        issuer.answer(status, body);
        assert!(refusal(&server, &token(&signer, "two")).await.contains("`kid`"), "{status} {body}");
        sdk(&server, "alice", &token(&signer, "one")).await;
    }
    issuer.answer(200, format!(r#"{{"keys":[{}]}}"#, " ".repeat(300_000)));
    assert!(refusal(&server, &token(&signer, "two")).await.contains("`kid`"), "too large");
    sdk(&server, "alice", &token(&signer, "one")).await;
}

/// A server that starts before the issuer does takes nobody, says that a later try may do better, and then takes them.
#[tokio::test]
async fn a_server_may_start_before_its_issuer() {
    let signer = Signer::ed();
    let issuer = Issuer::start(&[]).await;
    issuer.answer(503, "");
    let server = issuer.server(Algorithm::EdDsa, Duration::ZERO).await;
    issuer.was_asked(1).await;
    for by in [By::Sdk, By::Seed, By::Bearer] {
        let Err(Error::Http(response)) = by.open(&server, "alice", &token(&signer, "one")).await.map(|_| ())
        else {
            panic!("{by:?} is let in")
        };
        assert_eq!(response.status(), 503, "{by:?}");
        assert!(response.headers().contains_key("retry-after"), "{by:?}");
    }
    issuer.publish(&[signer.jwk("one")]);
    sdk(&server, "alice", &token(&signer, "one")).await;
}

#[test]
fn keys_come_by_https_or_from_this_machine() {
    for url in ["http://127.0.0.1:1/keys", "http://localhost/keys", "http://[::1]:8080/keys"] {
        assert!(url.parse::<lumencall_server::JwksUrl>().is_ok(), "{url}");
    }
    for url in [
        "",
        "keys",
        "/keys",
        "ftp://a/keys",
        "http://issuer.example.com/keys",
        "http://user@127.0.0.1/keys",
        "https://",
    ] {
        assert!(url.parse::<lumencall_server::JwksUrl>().is_err(), "{url}");
    }
}
