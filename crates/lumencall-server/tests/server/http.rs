//! The static files and the headers on them.

use std::fs;
use std::path::PathBuf;

use crate::harness::{TestServer, get, request};

/// A folder of its own for a test; it goes when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("lumencall-server-{name}-{}", std::process::id()));
        fs::create_dir_all(path.join("www/sub")).unwrap();
        fs::create_dir_all(path.join("pkg")).unwrap();
        fs::write(path.join("secret.txt"), "secret").unwrap();
        for (file, text) in [
            ("www/index.html", "<!doctype html><title>demo</title>"),
            ("www/app.mjs", "export {}"),
            ("www/app.js", "export {}"),
            ("www/style.css", "body {}"),
            ("www/icon.svg", "<svg/>"),
            ("www/sub/page.txt", "text"),
            ("pkg/lumencall.js", "export {}"),
            ("pkg/lumencall_bg.wasm", "\0asm"),
            ("pkg/types.d.ts", "export {}"),
        ] {
            fs::write(path.join(file), text).unwrap();
        }
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn serving(folder: &Folder) -> TestServer {
    TestServer::start_with(|config| {
        config.www = folder.0.join("www");
        config.pkg = folder.0.join("pkg");
    })
    .await
}

#[tokio::test]
async fn files_have_their_types() {
    let folder = Folder::new("types");
    let server = serving(&folder).await;
    for (path, mime) in [
        ("/", "text/html; charset=utf-8"),
        ("/index.html", "text/html; charset=utf-8"),
        ("/app.mjs", "text/javascript; charset=utf-8"),
        ("/app.js", "text/javascript; charset=utf-8"),
        ("/style.css", "text/css; charset=utf-8"),
        ("/icon.svg", "image/svg+xml"),
        ("/pkg/lumencall.js", "text/javascript; charset=utf-8"),
        ("/pkg/lumencall_bg.wasm", "application/wasm"),
        ("/healthz", "text/plain; charset=utf-8"),
    ] {
        let (head, body) = get(server.address, path).await;
        assert!(head.starts_with("http/1.1 200 "), "{path}: {head}");
        assert!(head.contains(&format!("\r\ncontent-type: {mime}\r\n")), "{path}: {head}");
        assert!(!body.is_empty(), "{path}");
    }
    assert_eq!(get(server.address, "/healthz").await.1, b"ok");
    assert_eq!(get(server.address, "/pkg/lumencall_bg.wasm").await.1, b"\0asm");
}

#[tokio::test]
async fn every_answer_bears_the_strict_headers() {
    let folder = Folder::new("headers");
    let server = serving(&folder).await;
    let address = server.address;
    for path in ["/", "/pkg/lumencall.js", "/healthz", "/missing", "/ws"] {
        let (head, _) = get(address, path).await;
        let policy = header(&head, "content-security-policy");
        let directives: Vec<&str> = policy.split(';').map(str::trim).collect();
        for directive in [
            "default-src 'none'",
            "script-src 'self' 'wasm-unsafe-eval'",
            "style-src 'self'",
            "img-src 'self'",
            "media-src 'self' blob: mediastream:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            &format!("connect-src 'self' ws://{address} wss://{address}"),
        ] {
            assert!(directives.contains(&directive), "{path}: {directive} in {policy}");
        }
        assert!(!policy.contains("'unsafe-"), "{policy}");
        assert_eq!(header(&head, "x-content-type-options"), "nosniff");
        assert_eq!(header(&head, "referrer-policy"), "no-referrer");
        let permissions = "camera=(self), microphone=(self), display-capture=(self)";
        assert_eq!(header(&head, "permissions-policy"), permissions);
        assert_eq!(header(&head, "cache-control"), "no-cache");
    }
}

/// A host that is more than a host and a port is not repeated.
#[tokio::test]
async fn the_policy_cannot_be_written_by_a_client() {
    let folder = Folder::new("policy");
    let server = serving(&folder).await;
    for host in ["a; script-src *", "a,b", "a b", "*", "a/../b", "'unsafe-inline'"] {
        let text = format!("GET / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        let (head, _) = request(server.address, &text).await;
        let policy = head.lines().find_map(|line| line.strip_prefix("content-security-policy: "));
        assert!(policy.is_none_or(|policy| policy.ends_with("connect-src 'self'")), "{host}: {head}");
    }
}

#[tokio::test]
async fn nothing_outside_the_folders_is_served() {
    let folder = Folder::new("traversal");
    let server = serving(&folder).await;
    for path in [
        "/../secret.txt",
        "/pkg/../../secret.txt",
        "/sub/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e%2fsecret.txt",
        "/pkg/%2e%2e/%2e%2e/secret.txt",
        "/..%5csecret.txt",
        "/..\\secret.txt",
        "//secret.txt",
        "/%252e%252e/secret.txt",
        "/%00secret.txt",
        "/index.html%00.txt",
        &format!("/{}", folder.0.join("secret.txt").display()),
    ] {
        let (head, body) = get(server.address, path).await;
        assert!(!head.starts_with("http/1.1 200 "), "{path}: {head}");
        assert!(!String::from_utf8_lossy(&body).contains("secret"), "{path}");
    }
    assert_eq!(get(server.address, "/sub/page.txt").await.1, b"text");
}

#[tokio::test]
async fn no_folder_is_listed_and_nothing_is_written() {
    let folder = Folder::new("listing");
    let server = serving(&folder).await;
    for path in ["/sub/", "/pkg/", "/pkg"] {
        let (head, body) = get(server.address, path).await;
        assert!(head.starts_with("http/1.1 404 "), "{path}: {head}");
        let body = String::from_utf8_lossy(&body);
        assert!(!body.contains("page.txt") && !body.contains("lumencall"), "{path}: {body}");
    }
    for method in ["POST", "PUT", "DELETE"] {
        for path in ["/index.html", "/healthz", "/ws"] {
            let text = format!(
                "{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            );
            let (head, _) = request(server.address, &text).await;
            assert!(head.starts_with("http/1.1 405 "), "{method} {path}: {head}");
        }
    }
}

/// Without the folders there is still a signaling server.
#[tokio::test]
async fn folders_that_are_not_there_are_not_found() {
    let server = TestServer::start_with(|config| {
        config.www = "/nowhere/www".into();
        config.pkg = "/nowhere/pkg".into();
    })
    .await;
    for path in ["/", "/index.html", "/pkg/lumencall.js"] {
        assert!(get(server.address, path).await.0.starts_with("http/1.1 404 "), "{path}");
    }
    server.seed("alice").await.nothing_came().await;
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let line = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
    line.unwrap_or_else(|| panic!("{name} is missing in {head}"))
}
