//! Two who do something at the same moment, over and over: each time there is one outcome, and all agree on it.
//!
//! Every race names its outcomes with exactly what each party hears, so that nothing else can come of it. With
//! `LUMENCALL_LONG=1` each is run a thousand times, and each of its outcomes has to come.

mod answers;
mod endings;
mod glare;
mod groups;

use serde_json::json;

use crate::harness::Client;

/// Both at the same moment; in every second round the other is the first to write.
async fn at_once(round: usize, one: impl Future<Output = ()>, other: impl Future<Output = ()>) {
    if round.is_multiple_of(2) {
        tokio::join!(one, other);
    } else {
        tokio::join!(other, one);
    }
}

async fn hang_up(client: &mut Client, call: &str) {
    client.request("call:hangup", json!({ "callId": call })).await;
}
