//! The routes.

mod files;
mod headers;
mod upgrade;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::server::Shared;
use crate::store::Store;

/// `/ws`, `/healthz`, the built package at `/pkg`, and the demo page at `/`.
pub(crate) fn router<S: Store>(shared: &Arc<Shared<S>>) -> Router {
    Router::new()
        .route("/ws", get(upgrade::upgrade::<S>))
        .route("/healthz", get(async || "ok"))
        .nest_service("/pkg", files::folder(&shared.config.pkg))
        .fallback_service(files::folder(&shared.config.www))
        .layer(axum::middleware::from_fn(headers::protect))
        .with_state(Arc::clone(shared))
}
