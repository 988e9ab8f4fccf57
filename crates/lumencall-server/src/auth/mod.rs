//! Who a socket belongs to, and for how long.
//!
//! - [`Auth`]: how users prove who they are, and [`Auth::admit`], which every request for a socket goes through
//! - `credential`: what a socket was opened with, and when that ends
//! - `offer`: what a request offers, subprotocols and token
//! - `origin`: which pages may connect
//! - `tokens`: whether a token is good; `key` and `jwks` are where the keys come from, `crypto` what they do
//! - `revoked`: the list of what is good no longer
//! - `issue`: how a token is made

mod credential;
mod crypto;
mod fetch;
mod issue;
mod jwks;
mod key;
mod offer;
mod origin;
mod revoked;
mod tokens;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::http::{HeaderMap, Uri};
use lumencall_core::UserId;

use crate::StartError;

pub(crate) use credential::Credential;
pub use issue::{TokenRequest, issue};
pub use jwks::JwksUrl;
pub use key::Algorithm;
pub(crate) use offer::{Offer, SUBPROTOCOL};
pub use origin::AllowedOrigin;
pub use tokens::{KeySource, TokenOptions, Tokens};

/// How users prove who they are.
#[derive(Clone, Debug)]
pub enum Auth {
    /// They do not: `?userId=` is believed. For development, on a loopback address, for pages of this machine only.
    Dev,
    /// By a JSON Web Token (RFC 7519) that somebody signed whom this server trusts.
    Jwt(Arc<Tokens>),
}

/// Why a client may not open a socket, or go on with one. The sentence is for the developer who reads it at the client;
/// it repeats nothing that the client sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    /// A page that may not connect, whoever its user is.
    Page(&'static str),
    /// Who the user is was not proven.
    User(&'static str),
    /// Nobody knows now whether it was proven: a later try may do better.
    NotNow(&'static str),
}

impl Denied {
    /// The sentence.
    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Self::Page(sentence) | Self::User(sentence) | Self::NotNow(sentence) => sentence,
        }
    }
}

impl Auth {
    /// Whether a server with this kind of proof may listen on the address.
    ///
    /// # Errors
    /// [`StartError::DevAuthInPublic`] where anybody on the network could say that they are anybody.
    pub fn may_listen_on(&self, address: SocketAddr) -> Result<(), StartError> {
        match self {
            Self::Dev if address.ip().to_canonical().is_loopback() => Ok(()),
            Self::Dev => Err(StartError::DevAuthInPublic(address)),
            Self::Jwt(_) => Ok(()),
        }
    }

    /// Whether a token is what proves it.
    pub(crate) fn takes_tokens(&self) -> bool {
        match self {
            Self::Dev => false,
            Self::Jwt(_) => true,
        }
    }

    /// Who asks for a socket. A page that may not connect is told so whatever its token is.
    pub(crate) async fn admit(
        &self,
        uri: &Uri,
        headers: &HeaderMap,
        offer: &Offer<'_>,
    ) -> Result<Credential, Denied> {
        match self {
            Self::Dev => {
                origin::is_of_this_machine(headers)?;
                let query = uri.query().unwrap_or_default();
                let user = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "userId");
                user.and_then(|(_, user)| UserId::new(&*user))
                    .map(Credential::endless)
                    .ok_or(Denied::User("say who you are: /ws?userId=NAME, 1 to 128 bytes"))
            }
            Self::Jwt(tokens) => {
                origin::is_allowed(headers, tokens.origins())?;
                tokens.verify(offer.token()?).await
            }
        }
    }

    /// Whether this token may take the place of the one that `held` came from, on an open socket.
    pub(crate) async fn renew(&self, held: &Credential, token: &str) -> Result<Credential, Denied> {
        match self {
            Self::Dev => Err(Denied::User("this server runs with --auth dev and takes no tokens")),
            Self::Jwt(tokens) => {
                let renewed = tokens.verify(token).await?;
                if renewed.user() == held.user() {
                    Ok(renewed)
                } else {
                    Err(Denied::User("the token is another user's; a socket stays its user's"))
                }
            }
        }
    }

    /// Follows the list of what was revoked, for as long as the server runs. Never returns.
    pub(crate) async fn keep_watch(&self) {
        match self {
            Self::Dev => std::future::pending().await,
            Self::Jwt(tokens) => tokens.keep_watch().await,
        }
    }
}
