//! Which tokens are taken.

use std::time::Duration;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Error;

use crate::auth::{By, OTHER_RSA_PUBLIC, RSA_PUBLIC, SECRET, Signer, claims, now, refusal, sdk, server};
use crate::harness::{Client, connect};

#[tokio::test]
async fn i23_a_user_is_whom_the_token_names_in_every_algorithm() {
    for signer in [Signer::secret(), Signer::rsa(), Signer::ec(), Signer::ed()] {
        let server = server(&signer, |_| {}).await;
        let token = |user: &str| signer.sign(&claims(user, json!({})));
        let mut alice = sdk(&server, "alice", &token("alice")).await;
        for by in [By::Seed, By::Bearer] {
            let mut bob = by.open(&server, "bob", &token("bob")).await.unwrap();
            bob.nothing_came().await;
            let chosen = match by {
                By::Sdk => Some("lumencall.1"),
                By::Seed => Some("lumencall.seed"),
                By::Bearer => None,
            };
            assert_eq!(bob.subprotocol.as_deref(), chosen, "{}", signer.algorithm());
            let call = connect(&mut alice, &mut bob).await;
            // What it claims to be counts for nothing.
            alice.does("signal:offer", json!({
                "callId": call, "fromUserId": "mallory", "toUserId": "bob", "type": "offer", "sdp": "v=0",
            }))
            .await;
            assert_eq!(bob.expect("signal:offer").await["fromUserId"], "alice");
            bob.send("call:hangup", json!({ "callId": call })).await;
            alice.expect("call:participant-left").await;
            alice.expect_end(&call, "completed").await;
        }
        drop(alice);
        server.is_empty_again().await;
    }
}

/// Each is refused on the subprotocol by a frame and 4505, elsewhere by 401, with the same sentence, which names the cause.
#[tokio::test]
async fn i23_tokens_that_are_not_good_are_refused_with_the_reason() {
    let signer = Signer::secret();
    let server = server(&signer, |options| {
        options.audience = Some("calls".into());
        options.issuer = Some("https://issuer.example.com".into());
    })
    .await;
    let good = |others: Value| {
        let mut all = json!({ "aud": "calls", "iss": "https://issuer.example.com" });
        all.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
        claims("alice", all)
    };
    let without = |name: &str| {
        let mut claims = good(json!({}));
        claims.as_object_mut().unwrap().remove(name);
        claims
    };
    for (taken, of) in [
        (good(json!({})), "a good one"),
        (good(json!({ "aud": ["other", "calls"] })), "one of several audiences"),
        (good(json!({ "exp": now() - 10 })), "within the leeway"),
        (good(json!({ "nbf": now() + 10 })), "within the leeway"),
        (good(json!({ "exp": 1e10, "nbf": 1.5 })), "fractions are legal"),
    ] {
        let mut client = By::Sdk.open(&server, "alice", &signer.sign(&taken)).await.unwrap();
        client.send("session:open", json!({})).await;
        assert_eq!(client.next().await["event"], "session:welcome", "{of}");
    }
    for (refused, named) in [
        (good(json!({ "exp": now() - 40 })), "expired"),
        (good(json!({ "exp": 0 })), "expired"),
        (good(json!({ "nbf": now() + 60 })), "not valid yet"),
        (good(json!({ "nbf": "soon" })), "number of seconds"),
        (good(json!({ "exp": "never" })), "`exp`"),
        (good(json!({ "exp": -1 })), "`exp`"),
        (good(json!({ "aud": "other" })), "`aud`"),
        (good(json!({ "aud": ["other", "Calls"] })), "`aud`"),
        (good(json!({ "aud": [] })), "`aud`"),
        (good(json!({ "aud": { "calls": true } })), "`aud`"),
        (good(json!({ "iss": "https://issuer.example.com/" })), "`iss`"),
        (good(json!({ "iss": 7 })), "`iss`"),
        (good(json!({ "sub": "" })), "`sub`"),
        (good(json!({ "sub": "x".repeat(129) })), "`sub`"),
        (good(json!({ "sub": 7 })), "`sub`"),
        (without("exp"), "`exp`"),
        (without("sub"), "`sub`"),
        (without("aud"), "`aud`"),
        (without("iss"), "`iss`"),
    ] {
        let said = refusal(&server, &signer.sign(&refused)).await;
        assert!(said.contains(named), "{refused} {named}: {said}");
    }
    server.is_empty_again().await;
}

#[tokio::test]
async fn i23_what_was_not_signed_with_the_key_is_refused() {
    let signer = Signer::secret();
    let server = server(&signer, |_| {}).await;
    let good = signer.sign(&claims("alice", json!({})));
    let (head, rest) = good.split_once('.').unwrap();
    let (body, signature) = rest.split_once('.').unwrap();
    let changed = signer.sign(&claims("mallory", json!({})));
    let changed = changed.split('.').nth(1).unwrap();
    for (token, named) in [
        (
            Signer::Secret(b"another secret of the tests, as long".to_vec())
                .sign(&claims("alice", json!({}))),
            "signature",
        ),
        (format!("{head}.{changed}.{signature}"), "signature"),
        (format!("{head}.{body}."), "signature"),
        (format!("{head}.{body}.{}", &signature[..40]), "signature"),
        (Signer::Nobody.sign(&claims("alice", json!({}))), "`alg`"),
        (Signer::Nobody.sign_as(&json!({ "alg": "None" }), &claims("alice", json!({}))), "`alg`"),
        (signer.sign_as(&json!({ "alg": "HS512" }), &claims("alice", json!({}))), "`alg`"),
        (Signer::rsa().sign(&claims("alice", json!({}))), "`alg`"),
        (
            signer.sign_as(
                &json!({ "alg": "HS256", "crit": ["b64"], "b64": false }),
                &claims("alice", json!({})),
            ),
            "`crit`",
        ),
        (signer.sign_as(&json!({}), &claims("alice", json!({}))), "`alg`"),
        (head.to_owned(), "no JSON Web Token"),
        (format!("{head}.{body}"), "no JSON Web Token"),
        (format!("{good}.{signature}"), "no JSON Web Token"),
        (signer.sign(&json!("alice")), "no JSON Web Token"),
        (signer.sign(&json!(["alice"])), "no JSON Web Token"),
        ("x".repeat(8193), "8192"),
        ("....".to_owned(), "no JSON Web Token"),
    ] {
        let said = refusal(&server, &token).await;
        assert!(said.contains(named), "{token} {named}: {said}");
    }
    // The token itself is good.
    sdk(&server, "alice", &good).await;
}

