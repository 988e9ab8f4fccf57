//! A server on a free port, and clients of it.

mod bystanders;
mod calls;
mod client;
mod heard;
mod raw;
mod tally;

use std::net::SocketAddr;
use std::time::Duration;

use lumencall_server::{Auth, Config, Counts, Server, StartError};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

pub(crate) use bystanders::Bystanders;
pub(crate) use calls::{accept, connect, gather, initiate, initiate_all, negotiate, report, ring};
pub(crate) use client::{Away, Client};
pub(crate) use heard::{call_of, heard_by_all, in_short};
pub(crate) use raw::{RawSocket, get, request};
pub(crate) use tally::{Outcome, Tally};

/// How long anything may take before the test has failed. Nothing waits this long where all is well.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A running server.
pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    server: Server,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<(), StartError>>,
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(configure: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::new(Auth::Dev);
        configure(&mut config);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server::new(config);
        let (stop, stopped) = oneshot::channel::<()>();
        let runner = server.clone();
        let running = tokio::spawn(async move {
            runner
                .run(listener, async {
                    let _ = stopped.await;
                })
                .await
        });
        Self { address, server, stop, running }
    }

    /// A client written from the seed alone.
    pub(crate) async fn seed(&self, user: &str) -> Client {
        Client::seed(self.address, user).await
    }

    /// A client on the subprotocol, its session open.
    pub(crate) async fn sdk(&self, user: &str) -> Client {
        Client::sdk(self.address, user).await
    }

    /// A client of either dialect.
    pub(crate) async fn client(&self, user: &str, sdk: bool) -> Client {
        if sdk { self.sdk(user).await } else { self.seed(user).await }
    }

    pub(crate) async fn counts(&self) -> Counts {
        self.server.counts().await
    }

    /// Waits until the counts are such.
    pub(crate) async fn counts_become(&self, are_so: impl Fn(Counts) -> bool) {
        let counted = timeout(PATIENCE, async {
            while !are_so(self.counts().await) {
                sleep(Duration::from_millis(2)).await;
            }
        });
        assert!(counted.await.is_ok(), "{:?}", self.counts().await);
    }

    /// Waits until everything is back to zero.
    pub(crate) async fn is_empty_again(&self) {
        self.counts_become(|counts| counts == Counts::default()).await;
    }

    /// Tells the server to stop.
    pub(crate) fn stop(self) -> Stopping {
        let Self { server, stop, running, .. } = self;
        let _ = stop.send(());
        Stopping { server, running }
    }
}

/// A server that was told to stop.
pub(crate) struct Stopping {
    server: Server,
    running: JoinHandle<Result<(), StartError>>,
}

impl Stopping {
    /// Waits until it has, and left nothing behind.
    pub(crate) async fn has_stopped(self) {
        timeout(PATIENCE, self.running).await.expect("it stops").unwrap().expect("it stops well");
        assert_eq!(self.server.counts().await, Counts::default());
    }
}
