//! Errors as JavaScript sees them: a real `Error` with `name: "CallError"`, a stable `code`, and its `cause`.

use js_sys::Error;
use lumencall_core::CallId;
use lumencall_core::session::{Failure, FailureCode};
use lumencall_core::wire::{Source, WireError};
use wasm_bindgen::{JsCast, JsValue};

use crate::codec::{JsSource, join, set};

/// The failure as an `Error`.
pub(crate) fn to_error(failure: &Failure) -> JsValue {
    with_cause(failure, &JsValue::UNDEFINED)
}

/// The failure as an `Error`, with what the browser said.
pub(crate) fn with_cause(failure: &Failure, cause: &JsValue) -> JsValue {
    let error = Error::new(&failure.message);
    error.set_name("CallError");
    set(&error, "code", &failure.code.as_str().into());
    let error = match &failure.call {
        Some(call) => about(error.into(), call).unchecked_into(),
        None => error,
    };
    if !cause.is_undefined() {
        error.set_cause(cause);
    }
    error.into()
}

/// The same error, which says that it is about this call.
pub(crate) fn about(error: JsValue, call: &CallId) -> JsValue {
    set(&error, "callId", &call.as_str().into());
    error
}

/// A failure with a sentence of ours.
pub(crate) fn fail(code: FailureCode, message: &'static str) -> JsValue {
    to_error(&Failure::new(code, message))
}

/// An argument that cannot be read.
pub(crate) fn argument(error: WireError) -> JsValue {
    let subject = if error.field.is_empty() { "the argument" } else { error.field };
    let message = join(&[subject, " should be ", error.expected]);
    to_error(&Failure { code: FailureCode::InvalidArgument, message: message.into(), call: None })
}

/// What `getUserMedia` or `getDisplayMedia` rejected with (W3C Media Capture and Streams, 10.2; Screen Capture, 5.1).
pub(crate) fn capture(cause: &JsValue) -> JsValue {
    let name = JsSource(cause.clone()).member("name").and_then(|name| name.text());
    let failure = match name.as_deref().unwrap_or_default() {
        "NotFoundError" | "OverconstrainedError" => Failure::new(
            FailureCode::DeviceNotFound,
            "there is no camera, microphone or screen that fits what was asked for",
        ),
        "NotReadableError" | "AbortError" => Failure::new(
            FailureCode::DeviceInUse,
            "the camera, microphone or screen cannot be read; another program may have it",
        ),
        _ => Failure::new(
            FailureCode::PermissionDenied,
            "the camera, microphone or screen was refused, by the user or by a policy",
        ),
    };
    with_cause(&failure, cause)
}