/// The trap of whoever lets a token choose: the public key, which everybody has, as the secret of HS256.
#[tokio::test]
async fn i23_a_public_key_is_nobodys_secret() {
    let server = server(&Signer::rsa(), |_| {}).await;
    for secret in [RSA_PUBLIC.as_bytes(), RSA_PUBLIC.trim_end().as_bytes(), SECRET.as_bytes()] {
        let token = Signer::Secret(secret.to_vec()).sign(&claims("alice", json!({})));
        assert!(refusal(&server, &token).await.contains("`alg`"));
        let lied =
            Signer::Secret(secret.to_vec()).sign_as(&json!({ "alg": "RS256" }), &claims("alice", json!({})));
        assert!(refusal(&server, &lied).await.contains("signature"));
    }
    // Signed with the other half of another key.
    let signer = Signer::rsa();
    let folder = crate::auth::Folder::new();
    let server = crate::auth::server(&signer, |options| {
        options.keys = lumencall_server::KeySource::File(folder.file("other", OTHER_RSA_PUBLIC));
    })
    .await;
    assert!(refusal(&server, &signer.sign(&claims("alice", json!({})))).await.contains("signature"));
}

#[tokio::test]
async fn i23_a_token_for_somebody_else_is_refused_where_no_audience_is_given() {
    let signer = Signer::ed();
    let server = server(&signer, |_| {}).await;
    for audience in [json!("calls"), json!(["calls"]), json!([]), json!(7), json!({})] {
        let said = refusal(&server, &signer.sign(&claims("alice", json!({ "aud": audience })))).await;
        assert!(said.contains("`aud`"), "{audience}: {said}");
    }
    sdk(&server, "alice", &signer.sign(&claims("alice", json!({ "aud": null, "iss": "anybody" })))).await;
}

#[tokio::test]
async fn i23_there_is_one_token_in_one_place() {
    let signer = Signer::secret();
    let server = server(&signer, |_| {}).await;
    let token = signer.sign(&claims("alice", json!({})));
    let bearer = format!("Bearer {token}");
    let offer = format!("lumencall.seed, lumencall.token.{token}");
    let statuses = async |path: &str, headers: &[(&'static str, &str)]| match Client::asking(
        server.address,
        "alice",
        path,
        headers,
        false,
    )
    .await
    {
        Ok(_) => 101,
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
    };
    assert_eq!(statuses("/ws", &[("authorization", &bearer)]).await, 101);
    assert_eq!(statuses("/ws", &[("authorization", &bearer.replace("Bearer", "bEARER"))]).await, 101);
    assert_eq!(statuses("/ws", &[("sec-websocket-protocol", &offer)]).await, 101);
    assert_eq!(statuses("/ws", &[]).await, 401);
    assert_eq!(statuses("/ws?userId=alice", &[]).await, 401);
    assert_eq!(statuses(&format!("/ws?token={token}"), &[]).await, 401);
    assert_eq!(statuses("/ws", &[("authorization", &token)]).await, 401);
    assert_eq!(statuses("/ws", &[("authorization", "Basic YTpi")]).await, 401);
    assert_eq!(statuses("/ws", &[("authorization", &bearer), ("authorization", &bearer)]).await, 401);
    assert_eq!(statuses("/ws", &[("authorization", &bearer), ("sec-websocket-protocol", &offer)]).await, 401);
    assert_eq!(
        statuses("/ws", &[("sec-websocket-protocol", &offer), ("sec-websocket-protocol", &offer)]).await,
        401
    );

    // On the subprotocol one is told so there.
    let mut client =
        Client::asking(server.address, "alice", "/ws", &[("sec-websocket-protocol", "lumencall.1")], false)
            .await
            .unwrap();
    let error = client.expect_error("unauthorized").await;
    assert!(error["message"].as_str().unwrap().contains("lumencall.token."), "{error}");
    assert_eq!(client.closed().await, 4505);
}

/// Who is not taken holds nothing: no device, no session, and its socket is gone soon, whatever it sends.
#[tokio::test]
async fn i29_who_is_refused_leaves_nothing() {
    let signer = Signer::secret();
    let server = server(&signer, |options| options.leeway = Duration::ZERO).await;
    let mut refused = Vec::new();
    for _ in 0..20 {
        let mut client = By::Sdk.open(&server, "nobody", "x.y.z").await.unwrap();
        let _ = client.try_send_text(json!({ "event": "session:open", "data": {} }).to_string()).await;
        client.expect_error("unauthorized").await;
        assert_eq!(client.closed().await, 4505);
        refused.push(client);
    }
    assert_eq!(server.counts().await.devices, 0);
    // They do not hang up, and are gone all the same.
    server.is_empty_again().await;
    drop(refused);
}
