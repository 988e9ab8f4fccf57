//! From a frame to what the machine is asked.

use lumencall_core::machine::{CallCommand, Dialect, Refusal};
use lumencall_core::wire::{Command, ErrorInfo, JsonError};
use lumencall_core::{CallId, ErrorCode};

use crate::fresh;

/// The call that the command names. An initiate names none: its call has no id yet.
pub(super) fn named_call(command: &Command) -> Option<CallId> {
    match command {
        Command::Open(_) | Command::Initiate(_) => None,
        Command::Respond(respond) => Some(respond.call_id.clone()),
        Command::Hangup(hangup) => Some(hangup.call_id.clone()),
        Command::MediaToggle(toggle) => Some(toggle.call_id.clone()),
        Command::AddParticipant(choice) | Command::RemoveParticipant(choice) => Some(choice.call_id.clone()),
        Command::Offer(description) | Command::Answer(description) => Some(description.call_id.clone()),
        Command::Candidate(candidate) => Some(candidate.call_id.clone()),
        Command::Report(report) => Some(report.call_id.clone()),
    }
}

/// The command as the machine knows it, on a socket of this dialect that has been opened.
pub(super) fn call_command(command: Command, dialect: Dialect) -> Result<CallCommand, Refusal> {
    if dialect == Dialect::Seed && matches!(command, Command::Open(_) | Command::Report(_)) {
        return refuse(ErrorCode::UnknownEvent, "this event is known on the subprotocol lumencall.1 only");
    }
    match CallCommand::from_message(command, fresh::call_id)? {
        Some(command) => Ok(command),
        None => refuse(ErrorCode::SessionState, "the session is open already"),
    }
}

const fn refuse(code: ErrorCode, message: &'static str) -> Result<CallCommand, Refusal> {
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

/// The refusal of a command whose number is too old to tell whether it was done.
pub(super) const TOO_OLD: Refusal = Refusal {
    code: ErrorCode::InvalidArgument,
    message: "`id` is too old; numbers go up, and the last 64 may be repeated",
    call: None,
};

/// What a client is told of a command that was refused, which named this call.
pub(super) fn refused(Refusal { code, message, call }: Refusal, named: Option<CallId>) -> ErrorInfo {
    ErrorInfo { code, message: message.into(), call_id: call.or(named) }
}
