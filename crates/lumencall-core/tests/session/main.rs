//! Tests of the client's half, `ClientSession`.
//!
//! [`solo::Solo`] is one session whose server is the test itself, frame by frame. [`net::Net`] is several sessions with
//! simulated browsers, and `decide` as their server. Every frame goes through the JSON codec. Whatever a session does
//! in either, [`watch::Watch`] looks on: it knows what must hold of every client, and panics where it does not. The
//! tests say what happens beyond that.

mod browser;
mod candidates;
mod chance;
mod commands;
mod consent;
mod cuts;
mod diagnosis;
mod endings;
mod frames;
mod groups;
mod lines;
mod linking;
mod lost;
mod mesh;
mod met;
mod negotiation;
mod net;
mod pages;
mod party;
mod peers;
mod pulse;
mod races;
mod random;
mod recovery;
mod resuming;
mod scene;
mod server;
mod solo;
mod timeouts;
mod torture;
mod values;
mod watch;
mod whole_calls;
