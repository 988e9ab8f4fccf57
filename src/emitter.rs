//! The app's listeners. They run here and nowhere else, and never while anything of the SDK is borrowed.

use std::cell::RefCell;

use js_sys::Function;
use lumencall_core::session::FailureCode;
use lumencall_core::wire::{ServerEvent, Source};
use wasm_bindgen::{JsCast, JsValue};

use crate::codec::window;
use crate::error;

/// The events of the SDK's own, beside those of a call.
const OWN_EVENTS: [&str; 6] = [
    "media:local",
    "media:local-removed",
    "media:remote",
    "media:remote-removed",
    "connection:state-changed",
    "error",
];

struct Listener {
    event: &'static str,
    function: Function,
    once: bool,
}

#[derive(Default)]
pub(crate) struct Emitter {
    listeners: RefCell<Vec<Listener>>,
}

impl Emitter {
    pub(crate) fn on(&self, event: &JsValue, listener: JsValue, once: bool) -> Result<(), JsValue> {
        let of_calls = ServerEvent::EVENTS.iter().filter(|name| name.starts_with("call:"));
        let Some(event) = of_calls.chain(&OWN_EVENTS).find(|name| *event == **name) else {
            return Err(error::fail(
                FailureCode::InvalidArgument,
                "there is no event of this name; see CallEvents",
            ));
        };
        let function = listener
            .dyn_into()
            .map_err(|_| error::fail(FailureCode::InvalidArgument, "the listener should be a function"))?;
        self.listeners.borrow_mut().push(Listener { event, function, once });
        Ok(())
    }

    pub(crate) fn off(&self, event: &JsValue, function: &Function) {
        let mut listeners = self.listeners.borrow_mut();
        let found =
            listeners.iter().position(|listener| *event == *listener.event && listener.function == *function);
        found.map(|index| listeners.remove(index));
    }

    pub(crate) fn clear(&self) {
        self.listeners.borrow_mut().clear();
    }

    pub(crate) fn emit(&self, event: &str, data: &JsValue) {
        let mut functions = Vec::new();
        self.listeners.borrow_mut().retain(|listener| {
            let hears = *listener.event == *event;
            if hears {
                functions.push(listener.function.clone());
            }
            !(hears && listener.once)
        });
        for function in functions {
            if let Err(thrown) = function.call1(&JsValue::UNDEFINED, data) {
                report(&thrown);
            }
        }
    }
}

/// Reports what a listener threw as the browser reports what no one catches (HTML, `reportError`).
pub(crate) fn report(thrown: &JsValue) {
    let report = window().member("reportError");
    if let Some(report) = report.and_then(|report| report.0.dyn_into::<Function>().ok()) {
        // Reporting is the last resort: where it fails too, there is nobody left to tell.
        drop(report.call1(&JsValue::UNDEFINED, thrown));
    }
}
