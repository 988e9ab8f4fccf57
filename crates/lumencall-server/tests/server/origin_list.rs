//! Which pages may connect where tokens prove who users are: those that are listed.

use serde_json::json;
use tokio_tungstenite::tungstenite::Error;

use crate::auth::{Signer, claims, server};
use crate::harness::{Client, TestServer};

async fn status(server: &TestServer, protocols: &str, origins: &[&str]) -> u16 {
    let mut headers = vec![("sec-websocket-protocol", protocols)];
    headers.extend(origins.iter().map(|origin| ("origin", *origin)));
    match Client::asking(server.address, "alice", "/ws", &headers, false).await {
        Ok(_) => 101,
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn i23_only_listed_pages_may_connect() {
    let signer = Signer::secret();
    let server = server(&signer, |options| {
        options.origins =
            ["https://app.example.com", "http://localhost:3000", "https://app.example.org:8443"]
                .map(|origin| origin.parse().unwrap())
                .into();
    })
    .await;
    let token = signer.sign(&claims("alice", json!({})));
    for protocols in
        [format!("lumencall.1, lumencall.token.{token}"), format!("lumencall.seed, lumencall.token.{token}")]
    {
        for origins in [
            &["https://app.example.com"][..],
            &["http://localhost:3000"],
            &["https://app.example.org:8443"],
            // What is no browser says none.
            &[],
        ] {
            assert_eq!(status(&server, &protocols, origins).await, 101, "{origins:?}");
        }
        for origins in [
            &["null"][..],
            &[""],
            &["https://app.example.com.evil.com"],
            &["https://evil-app.example.com"],
            &["https://evil.app.example.com"],
            &["https://example.com"],
            &["http://app.example.com"],
            &["https://app.example.com:443"],
            &["https://app.example.com:8443"],
            &["https://app.example.org"],
            &["https://app.example.com."],
            &["https://app.example.com/"],
            &["https://APP.example.com"],
            &["HTTPS://app.example.com"],
            &["https://user@app.example.com"],
            &["https://app.example.com@evil.com"],
            &["https://app.example.com evil"],
            &["https://app.example.com, https://evil.com"],
            &["https://app.example.com#"],
            &["http://localhost"],
            &["http://127.0.0.1:3000"],
            &["https://app.example.com", "https://evil.com"],
            &["https://evil.com", "https://app.example.com"],
        ] {
            assert_eq!(status(&server, &protocols, origins).await, 403, "{origins:?}");
        }
    }
    // A page that may not connect learns nothing about its token.
    assert_eq!(status(&server, "lumencall.1, lumencall.token.x", &["https://evil.com"]).await, 403);
    assert_eq!(status(&server, "lumencall.1", &["https://evil.com"]).await, 403);
    server.is_empty_again().await;
}

#[tokio::test]
async fn i23_without_a_list_no_page_may_connect() {
    let signer = Signer::secret();
    let server = server(&signer, |_| {}).await;
    let protocols = format!("lumencall.1, lumencall.token.{}", signer.sign(&claims("alice", json!({}))));
    let own = format!("http://{}", server.address);
    for origin in [&*own, "http://localhost", "null", "https://app.example.com"] {
        assert_eq!(status(&server, &protocols, &[origin]).await, 403, "{origin}");
    }
    assert_eq!(status(&server, &protocols, &[]).await, 101);
}
