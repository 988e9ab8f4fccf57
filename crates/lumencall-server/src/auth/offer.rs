//! What a request for a socket offers.

use axum::http::{HeaderMap, header};
use lumencall_core::machine::Dialect;

use super::Denied;

/// The subprotocol that SDKs offer, and the version of the protocol.
pub(crate) const SUBPROTOCOL: &str = "lumencall.1";

/// The subprotocol that a browser's client without the SDK offers beside its token: a browser takes no socket where it
/// offered something and nothing of it was chosen.
const SEED_SUBPROTOCOL: &str = "lumencall.seed";

/// What stands before a token among the subprotocols.
const TOKEN_PREFIX: &str = "lumencall.token.";

/// The subprotocols and the tokens of a request (RFC 6455, 11.3.4: a list, in one header or several).
#[derive(Clone)]
pub(crate) struct Offer<'a> {
    sdk: bool,
    seed: bool,
    token: Shown<'a>,
}

/// How a token is shown. It has no `Debug`, since no log shows it.
#[derive(Clone)]
enum Shown<'a> {
    No,
    Once(&'a str),
    Several,
    /// In an `Authorization` of another kind, or one that is no text.
    Otherwise,
}

impl<'a> Offer<'a> {
    pub(crate) fn of(headers: &'a HeaderMap) -> Self {
        let mut offer = Self { sdk: false, seed: false, token: Shown::No };
        let offers = headers
            .get_all(header::SEC_WEBSOCKET_PROTOCOL)
            .iter()
            .filter_map(|offers| offers.to_str().ok())
            .flat_map(|offers| offers.split(','))
            .map(str::trim);
        for one in offers {
            match one {
                SUBPROTOCOL => offer.sdk = true,
                SEED_SUBPROTOCOL => offer.seed = true,
                other => {
                    if let Some(token) = other.strip_prefix(TOKEN_PREFIX) {
                        offer.take(Shown::Once(token));
                    }
                }
            }
        }
        for value in headers.get_all(header::AUTHORIZATION) {
            let token = value.to_str().ok().and_then(bearer).map_or(Shown::Otherwise, Shown::Once);
            offer.take(token);
        }
        offer
    }

    fn take(&mut self, token: Shown<'a>) {
        self.token = match self.token {
            Shown::No => token,
            Shown::Once(_) | Shown::Several | Shown::Otherwise => Shown::Several,
        };
    }

    /// The token.
    pub(super) fn token(&self) -> Result<&'a str, Denied> {
        match self.token {
            Shown::Once(token) => Ok(token),
            Shown::No => Err(Denied::User(
                "a token is needed: offer the subprotocol lumencall.token.<JWT> beside lumencall.1, or send \
                 Authorization: Bearer",
            )),
            Shown::Several => Err(Denied::User("several tokens were sent; send one, in one place")),
            Shown::Otherwise => Err(Denied::User("Authorization must be: Bearer, and the token")),
        }
    }

    /// What the client speaks.
    pub(crate) const fn dialect(&self) -> Dialect {
        if self.sdk { Dialect::Sdk } else { Dialect::Seed }
    }

    /// What is chosen of the subprotocols; never what bears a token.
    pub(crate) const fn chosen(&self) -> Option<&'static str> {
        match (self.sdk, self.seed) {
            (true, _) => Some(SUBPROTOCOL),
            (false, true) => Some(SEED_SUBPROTOCOL),
            (false, false) => None,
        }
    }
}

/// The token of an `Authorization` (RFC 6750, 2.1); the name of the scheme is in any case.
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_matches(' '))
}
