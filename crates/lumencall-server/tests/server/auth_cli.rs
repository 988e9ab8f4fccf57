//! Identity on the command line: what a person is told, and that nothing of a token is logged.

use nix::sys::signal::Signal;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};
use serde_json::json;

use crate::auth::{Folder, RSA, RSA_PUBLIC, SECRET, Signer, claims, text};
use crate::cli::{Running, outcome, program};
use crate::harness::{Client, PATIENCE, connect};

/// A small RSA key, of 1024 bits, which is too short to be of any worth.
const SHORT_RSA_PUBLIC: &str = include_str!("keys/short-rsa.pub.pem");

/// What the program says in its one line, where it does not start.
async fn said(arguments: &[&str]) -> String {
    let (code, out, error) = outcome(arguments).await;
    assert_eq!((code, &*out, error.lines().count()), (1, "", 1), "{arguments:?}: {error}");
    error
}

#[tokio::test]
async fn what_is_missing_or_does_not_fit_is_named() {
    let folder = Folder::new();
    let secret = folder.file("secret", SECRET);
    let short = folder.file("short", "too short");
    let ec = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let private = folder.file("private.pem", ec.serialize_pem());
    let public = folder.file("public.pem", ec.public_key_pem());
    let p384 =
        folder.file("p384.pem", KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap().public_key_pem());
    let rsa = folder.file("rsa.pem", RSA_PUBLIC);
    let short_rsa = folder.file("short-rsa.pem", SHORT_RSA_PUBLIC);
    let broken = folder.file("broken.pem", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
    let nonsense = folder.file("list", "nonsense\n");
    let jwks = "http://127.0.0.1:1/keys.json";
    for (arguments, named) in [
        (&[][..], &["--key", "--jwks"][..]),
        (&["--key", "/no/such/file"], &["/no/such/file", "--key"]),
        (&["--key", text(&short)], &["at least 32 bytes", "9", "openssl rand"]),
        (&["--key", text(&secret), "--algorithm", "RS256"], &["PEM", "RS256"]),
        (&["--key", text(&rsa), "--algorithm", "HS256"], &["RS256", "HS256", "--algorithm"]),
        (&["--key", text(&rsa), "--algorithm", "ES256"], &["RS256", "ES256"]),
        (&["--key", text(&public), "--algorithm", "EdDSA"], &["ES256", "EdDSA"]),
        (&["--key", text(&private)], &["private key", "-pubout"]),
        (&["--key", text(&p384)], &["P-256"]),
        (&["--key", text(&short_rsa)], &["2048"]),
        (&["--key", text(&broken)], &["PEM public key"]),
        (&["--key", text(&secret), "--revoked", "/no/such/list"], &["/no/such/list", "--revoked"]),
        (&["--key", text(&secret), "--revoked", text(&nonsense)], &["--revoked", "line 1"]),
        (&["--jwks", jwks], &["--algorithm"]),
        (&["--jwks", jwks, "--algorithm", "HS256"], &["HS256", "--jwks"]),
    ] {
        let error = said(&[&["--auth", "jwt"], arguments].concat()).await;
        for part in named {
            assert!(error.contains(part), "{arguments:?}: {part}: {error}");
        }
        assert!(!error.contains(SECRET) && !error.contains("too short\""), "{error}");
    }
    for (arguments, named) in [
        (&["--key", text(&secret)][..], "--key"),
        (&["--jwks", jwks], "--jwks"),
        (&["--audience", "a"], "--audience"),
        (&["--issuer", "a"], "--issuer"),
        (&["--leeway", "1s"], "--leeway"),
        (&["--revoked", "a"], "--revoked"),
        (&["--algorithm", "HS256"], "--algorithm"),
        (&["--allow-origin", "https://a.example"], "--allow-origin"),
    ] {
        let error = said(&[&["--auth", "dev"], arguments].concat()).await;
        assert!(error.contains(named) && error.contains("--auth jwt"), "{arguments:?}: {error}");
    }
    for (arguments, named) in [
        (&["--key", "a", "--jwks", jwks][..], "--jwks"),
        (&["--jwks", "http://issuer.example.com/keys"], "https"),
        (&["--algorithm", "none"], "--algorithm"),
        (&["--algorithm", "HS512"], "--algorithm"),
        (&["--allow-origin", "*"], "--allow-origin"),
        (&["--allow-origin", "https://app.example.com/"], "slash"),
        (&["--leeway", "1h"], "--leeway"),
    ] {
        let (code, _, error) = outcome(&[&["--auth", "jwt"], arguments].concat()).await;
        assert!(code == 2 && error.contains(named), "{arguments:?}: {error}");
    }
}

#[tokio::test]
async fn secrets_of_turn_are_one_or_the_other() {
    let folder = Folder::new();
    let secret = folder.file("secret", "north\n");
    let (empty, lines) = (folder.file("empty", " \n"), folder.file("lines", "a\nb\n"));
    let turn = ["--auth", "dev", "--ice-server", "turn:turn.example.org"];
    for (arguments, named) in [
        (&[&turn[..], &[]].concat(), "--turn-secret"),
        (&[&turn[..], &["--turn-secret", text(&empty)]].concat(), "no secret"),
        (&[&turn[..], &["--turn-secret", text(&lines)]].concat(), "one line"),
        (&[&turn[..], &["--turn-secret", "/no/such/file"]].concat(), "/no/such/file"),
        (&vec!["--auth", "dev", "--turn-secret", text(&secret)], "--ice-server"),
    ] {
        let error = said(arguments).await;
        assert!(error.contains(named), "{arguments:?}: {error}");
    }
    let both = ["--turn-secret", text(&secret), "--ice-username", "a", "--ice-credential", "b"];
    let (code, _, error) = outcome(&[&turn[..], &both].concat()).await;
    assert!(code == 2 && error.contains("--ice-username"), "{error}");

    // From the environment, and not together with the other either.
    let mut command = program(&[&turn[..], &both[2..]].concat());
    let output = command.env("LUMENCALL_TURN_SECRET", "north").output().await.unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && error.contains("LUMENCALL_TURN_SECRET"), "{error}");

    let listen = ["--listen", "127.0.0.1:0", "--turn-secret", text(&secret), "--turn-ttl", "2m"];
    let running = Running::start(&[&turn[..], &listen].concat()).await;
    let welcome = Client::sdk(running.address, "alice").await.welcome;
    assert!(welcome["iceServers"][0]["username"].as_str().unwrap().ends_with(":alice"), "{welcome}");
}

