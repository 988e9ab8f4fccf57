//! The server as a whole: it accepts connections until it is told to stop.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use crate::store::{Memory, Store};
use crate::{Config, Counts, StartError, Tls, close, http};

/// How long a stopping server waits for its clients to take their last frames.
const GRACE: Duration = Duration::from_secs(5);

/// How long nothing is accepted after the operating system had no room for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The largest head of an HTTP request, in bytes; browsers send less than a tenth.
const REQUEST_HEAD: usize = 16 * 1024;

/// A server. Clones are the same server.
#[derive(Clone, Debug)]
pub struct Server {
    shared: Arc<Shared<Memory>>,
}

/// What every connection has a hand on. It lives as long as the last of them.
#[derive(Debug)]
pub(crate) struct Shared<S> {
    pub(crate) config: Config,
    pub(crate) store: S,
    /// Cancelled when the server stops, after the store has ended every socket that it knows.
    pub(crate) stopping: CancellationToken,
    /// Every connection's task, so that a stopping server can wait for them.
    pub(crate) tasks: TaskTracker,
}

impl Server {
    /// A server that keeps its records in memory.
    pub fn new(config: Config) -> Self {
        let store = Memory::new(config.rules, &config.limits);
        let (stopping, tasks) = (CancellationToken::new(), TaskTracker::new());
        Self { shared: Arc::new(Shared { config, store, stopping, tasks }) }
    }

    /// How much the server holds at the moment.
    pub async fn counts(&self) -> Counts {
        Counts { connections: self.shared.tasks.len(), ..self.shared.store.counts().await }
    }

    /// Serves until `shutdown` resolves; then closes every socket with 1001 and returns when their clients have hung up,
    /// after 5 s at the latest.
    ///
    /// # Errors
    /// [`StartError::DevAuthInPublic`] where the listener's address does not suit [`Config::auth`]; others where the
    /// operating system or the server itself fails.
    pub async fn run(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), StartError> {
        let address = listener.local_addr().map_err(StartError::Io)?;
        self.shared.config.auth.may_listen_on(address)?;

        let router = http::router(&self.shared);
        let watching = tokio::spawn(keep_watch(Arc::clone(&self.shared)));
        let shared = Arc::clone(&self.shared);
        let mut timers = tokio::spawn(async move { shared.store.keep_deadlines().await });
        let mut shutdown = pin!(shutdown);
        let stopped = loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => self.serve(stream, router.clone()),
                    Err(error) => {
                        warn!(kind = ?error.kind(), "a connection could not be accepted");
                        sleep(ACCEPT_PAUSE).await;
                    }
                },
                () = &mut shutdown => break Ok(()),
                _ = &mut timers => break Err(StartError::TimersStopped),
            }
        };

        drop(listener);
        self.shared.store.close_all(close::GOING_AWAY).await;
        self.shared.stopping.cancel();
        self.shared.tasks.close();
        if timeout(GRACE, self.shared.tasks.wait()).await.is_err() {
            warn!(connections = self.shared.tasks.len(), "stopped before every client had hung up");
        }
        timers.abort();
        watching.abort();
        stopped
    }

    /// Serves a connection, behind TLS where there is a certificate.
    fn serve(&self, stream: TcpStream, router: axum::Router) {
        // Small frames go out at once. Where the system cannot do that, they go out a little later.
        let _ = stream.set_nodelay(true);
        let shared = Arc::clone(&self.shared);
        self.shared.tasks.spawn(async move {
            match &shared.config.tls {
                Some(tls) => {
                    if let Some(stream) = shared.shake_hands(tls, stream).await {
                        shared.serve_http(stream, router).await;
                    }
                }
                None => shared.serve_http(stream, router).await,
            }
        });
    }
}

impl<S: Store> Shared<S> {
    /// The handshake of TLS. Who does not end it in time, or not well, is left.
    async fn shake_hands(
        &self,
        tls: &Tls,
        stream: TcpStream,
    ) -> Option<impl AsyncRead + AsyncWrite + Send + Unpin + use<S>> {
        let shaking = timeout(self.config.limits.open_timeout, tls.acceptor().accept(stream));
        tokio::select! {
            shaken = shaking => match shaken {
                Ok(Ok(stream)) => return Some(stream),
                Ok(Err(_)) => debug!("a TLS handshake failed"),
                Err(_) => debug!("a TLS handshake took too long"),
            },
            () = self.stopping.cancelled() => {}
        }
        None
    }

    /// Serves HTTP on a connection, which a socket may take over.
    async fn serve_http<I>(&self, io: I, router: axum::Router)
    where
        I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.config.limits.open_timeout)
            .max_buf_size(REQUEST_HEAD)
            .serve_connection(TokioIo::new(io), TowerToHyperService::new(router))
            .with_upgrades();
        let mut connection = pin!(connection);
        let served = tokio::select! {
            served = &mut connection => served,
            () = self.stopping.cancelled() => {
                // What is being answered is answered still.
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if served.is_err() {
            debug!("an HTTP connection broke");
        }
    }
}

/// Follows the files that may change while the server runs. Never returns.
async fn keep_watch<S>(shared: Arc<Shared<S>>) {
    let certificate = async {
        match &shared.config.tls {
            Some(tls) => tls.keep_watch().await,
            None => std::future::pending().await,
        }
    };
    tokio::join!(shared.config.auth.keep_watch(), certificate);
}
