//! Who may open a socket: with `--auth dev`, pages of this machine.

use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::harness::{TestServer, request};

/// The status that a handshake with these headers is answered with.
async fn handshake(server: &TestServer, query: &str, headers: &[(&'static str, &str)]) -> u16 {
    let mut request = format!("ws://{}/ws{query}", server.address).into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().append(*name, value.parse().unwrap());
    }
    let stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
    match tokio_tungstenite::client_async(request, stream).await {
        Ok((_, response)) => response.status().as_u16(),
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn pages_of_this_machine_may_connect() {
    let server = TestServer::start().await;
    for origin in [
        "http://localhost:3000",
        "http://127.0.0.1",
        "https://127.1.2.3:8443",
        "http://[::1]:8080",
        "http://LOCALHOST",
    ] {
        assert_eq!(handshake(&server, "?userId=alice", &[("origin", origin)]).await, 101, "{origin}");
    }
    // No page at all.
    assert_eq!(handshake(&server, "?userId=alice", &[]).await, 101);
}

#[tokio::test]
async fn i23_pages_of_others_may_not() {
    let server = TestServer::start().await;
    for origin in [
        "http://evil.com",
        "http://localhost.evil.com",
        "http://127.0.0.1.evil.com",
        "http://evil.com:8080",
        "http://localhost@evil.com",
        "http://[::1].evil.com",
        "http://192.168.1.1",
        "http://0.0.0.0:8080",
        "null",
        "file://",
        "chrome-extension://abcdefghijklmnop",
        "",
    ] {
        assert_eq!(handshake(&server, "?userId=alice", &[("origin", origin)]).await, 403, "{origin}");
    }
    let two = [("origin", "http://localhost"), ("origin", "http://evil.com")];
    assert_eq!(handshake(&server, "?userId=alice", &two).await, 403);
    server.is_empty_again().await;
}

#[tokio::test]
async fn a_socket_needs_a_user() {
    let server = TestServer::start().await;
    let long = format!("?userId={}", "x".repeat(129));
    for query in ["", "?", "?userId", "?userId=", "?userid=alice", &long] {
        assert_eq!(handshake(&server, query, &[]).await, 401, "{query}");
    }
    assert_eq!(handshake(&server, "?a=b&userId=J%C3%BCrgen%20%2B&c", &[]).await, 101);
    server.is_empty_again().await;
}

#[tokio::test]
async fn what_is_no_upgrade_is_told_so() {
    let server = TestServer::start().await;
    for line in ["", "upgrade: websocket\r\n", "upgrade: h2c\r\nsec-websocket-version: 13\r\n"] {
        let head = format!("GET /ws?userId=alice HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{line}\r\n");
        let (head, _) = request(server.address, &head).await;
        assert!(head.starts_with("http/1.1 426 "), "{head}");
        assert!(head.contains("\r\nsec-websocket-version: 13"), "{head}");
    }
}
