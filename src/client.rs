//! The object that the app holds. It only delegates; `types.d.ts` documents it.

use std::pin::Pin;
use std::rc::Rc;

use js_sys::{Function, Promise};
use lumencall_core::session::{ClientSession, FailureCode, Ticket};
use lumencall_core::wire::{CallInitiate, Source, Wire, WireError};
use lumencall_core::{CallId, DeviceId, Millis, UserId};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::RtcPeerConnection;

use crate::codec::{JsSource, window};
use crate::driver::{Driver, now};
use crate::error::{argument, fail};
use crate::options::{MediaOptions, Options, Path};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("types.d.ts");

/// A user's place at the signaling server, and their calls.
#[wasm_bindgen(skip_typescript)]
pub struct CallClient {
    driver: Rc<Driver>,
}

impl std::fmt::Debug for CallClient {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("CallClient")
    }
}

#[wasm_bindgen]
impl CallClient {
    /// Checks the options and the browser, and touches nothing else.
    ///
    /// # Errors
    /// `invalid-argument`, `insecure-context`, `unsupported-environment`.
    #[wasm_bindgen(constructor)]
    pub fn new(options: JsValue) -> Result<Self, JsValue> {
        let options = Options::read(options)?;
        check_environment()?;
        Ok(Self { driver: Driver::new(options) })
    }

    /// Opens the connection to the server.
    pub fn connect(&self) -> Promise {
        if let Err(error) = self.driver.check_disposed() {
            return Promise::reject(&error);
        }
        let ticket = self.driver.session.borrow_mut().connect(now());
        self.driver.ask(ticket)
    }

    /// The page before this one was this device.
    pub fn adopt(&self, device: JsValue, secret: JsValue) {
        if let (Ok(device), Ok(secret)) = (DeviceId::read(&JsSource(device)), Wire::read(&JsSource(secret))) {
            self.driver.session.borrow_mut().adopt(device, secret);
        }
    }

    /// Calls the function with the device that this is and its secret, for the page that comes after this one; with
    /// nothing when there is nothing to keep any more.
    #[wasm_bindgen(js_name = keepWith)]
    pub fn keep_with(&self, keeper: Function) {
        self.driver.keep_with(keeper);
    }

    /// Calls the function for ICE servers, which the app gives a function for: it is to call [`CallClient::use_ice_servers`], and then, where
    /// it is handed a peer connection, `restartIce` of that.
    #[wasm_bindgen(js_name = fetchWith)]
    pub fn fetch_with(&self, fetcher: Function) {
        self.driver.fetch_with(fetcher);
    }

    /// Uses these ICE servers from now on.
    #[wasm_bindgen(js_name = useIceServers)]
    pub fn use_ice_servers(&self, servers: JsValue) {
        self.driver.use_ice_servers(servers);
    }

    /// Adds a listener.
    ///
    /// # Errors
    /// `invalid-argument` where there is no such event.
    pub fn on(&self, event: JsValue, listener: JsValue) -> Result<(), JsValue> {
        self.driver.emitter.on(&event, listener, false)
    }

    /// Adds a listener for one event.
    ///
    /// # Errors
    /// As [`CallClient::on`].
    pub fn once(&self, event: JsValue, listener: JsValue) -> Result<(), JsValue> {
        self.driver.emitter.on(&event, listener, true)
    }

    /// Removes a listener.
    pub fn off(&self, event: JsValue, listener: &Function) {
        self.driver.emitter.off(&event, listener);
    }

    /// Opens media for a lobby.
    pub fn preview(&self, media: JsValue) -> Promise {
        let driver = self.driver.clone();
        promise(async move { driver.preview(MediaOptions::read(media)?).await })
    }

    /// Rings.
    pub fn initiate(&self, options: JsValue) -> Promise {
        let driver = self.driver.clone();
        promise(async move {
            let options = JsSource(options);
            let request = CallInitiate::read(&options).map_err(argument)?;
            driver.initiate(request, Path::read(&options)?).await
        })
    }

    /// Accepts a call that rings here.
    pub fn accept(&self, call: JsValue, options: JsValue) -> Promise {
        let driver = self.driver.clone();
        promise(async move { driver.accept(read_id(call)?, Path::read(&JsSource(options))?).await })
    }

    /// The calls that another page of this device left, and that can be taken up.
    pub fn resumable(&self) -> JsValue {
        self.driver.resumable()
    }

    /// Takes up a call that another page of this device left.
    pub fn rejoin(&self, call: JsValue, options: JsValue) -> Promise {
        let driver = self.driver.clone();
        promise(async move { driver.rejoin(read_id(call)?, Path::read(&JsSource(options))?).await })
    }

