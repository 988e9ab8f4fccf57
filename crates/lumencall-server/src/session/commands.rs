//! From a frame to what the machine is asked.

use lumencall_core::machine::{CallCommand, Dialect, Refusal};
use lumencall_core::wire::{Command, Done, ErrorInfo, JsonError, RespondAction};
use lumencall_core::{CallId, ErrorCode};

use crate::auth::Credential;
use crate::store::Asked;
use crate::turn::ice_servers;
use crate::{Config, fresh};

/// What the command is about, on a socket of this dialect that has been opened.
pub(super) fn asked(
    command: Command,
    dialect: Dialect,
    config: &Config,
    credential: &Credential,
) -> Result<Asked, Refusal> {
    if dialect == Dialect::Seed && is_ours(&command) {
        return refuse(ErrorCode::UnknownEvent, "this event is known on the subprotocol lumencall.1 only");
    }
    let done = match &command {
        Command::Open(_) => return refuse(ErrorCode::SessionState, "the session is open already"),
        Command::Suspend(_) => return Ok(Asked::Suspend),
        Command::Ping(_) => Done::new(None),
        Command::Authenticate(_) if !config.auth.takes_tokens() => {
            return refuse(ErrorCode::InvalidArgument, "this server asks for no token");
        }
        // By now the token has been taken.
        Command::Authenticate(_) => Done { token_expires_in: credential.expires_in(), ..Done::new(None) },
        Command::IceServers(_) => {
            let (servers, ice_servers_expire_in) =
                ice_servers(&config.ice_servers, config.turn.as_ref(), credential.user());
            Done { ice_servers: Some(servers), ice_servers_expire_in, ..Done::new(None) }
        }
        Command::Initiate(_)
        | Command::Respond(_)
        | Command::Hangup(_)
        | Command::MediaToggle(_)
        | Command::AddParticipant(_)
        | Command::RemoveParticipant(_)
        | Command::Offer(_)
        | Command::Answer(_)
        | Command::Candidate(_)
        | Command::Rejoin(_)
        | Command::Report(_) => Done::new(None),
    };
    let command = CallCommand::from_message(command, fresh::call_id)?;
    Ok(command.map_or(Asked::Answered(Ok(done)), Asked::Call))
}

/// Whether a client of the seed's dialect does not know the command.
const fn is_ours(command: &Command) -> bool {
    match command {
        Command::Open(_)
        | Command::Ping(_)
        | Command::Suspend(_)
        | Command::Authenticate(_)
        | Command::IceServers(_)
        | Command::Rejoin(_)
        | Command::Report(_) => true,
        Command::Initiate(_)
        | Command::Respond(_)
        | Command::Hangup(_)
        | Command::MediaToggle(_)
        | Command::AddParticipant(_)
        | Command::RemoveParticipant(_)
        | Command::Offer(_)
        | Command::Answer(_)
        | Command::Candidate(_) => false,
    }
}

/// Whether the command may be given on a token that has expired: to keep the session, to show a newer token, and to go,
/// which is nobody's to forbid.
pub(super) fn may_follow_expiry(command: &Command) -> bool {
    match command {
        Command::Ping(_) | Command::Suspend(_) | Command::Authenticate(_) | Command::Hangup(_) => true,
        Command::Respond(respond) => match respond.action {
            RespondAction::Reject => true,
            RespondAction::Accept => false,
        },
        Command::Open(_)
        | Command::IceServers(_)
        | Command::Initiate(_)
        | Command::MediaToggle(_)
        | Command::AddParticipant(_)
        | Command::RemoveParticipant(_)
        | Command::Offer(_)
        | Command::Answer(_)
        | Command::Candidate(_)
        | Command::Rejoin(_)
        | Command::Report(_) => false,
    }
}

/// The refusal of a command that comes after the token has expired.
pub(super) const EXPIRED: Refusal = Refusal {
    code: ErrorCode::Unauthorized,
    message: "the token has expired; show a newer one by session:authenticate",
    call: None,
};

const fn refuse(code: ErrorCode, message: &'static str) -> Result<Asked, Refusal> {
    Err(Refusal { code, message, call: None })
}

/// The refusal of a first frame on the subprotocol that does not open the session.
pub(super) const NOT_OPENED: Refusal = Refusal {
    code: ErrorCode::SessionState,
    message: "the first frame on lumencall.1 must be session:open",
    call: None,
};

/// What a client is told of a text that is no frame.
pub(super) fn malformed(error: &JsonError) -> ErrorInfo {
    let code = match error {
        JsonError::Shape(error) if error.is_unknown_event() => ErrorCode::UnknownEvent,
        JsonError::NotJson | JsonError::Shape(_) => ErrorCode::Malformed,
    };
    ErrorInfo { code, message: error.to_string().into(), call_id: None }
}

/// What a client is told of a command that was refused, which named this call.
pub(super) fn refused(Refusal { code, message, call }: Refusal, named: Option<CallId>) -> ErrorInfo {
    ErrorInfo { code, message: message.into(), call_id: call.or(named) }
}
