//! The headers that every answer bears.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

/// What a page from here may do: run the scripts and the WebAssembly that come from here, and nothing inline; show what
/// it captures and receives; speak to this server alone. Peer connections are under no such rule.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; \
    media-src 'self' blob: mediastream:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; connect-src 'self'";

const FIXED: [(HeaderName, HeaderValue); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(self), microphone=(self), display-capture=(self)"),
    ),
    // The files change under a running server whenever they are built anew, so the browser asks each time.
    (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
];

/// Adds the headers.
pub(super) async fn protect(request: Request, next: Next) -> Response {
    let policy = policy(request.headers());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.extend(FIXED);
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    if let Some(standard) = headers.get(header::CONTENT_TYPE).and_then(standard_type) {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(standard));
    }
    response
}

/// The type in full. Scripts have one name since RFC 9239, and texts here are UTF-8.
fn standard_type(guessed: &HeaderValue) -> Option<&'static str> {
    match guessed.as_bytes() {
        b"text/javascript" | b"application/javascript" => Some("text/javascript; charset=utf-8"),
        b"text/html" => Some("text/html; charset=utf-8"),
        b"text/css" => Some("text/css; charset=utf-8"),
        b"text/plain" => Some("text/plain; charset=utf-8"),
        _ => None,
    }
}

/// The policy. Some browsers do not take `'self'` to be the page's own host by `ws:` and `wss:`, so that host is named,
/// where it is nothing but a host and a port. A literal of IPv6 is no source that a policy knows (CSP3, 2.3.1).
fn policy(request: &HeaderMap) -> HeaderValue {
    let host = request.get(header::HOST).and_then(|host| host.to_str().ok()).filter(|host| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:".contains(&byte))
    });
    host.and_then(|host| HeaderValue::from_str(&format!("{POLICY} ws://{host} wss://{host}")).ok())
        .unwrap_or(HeaderValue::from_static(POLICY))
}