/// `lumencall-server token` prints a token that the server takes, with each kind of key, and whom it names counts.
#[tokio::test]
async fn printed_tokens_are_taken() {
    let folder = Folder::new();
    let secret = folder.file("secret", format!("{SECRET}\n"));
    let mut keys = vec![(secret.clone(), secret)];
    for (name, pair) in [("ec", &PKCS_ECDSA_P256_SHA256), ("ed", &PKCS_ED25519)] {
        let pair = KeyPair::generate_for(pair).unwrap();
        let private = folder.file(&format!("{name}.pem"), pair.serialize_pem());
        keys.push((private, folder.file(&format!("{name}.pub.pem"), pair.public_key_pem())));
    }
    keys.push((folder.file("rsa.pem", RSA), folder.file("rsa.pub.pem", RSA_PUBLIC)));
    for (private, public) in &keys {
        let running = Running::start(&[
            "--auth",
            "jwt",
            "--listen",
            "127.0.0.1:0",
            "--key",
            text(public),
            "--audience",
            "calls",
            "--issuer",
            "me",
        ])
        .await;
        let ask =
            ["token", "--user", "J\u{fc}rgen", "--ttl", "1m", "--key", text(private), "--audience", "calls"];
        let (code, token, error) = outcome(&[&ask[..], &["--issuer", "me"]].concat()).await;
        assert_eq!((code, &*error, token.lines().count()), (0, "", 1), "{error}");
        let bearer = format!("Bearer {}", token.trim());
        let mut client =
            Client::asking(running.address, "x", "/ws", &[("authorization", &bearer)], false).await.unwrap();
        client.nothing_came().await;
        // The secret is not the audience's, nor the issuer's.
        let (_, token, _) = outcome(&ask).await;
        let bearer = format!("Bearer {}", token.trim());
        assert!(
            Client::asking(running.address, "x", "/ws", &[("authorization", &bearer)], false).await.is_err()
        );
    }
    for (arguments, named) in [
        (&["--user", "a", "--key", "/no/such/file"][..], "/no/such/file"),
        (&["--user", "a", "--key", text(&keys[1].1)], "private key"),
        (&["--user", "a", "--key", text(&keys[1].0), "--algorithm", "EdDSA"], "ES256"),
        (
            &["--user", "a", "--key", text(&folder.file("ec1.pem", "-----BEGIN EC PRIVATE KEY-----\n"))],
            "openssl pkcs8",
        ),
    ] {
        let error = said(&[&["token"], arguments].concat()).await;
        assert!(error.contains(named), "{error}");
    }
    for arguments in [
        &["--user", "", "--key", "a"][..],
        &["--key", "a"],
        &["--user", "a"],
        &["--user", "a", "--key", "a", "--ttl", "0s"],
    ] {
        assert_eq!(outcome(&[&["token"], arguments].concat()).await.0, 2, "{arguments:?}");
    }
}

