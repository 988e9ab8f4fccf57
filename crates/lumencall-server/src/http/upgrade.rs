//! From an HTTP request to a socket.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper_util::rt::TokioIo;
use lumencall_core::machine::Dialect;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tracing::debug;

use crate::auth::{Denied, Offer};
use crate::server::Shared;
use crate::session;
use crate::store::Store;

/// `GET /ws`. Whoever may not have a socket is told so by an HTTP status, before there is one; but an SDK whose token is
/// not taken gets a socket on which it is told why, since a page sees nothing of the answer to a handshake.
pub(super) async fn upgrade<S: Store>(
    State(shared): State<Arc<Shared<S>>>,
    mut request: Request,
) -> Response {
    let offer = Offer::of(request.headers());
    let (dialect, chosen) = (offer.dialect(), offer.chosen());
    let admitted = match shared.config.auth.admit(request.uri(), request.headers(), &offer).await {
        Ok(credential) => Ok(credential),
        Err(Denied::User(why)) if dialect == Dialect::Sdk && shared.config.auth.takes_tokens() => Err(why),
        Err(denied) => return refusal(denied),
    };
    let Ok(mut response) = create_response_with_body(&request, Body::empty) else {
        let headers = [(header::UPGRADE, "websocket"), (header::SEC_WEBSOCKET_VERSION, "13")];
        return (StatusCode::UPGRADE_REQUIRED, headers, "this is the address of a WebSocket\n")
            .into_response();
    };
    if let Some(subprotocol) = chosen {
        let subprotocol = HeaderValue::from_static(subprotocol);
        response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, subprotocol);
    }

    let upgraded = hyper::upgrade::on(&mut request);
    let serving = Arc::clone(&shared);
    shared.tasks.spawn(async move {
        match (upgraded.await, admitted) {
            (Ok(io), Ok(credential)) => session::serve(serving, TokioIo::new(io), credential, dialect).await,
            (Ok(io), Err(why)) => session::refuse(&serving, TokioIo::new(io), why).await,
            (Err(_), _) => debug!("a client hung up during the upgrade"),
        }
    });
    response
}

/// The answer to who gets no socket.
fn refusal(denied: Denied) -> Response {
    let mut headers = HeaderMap::new();
    let status = match denied {
        Denied::Page(_) => StatusCode::FORBIDDEN,
        Denied::User(_) => {
            // RFC 9110, 11.6.1.
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            StatusCode::UNAUTHORIZED
        }
        Denied::NotNow(_) => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
            StatusCode::SERVICE_UNAVAILABLE
        }
    };
    (status, headers, format!("{}\n", denied.sentence())).into_response()
}
