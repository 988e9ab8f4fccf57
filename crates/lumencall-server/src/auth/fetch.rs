//! One document from the web: what an issuer of tokens publishes.

use std::fmt;
use std::future::Future;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::tls;

/// How long a document may take, from the look-up of its host to its last byte.
const PATIENCE: Duration = Duration::from_secs(5);

/// The largest document that is read, in bytes.
const LARGEST: usize = 256 * 1024;

/// Why there is no document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    Slow,
    Unreachable,
    Untrusted,
    Status(u16),
    Broken,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slow => formatter.write_str("it took too long"),
            Self::Unreachable => formatter.write_str("its host cannot be reached"),
            Self::Untrusted => formatter.write_str("its certificate is not trusted, or TLS failed"),
            Self::Status(status) => write!(formatter, "it was answered with {status}"),
            Self::Broken => formatter.write_str("the answer is no document that can be read"),
        }
    }
}

/// Where a document is, and how it is reached. Redirects are not followed.
#[derive(Clone)]
pub(super) struct Document {
    uri: Uri,
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl fmt::Debug for Document {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Document").field("uri", &self.uri).finish_non_exhaustive()
    }
}

impl Document {
    /// A document by https, or by http from this machine.
    ///
    /// # Errors
    /// Says what is wrong with the address, or with this machine's certificates.
    pub(super) fn new(uri: Uri) -> Result<Self, String> {
        let like = || "it should be like https://issuer.example.com/.well-known/jwks.json".to_owned();
        let authority = uri.authority().ok_or_else(like)?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() || authority.as_str().contains('@') {
            return Err(like());
        }
        let tls = match uri.scheme_str() {
            Some("https") => {
                let name = ServerName::try_from(host.clone()).map_err(|_| like())?;
                Some((TlsConnector::from(Arc::new(trust()?)), name))
            }
            Some("http") if is_loopback(&host) => None,
            Some("http") => return Err("keys that come by http can be anybody's; use https".to_owned()),
            Some(_) | None => return Err(like()),
        };
        let port = uri.port_u16().unwrap_or(if tls.is_some() { 443 } else { 80 });
        Ok(Self { uri, host, port, tls })
    }

    /// The document as it is now.
    pub(super) async fn fetch(&self) -> Result<Bytes, Failure> {
        let fetching = async {
            let stream =
                TcpStream::connect((&*self.host, self.port)).await.map_err(|_| Failure::Unreachable)?;
            match &self.tls {
                Some((connector, name)) => {
                    let stream = connector.connect(name.clone(), stream).await;
                    self.get(stream.map_err(|_| Failure::Untrusted)?).await
                }
                None => self.get(stream).await,
            }
        };
        timeout(PATIENCE, fetching).await.unwrap_or(Err(Failure::Slow))
    }

    async fn get<I>(&self, io: I) -> Result<Bytes, Failure>
    where
        I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let path = self.uri.path_and_query().map_or("/", |path| path.as_str());
        let host = self.uri.authority().map_or("", |authority| authority.as_str());
        let request = Request::get(path)
            .header(header::HOST, host)
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, concat!("lumencall-server/", env!("CARGO_PKG_VERSION")))
            .body(Body::empty())
            .map_err(|_| Failure::Broken)?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(io)).await.map_err(|_| Failure::Broken)?;
        let reading = async {
            let response = sender.send_request(request).await.map_err(|_| Failure::Broken)?;
            if response.status() != StatusCode::OK {
                return Err(Failure::Status(response.status().as_u16()));
            }
            let body = Limited::new(response.into_body(), LARGEST).collect().await;
            body.map(http_body_util::Collected::to_bytes).map_err(|_| Failure::Broken)
        };
        beside(reading, connection).await
    }
}

/// What the first future comes to, while the other does its work beside it.
async fn beside<T>(first: impl Future<Output = T>, other: impl Future) -> T {
    let working = async {
        other.await;
        std::future::pending().await
    };
    tokio::select! {
        result = first => result,
        result = working => result,
    }
}

/// The certificate authorities that this machine trusts.
fn trust() -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(
            "this machine trusts no certificate authority; on Debian: apt-get install ca-certificates"
                .to_owned(),
        );
    }
    let config = ClientConfig::builder_with_provider(tls::provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host == "::1"
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}
