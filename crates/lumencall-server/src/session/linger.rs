//! The last moments of a socket that the server ends.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// How long a client has to take its last frames, and to hang up. Life of the wait: from the close frame, or the end
/// that is to become one, to the client's end of the stream.
pub(super) const LINGER: Duration = Duration::from_secs(2);

/// Says that nothing more comes, then reads and discards what still comes.
///
/// To close a TCP connection that has unread bytes resets it (RFC 2525, 2.17), and a reset makes the client's system
/// throw away what it has received and not delivered: the close frame, with the code that says what was wrong. So a
/// client in the middle of a message that is too large is heard out, into nothing, for a short time.
pub(super) async fn read_dry(mut io: impl AsyncRead + AsyncWrite + Unpin) {
    let drying = async {
        io.shutdown().await?;
        let mut discarded = vec![0; 4 * 1024];
        while io.read(&mut discarded).await? > 0 {}
        io::Result::Ok(())
    };
    // A client that does not hang up, or whose connection breaks, is left to its system.
    let _ = timeout(LINGER, drying).await;
}
