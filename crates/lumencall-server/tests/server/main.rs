//! The server over real sockets: plain WebSocket clients that speak hand-written JSON, as the seed shows it.
//!
//! Names begin with the id of the invariant that the test checks, where there is one.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is the failed test")]

mod auth;
mod auth_cli;
mod auth_open;
mod auth_renewal;
mod authority;
mod cli;
mod consent;
mod devices;
mod dialects;
mod ends;
mod floods;
mod frames;
mod glare;
mod groups;
mod harness;
mod http;
mod lifetime;
mod membership;
mod origin_list;
mod origins;
mod overflow;
mod pages;
mod races;
mod relay;
mod resume;
mod retries;
mod slow;
mod takeover;
mod tls;
mod tokens;
mod tokens_jwks;
mod turn;
mod whole_call;
mod windows;
