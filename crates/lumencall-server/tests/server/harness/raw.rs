//! What no well-behaved client does: bytes on a TCP connection.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::PATIENCE;

/// Sends these bytes as a request, and returns the head and the body of the answer.
pub(crate) async fn request(address: SocketAddr, request: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("an answer").unwrap();
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
    (String::from_utf8(answer[..end].to_vec()).unwrap().to_ascii_lowercase(), answer[end + 4..].to_vec())
}

/// `GET` of this path, to the letter.
pub(crate) async fn get(address: SocketAddr, path: &str) -> (String, Vec<u8>) {
    request(address, &format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")).await
}

/// A WebSocket made by hand, which answers no ping.
pub(crate) struct RawSocket(TcpStream);

impl RawSocket {
    /// The handshake of a client written from the seed alone.
    pub(crate) async fn open(address: SocketAddr, user: &str) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "GET /ws?userId={user} HTTP/1.1\r\nhost: {address}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(PATIENCE, stream.read_u8()).await.expect("a head").unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
        Self(stream)
    }

    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// Sends a text frame of at most 125 bytes, masked with zeros (RFC 6455, 5.2).
    pub(crate) async fn send_text(&mut self, text: &str) {
        let length = u8::try_from(text.len()).ok().filter(|length| *length < 126).expect("a short text");
        let mut frame = vec![0x81, 0x80 | length, 0, 0, 0, 0];
        frame.extend(text.as_bytes());
        self.send_bytes(&frame).await;
    }

    /// Reads text frames and discards all others, until one holds this text. Returns it.
    pub(crate) async fn read_until(&mut self, part: &str) -> String {
        loop {
            let (opcode, payload) = self.read_frame().await;
            if opcode == 1 && String::from_utf8_lossy(&payload).contains(part) {
                return String::from_utf8(payload).unwrap();
            }
        }
    }

    /// Reads until a close frame, and returns its code.
    pub(crate) async fn read_close_code(&mut self) -> u16 {
        loop {
            let (opcode, payload) = self.read_frame().await;
            if opcode == 8 {
                return u16::from_be_bytes([payload[0], payload[1]]);
            }
        }
    }

    /// Reads a frame of less than 64 KiB. Returns its opcode and its payload.
    async fn read_frame(&mut self) -> (u8, Vec<u8>) {
        let reading = async {
            let opcode = self.0.read_u8().await.unwrap() & 0x0f;
            let length = match self.0.read_u8().await.unwrap() {
                126 => usize::from(self.0.read_u16().await.unwrap()),
                length => usize::from(length),
            };
            let mut payload = vec![0; length];
            self.0.read_exact(&mut payload).await.unwrap();
            (opcode, payload)
        };
        timeout(PATIENCE, reading).await.expect("the frame that was waited for")
    }

    /// Reads until the server has closed the connection, whichever way.
    pub(crate) async fn is_dropped(&mut self) {
        let reading = async { while matches!(self.0.read(&mut [0; 1024]).await, Ok(1..)) {} };
        timeout(PATIENCE, reading).await.expect("the server closes the connection");
    }
}