    /// Declines a call that rings here.
    pub fn reject(&self, call: JsValue) -> Promise {
        self.with_call(call, Ask::Reject)
    }

    /// Leaves a call.
    pub fn hangup(&self, call: JsValue) -> Promise {
        self.with_call(call, Ask::Hangup)
    }

    /// Rings one more.
    #[wasm_bindgen(js_name = addParticipant)]
    pub fn add_participant(&self, call: JsValue, user: JsValue) -> Promise {
        self.with_call(call, Ask::Choose(user, ClientSession::add_participant))
    }

    /// Puts one out of a call.
    #[wasm_bindgen(js_name = removeParticipant)]
    pub fn remove_participant(&self, call: JsValue, user: JsValue) -> Promise {
        self.with_call(call, Ask::Choose(user, ClientSession::remove_participant))
    }

    /// Turns microphone and camera on or off.
    #[wasm_bindgen(js_name = toggleMedia)]
    pub fn toggle_media(&self, call: JsValue, media: JsValue) -> Promise {
        let driver = self.driver.clone();
        promise(async move { driver.toggle(read_id(call)?, MediaOptions::read(media)?).await })
    }

    /// The calls that ring or are going on.
    #[wasm_bindgen(getter)]
    pub fn calls(&self) -> JsValue {
        self.driver.calls()
    }

    /// Who the user is.
    #[wasm_bindgen(getter, js_name = userId)]
    pub fn user_id(&self) -> JsValue {
        self.driver.session.borrow().user().map_or(JsValue::UNDEFINED, |user| user.as_str().into())
    }

    /// Where the connection to the server stands.
    #[wasm_bindgen(getter, js_name = connectionState)]
    pub fn connection_state(&self) -> JsValue {
        self.driver.session.borrow().link().as_str().into()
    }

    /// The peer connection to another in a call.
    #[wasm_bindgen(js_name = peerConnection)]
    pub fn peer_connection(&self, call: JsValue, user: JsValue) -> Option<RtcPeerConnection> {
        let call = CallId::read(&JsSource(call)).ok()?;
        let user = UserId::read(&JsSource(user)).ok()?;
        self.driver.peer(&call, &user).map(|peer| peer.connection.clone())
    }

    /// Leaves everything behind.
    pub fn dispose(&self) {
        self.driver.dispose();
    }
}

/// The promise of a future. One piece of code for all of them: the future is what differs.
fn promise(future: impl Future<Output = Result<JsValue, JsValue>> + 'static) -> Promise {
    let future: Pin<Box<dyn Future<Output = Result<JsValue, JsValue>>>> = Box::pin(future);
    future_to_promise(future)
}

/// What is asked about a call that is the session's affair alone.
enum Ask {
    Reject,
    Hangup,
    /// Something about one who is in the call, or is to be.
    Choose(JsValue, fn(&mut ClientSession, Millis, &CallId, UserId) -> Ticket),
}

impl CallClient {
    /// Asks the session. Not at once, but in its turn: what was asked before may begin later, too, and is to come first.
    fn with_call(&self, call: JsValue, ask: Ask) -> Promise {
        let driver = self.driver.clone();
        promise(async move {
            let call = read_id(call)?;
            let ticket = match ask {
                Ask::Reject => driver.session.borrow_mut().reject(now(), &call),
                Ask::Hangup => driver.session.borrow_mut().hangup(now(), &call),
                Ask::Choose(user, choose) => {
                    let user = read(user, "userId")?;
                    choose(&mut driver.session.borrow_mut(), now(), &call, user)
                }
            };
            JsFuture::from(driver.ask(ticket)).await
        })
    }
}

fn read_id(call: JsValue) -> Result<CallId, JsValue> {
    read(call, "callId")
}

/// An argument by its name.
fn read<T: Wire>(value: JsValue, name: &'static str) -> Result<T, JsValue> {
    T::read(&JsSource(value)).map_err(|error| argument(WireError { field: name, ..error }))
}

fn check_environment() -> Result<(), JsValue> {
    let window = window();
    let lacks = |name| window.member(name).is_none();
    if lacks("window") {
        return Err(fail(FailureCode::UnsupportedEnvironment, "calls need a browser window"));
    }
    if window.member("isSecureContext").and_then(|it| it.flag()) != Some(true) {
        return Err(fail(
            FailureCode::InsecureContext,
            "calls need a page that was loaded over https, or from localhost",
        ));
    }
    if lacks("RTCPeerConnection") {
        return Err(fail(FailureCode::UnsupportedEnvironment, "this browser has no RTCPeerConnection"));
    }
    Ok(())
}
