//! Two whose call goes on, whatever others do.

use serde_json::json;

use super::{Client, TestServer, connect};

/// A call that has to go on, whatever others send.
pub(crate) struct Bystanders {
    alice: Client,
    bob: Client,
    call: String,
}

impl Bystanders {
    pub(crate) async fn of(server: &TestServer) -> Self {
        let (mut alice, mut bob) = (server.seed("alice").await, server.sdk("bob").await);
        let call = connect(&mut alice, &mut bob).await;
        Self { alice, bob, call }
    }

    pub(crate) async fn are_unharmed(&mut self) {
        self.alice.send("call:media-toggle", json!({ "callId": self.call, "audio": false })).await;
        self.bob.expect("call:media-changed").await;
        self.alice.nothing_came().await;
        self.bob.nothing_came().await;
    }
}
