//! What the app passes in, checked before anything is touched.

use js_sys::{Array, Function};
use lumencall_core::session::FailureCode;
use lumencall_core::wire::{Source, Wire};
use lumencall_core::{CallType, Millis, UserId};
use wasm_bindgen::{JsCast, JsValue};

use crate::codec::{JsSource, join};
use crate::error::{argument, fail};

/// How long a command waits for its reply where the app does not say, in milliseconds.
const COMMAND_TIMEOUT: Millis = 10_000;

/// The options of a client.
pub(crate) struct Options {
    /// The WebSocket's address, where there is no token with the user that the server is to take this client for.
    pub(crate) url: Box<str>,
    /// Who the user is, where no token says it.
    pub(crate) user: Option<UserId>,
    /// A string, or a function that gives one or promises to.
    pub(crate) token: Option<JsValue>,
    pub(crate) command_timeout: Millis,
    /// Used in place of the server's, where the app gives some: an array, or a function that gives one or promises to.
    pub(crate) ice_servers: Option<JsValue>,
    /// Whether candidates may show a relay's address alone, where a call does not say otherwise.
    pub(crate) relay_only: bool,
    pub(crate) audio: JsValue,
    pub(crate) video: JsValue,
    pub(crate) logger: Option<Function>,
}

impl Options {
    pub(crate) fn read(options: JsValue) -> Result<Self, JsValue> {
        let options = JsSource(options);
        if !options.is_object() {
            return Err(fail(FailureCode::InvalidArgument, "the client's options should be an object"));
        }
        let url = Box::<str>::read_member(&options, "url").map_err(argument)?;
        let token = options.member("token").map(|token| token.0);
        if token.as_ref().is_some_and(|token| !token.is_string() && !token.is_function()) {
            return Err(fail(FailureCode::InvalidArgument, "token should be a string or a function"));
        }
        let user = match token {
            Some(_) => None,
            None => Some(UserId::read_member(&options, "userId").map_err(argument)?),
        };
        let command_timeout = Option::<u32>::read_member(&options, "commandTimeout").map_err(argument)?;
        let ice_servers = options.member("iceServers").map(|servers| servers.0);
        let fits = |servers: &JsValue| Array::is_array(servers) || servers.is_function();
        if !ice_servers.as_ref().is_none_or(fits) {
            return Err(fail(
                FailureCode::InvalidArgument,
                "iceServers should be an array, or a function that gives one",
            ));
        }
        let logger = options.member("logger").map(|logger| logger.0.dyn_into::<Function>()).transpose();
        let constraint = |kind| {
            options.member("media").and_then(|media| media.member(kind)).map_or(JsValue::TRUE, |it| it.0)
        };
        Ok(Self {
            url: user.as_ref().map_or_else(|| url.clone(), |user| address(&url, user.as_str())),
            token,
            command_timeout: command_timeout.map_or(COMMAND_TIMEOUT, Millis::from),
            ice_servers,
            relay_only: Path::read(&options)?.is_relay(false),
            audio: constraint("audio"),
            video: constraint("video"),
            logger: logger.map_err(|_| fail(FailureCode::InvalidArgument, "logger should be a function"))?,
            user,
        })
    }
}

/// Which candidates may be used (`RTCIceTransportPolicy`, W3C WebRTC 1.0, 4.2.3): only relays, or all. Absent is as the client's options
/// say.
#[derive(Clone, Copy)]
pub(crate) struct Path(Option<bool>);

impl Path {
    /// Reads it from options that may not be there.
    pub(crate) fn read(options: &JsSource) -> Result<Self, JsValue> {
        let member = options.member("iceTransportPolicy");
        match member.map(|policy| policy.text()) {
            None => Ok(Self(None)),
            Some(Some(policy)) if policy == "relay" || policy == "all" => Ok(Self(Some(policy == "relay"))),
            Some(_) => {
                Err(fail(FailureCode::InvalidArgument, "iceTransportPolicy should be 'all' or 'relay'"))
            }
        }
    }

    pub(crate) const fn is_relay(self, otherwise: bool) -> bool {
        match self.0 {
            Some(relay) => relay,
            None => otherwise,
        }
    }
}

/// The address with `userId` in its query, for a server that authenticates nobody (`--auth dev`).
fn address(url: &str, user: &str) -> Box<str> {
    let separator = if url.bytes().any(|byte| byte == b'?') { "&" } else { "?" };
    let user: String = js_sys::encode_uri_component(user).into();
    join(&[url, separator, "userId=", &user]).into()
}

/// Which media devices are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kinds {
    pub(crate) audio: bool,
    pub(crate) video: bool,
}

impl From<CallType> for Kinds {
    fn from(call_type: CallType) -> Self {
        Self { audio: true, video: call_type == CallType::Video }
    }
}

/// What is to be on; absent is unchanged.
#[derive(Clone, Copy)]
pub(crate) struct MediaOptions {
    pub(crate) audio: Option<bool>,
    pub(crate) video: Option<bool>,
    pub(crate) screen_share: Option<bool>,
}

impl MediaOptions {
    pub(crate) fn read(options: JsValue) -> Result<Self, JsValue> {
        let options = JsSource(options);
        let flag = |name| Option::<bool>::read_member(&options, name).map_err(argument);
        Ok(Self { audio: flag("audio")?, video: flag("video")?, screen_share: flag("screenShare")? })
    }
}
