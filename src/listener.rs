//! A listener of ours on something of the browser's, that ends when it is dropped.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Event, EventTarget};

pub(crate) struct Listener {
    target: EventTarget,
    event: &'static str,
    closure: Closure<dyn FnMut(Event)>,
}

impl Listener {
    pub(crate) fn new(
        target: &EventTarget,
        event: &'static str,
        listener: impl FnMut(Event) + 'static,
    ) -> Self {
        let closure = Closure::new(listener);
        // It fails only where the listener is no function.
        drop(target.add_event_listener_with_callback(event, closure.as_ref().unchecked_ref()));
        Self { target: Clone::clone(target), event, closure }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        drop(
            self.target
                .remove_event_listener_with_callback(self.event, self.closure.as_ref().unchecked_ref()),
        );
    }
}
