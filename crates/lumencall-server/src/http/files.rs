//! The static files.

use std::path::Path;

use tower_http::services::ServeDir;

/// The files of a folder, with their MIME types: `application/wasm` too, without which a browser does not compile a
/// module while it loads. A path that leads out of the folder is not found, and a folder shows its `index.html` or
/// nothing.
pub(super) fn folder(path: &Path) -> ServeDir {
    ServeDir::new(path)
}
