//! JavaScript values, and waiting for what happens in a page.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

use gloo_timers::callback::Timeout;
use js_sys::{Array, Error, Function, JSON, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// How long anything may take, in milliseconds. It is far more than anything takes, and there to say what did not happen.
const PATIENCE: u32 = 20_000;

/// How often a state is looked at that no event tells of, in milliseconds.
const GLANCE: u32 = 10;

/// Lets everything run that is ready to run, before the next task of the browser (HTML, microtasks).
pub(crate) async fn turn() {
    for _ in 0..2 {
        drop(JsFuture::from(Promise::resolve(&JsValue::UNDEFINED)).await);
    }
}

/// The value of a JSON text.
pub(crate) fn json(text: &str) -> JsValue {
    JSON::parse(text).expect("the test's own JSON")
}

/// A member of a value; `undefined` where there is none.
pub(crate) fn get(value: &JsValue, name: &str) -> JsValue {
    Reflect::get(value, &name.into()).expect("the value has members")
}

/// A member that is a string; empty where there is none.
pub(crate) fn text(value: &JsValue, name: &str) -> String {
    get(value, name).as_string().unwrap_or_default()
}

/// Calls a method.
pub(crate) fn invoke(object: &JsValue, method: &str, arguments: &[&JsValue]) -> JsValue {
    let arguments: Array = arguments.iter().copied().collect();
    let method: Function = get(object, method).dyn_into().expect("it has this method");
    Reflect::apply(&method, object, &arguments).expect("the method throws nothing")
}

/// The elements of an array.
pub(crate) fn elements(array: &JsValue) -> Vec<JsValue> {
    array.dyn_ref::<Array>().expect("an array").iter().collect()
}

/// Runs a script in the page; the result is what it returns.
pub(crate) fn script(code: &str) -> JsValue {
    Function::new_no_args(code).call0(&JsValue::UNDEFINED).expect("the script throws nothing")
}

/// The value as JSON text, for messages.
pub(crate) fn shown(value: &JsValue) -> String {
    JSON::stringify(value).map_or_else(|_| "?".to_owned(), String::from)
}

/// Waits for the future, but not for ever. `so_far` says what happened instead.
pub(crate) async fn within<T>(what: &str, so_far: impl Fn() -> String, future: impl Future<Output = T>) -> T {
    let waker: Rc<Cell<Option<Waker>>> = Rc::default();
    let late = Rc::new(Cell::new(false));
    let _timer = Timeout::new(PATIENCE, {
        let (waker, late) = (waker.clone(), late.clone());
        move || {
            late.set(true);
            waker.take().inspect(Waker::wake_by_ref);
        }
    });
    let mut future = pin!(future);
    let ready = poll_fn(|context| {
        waker.set(Some(context.waker().clone()));
        match future.as_mut().poll(context) {
            Poll::Ready(value) => Poll::Ready(Some(value)),
            Poll::Pending if late.get() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    });
    ready.await.unwrap_or_else(|| panic!("{what}: it did not happen. {}", so_far()))
}

/// What a promise is settled with.
pub(crate) async fn settled(promise: Promise) -> Result<JsValue, JsValue> {
    within("a promise is settled", String::new, JsFuture::from(promise)).await
}

/// What a promise is fulfilled with.
pub(crate) async fn done(promise: Promise) -> JsValue {
    settled(promise)
        .await
        .unwrap_or_else(|error| panic!("rejected: {} {}", text(&error, "code"), text(&error, "message")))
}

/// The code and the message of the `CallError` that a promise is rejected with.
pub(crate) async fn refused(promise: Promise) -> (String, String) {
    match settled(promise).await {
        Ok(value) => panic!("it was done: {}", shown(&value)),
        Err(error) => call_error(&error),
    }
}

/// The code that a promise is rejected with.
pub(crate) async fn code(promise: Promise) -> String {
    refused(promise).await.0
}

/// The code and the message of a `CallError`, which is an `Error` of the browser's in every respect.
pub(crate) fn call_error(error: &JsValue) -> (String, String) {
    assert!(error.is_instance_of::<Error>(), "{error:?}");
    assert_eq!(text(error, "name"), "CallError");
    assert!(get(error, "stack").is_string());
    let (code, message) = (text(error, "code"), text(error, "message"));
    assert!(!code.is_empty() && !message.is_empty());
    assert_eq!(String::from(error.unchecked_ref::<Error>().to_string()), format!("CallError: {message}"));
    (code, message)
}

/// Waits until something is so of which no event tells.
pub(crate) async fn until(what: &str, is_so: impl Fn() -> bool) {
    let wait = async {
        while !is_so() {
            let pause = Promise::new(&mut |resolve, _| {
                // A closure that has been handed over frees itself when it runs.
                Timeout::new(GLANCE, move || drop(resolve.call0(&JsValue::UNDEFINED))).forget();
            });
            drop(JsFuture::from(pause).await);
        }
    };
    within(what, String::new, wait).await;
}
