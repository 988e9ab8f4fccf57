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

use crate::server::Shared;
use crate::session::{self, SUBPROTOCOL};
use crate::store::Store;

/// `GET /ws`. Whoever may not have a socket is told so by an HTTP status, before there is one.
pub(super) async fn upgrade<S: Store>(
    State(shared): State<Arc<Shared<S>>>,
    mut request: Request,
) -> Response {
    let user = match shared.config.auth.user(request.uri(), request.headers()) {
        Ok(user) => user,
        Err(denied) => return denied.into_response(),
    };
    let Ok(mut response) = create_response_with_body(&request, Body::empty) else {
        let headers = [(header::UPGRADE, "websocket"), (header::SEC_WEBSOCKET_VERSION, "13")];
        return (StatusCode::UPGRADE_REQUIRED, headers, "this is the address of a WebSocket\n")
            .into_response();
    };
    let dialect = if offers_subprotocol(request.headers()) { Dialect::Sdk } else { Dialect::Seed };
    if dialect == Dialect::Sdk {
        let subprotocol = HeaderValue::from_static(SUBPROTOCOL);
        response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, subprotocol);
    }

    let upgraded = hyper::upgrade::on(&mut request);
    let serving = Arc::clone(&shared);
    shared.tasks.spawn(async move {
        match upgraded.await {
            Ok(io) => session::serve(serving, TokioIo::new(io), user, dialect).await,
            Err(_) => debug!("a client hung up during the upgrade"),
        }
    });
    response
}

/// Whether the client offers `lumencall.1` among its subprotocols (RFC 6455, 11.3.4: a list, in one header or several).
fn offers_subprotocol(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|offers| offers.to_str().ok())
        .flat_map(|offers| offers.split(','))
        .any(|offer| offer.trim() == SUBPROTOCOL)
}