/// I27, law 8: at the most talkative level nothing of a token is logged, whether it is taken or not, and no secret.
#[tokio::test]
async fn i27_no_token_is_in_the_log() {
    let folder = Folder::new();
    let signer = Signer::secret();
    let key = folder.file("key", SECRET);
    let list = folder.file("revoked", "jti revoked-id\nuser revoked-user\n");
    let turn = folder.file("turn", "turn-secret-of-the-test");
    let running = Running::start(&[
        "--auth",
        "jwt",
        "--listen",
        "127.0.0.1:0",
        "--key",
        text(&key),
        "--revoked",
        text(&list),
        "--log",
        "trace",
        "--ice-server",
        "turn:private-turn.example.org",
        "--turn-secret",
        text(&turn),
    ])
    .await;
    let good =
        [signer.sign(&claims("alice-private", json!({}))), signer.sign(&claims("bob-private", json!({})))];
    let bad = [
        signer.sign(&claims("carol-private", json!({ "exp": 1 }))),
        signer.sign(&claims("dave-private", json!({ "jti": "revoked-id" }))),
        Signer::rsa().sign(&claims("erin-private", json!({}))),
        "private.nonsense.private".to_owned(),
    ];
    let mut secrets = Vec::new();
    for token in &bad {
        for header in [
            ("authorization", format!("Bearer {token}")),
            ("sec-websocket-protocol", format!("lumencall.1, lumencall.token.{token}")),
        ] {
            if let Ok(mut client) =
                Client::asking(running.address, "x", "/ws", &[(header.0, &header.1)], false).await
            {
                assert_eq!(client.closed_at_last().await, 4505);
            }
        }
    }
    let mut clients = Vec::new();
    for (user, token) in ["alice-private", "bob-private"].into_iter().zip(&good) {
        let offer = format!("lumencall.1, lumencall.token.{token}");
        let mut client =
            Client::asking(running.address, user, "/ws", &[("sec-websocket-protocol", &offer)], false)
                .await
                .unwrap();
        client.send("session:open", json!({})).await;
        let welcome = client.expect("session:welcome").await;
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        secrets.extend([text(&welcome["secret"]), text(&welcome["iceServers"][0]["credential"])]);
        clients.push(client);
    }
    let mut bob = clients.pop().unwrap();
    let call = connect(&mut clients[0], &mut bob).await;
    let newer = [signer.sign(&claims("bob-private", json!({ "exp": 4_000_000_000_u64 }))), bad[0].clone()];
    bob.does("session:authenticate", json!({ "token": newer[0] })).await;
    bob.is_refused("unauthorized", "session:authenticate", json!({ "token": newer[1] })).await;
    std::fs::write(&list, "user alice-private\n").unwrap();
    assert_eq!(tokio::time::timeout(PATIENCE, clients[0].closed_at_last()).await.unwrap(), 4504);

    let (code, log) = running.stop(Signal::SIGTERM).await;
    assert_eq!(code, 0);
    assert!(log.contains(&call) && log.contains("revoked has been read"), "the log is there: {log}");
    let parts = good.iter().chain(&bad).chain(&newer).flat_map(|token| token.split('.'));
    for private in parts.chain(secrets.iter().map(String::as_str)).chain([
        "-private",
        "private-",
        "revoked-id",
        "revoked-user",
        SECRET,
        "turn-secret",
        "Bearer",
    ]) {
        assert!(private.is_empty() || !log.contains(private), "{private} is in the log: {log}");
    }
    drop(bob);
}
