//! The camera and the microphone of this device, for one call or a preview.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use js_sys::{Array, Promise};
use lumencall_core::session::{Failure, FailureCode};
use lumencall_core::wire::Source;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{MediaDevices, MediaStream, MediaStreamTrack, Permissions};

use crate::codec::{JsSource, Plain, window};
use crate::error;
use crate::listener::Listener;
use crate::options::{Kinds, Options};

/// How long a camera that goes off keeps sending black before it is freed, in milliseconds. Firefox sends a disabled track
/// at one frame a second, and the first frame may still show the last picture.
const BLACK: u32 = 2_000;

#[wasm_bindgen]
extern "C" {
    /// `MediaDevices` with the capture of screens (W3C Screen Capture, 5.1).
    type ScreenDevices;

    #[wasm_bindgen(method, js_name = getDisplayMedia, catch)]
    fn get_display_media(this: &ScreenDevices, constraints: &JsValue) -> Result<Promise, JsValue>;
}

/// One stream, the same for the whole of the call, whatever tracks come and go in it.
pub(crate) struct LocalMedia {
    pub(crate) stream: MediaStream,
    closed: Cell<bool>,
    microphone_on: Cell<bool>,
    /// The screen, of the same shape: one stream, once it has been shared.
    screen: RefCell<Option<MediaStream>>,
    /// How often it was shared, or not any more: what comes of an older wish is not wanted.
    shares: Cell<u32>,
    /// To the browser's own way of ending that.
    screen_ended: RefCell<Vec<Listener>>,
    /// Whether candidates may show a relay's address alone.
    pub(crate) relay_only: Cell<bool>,
    /// Whether the camera was turned off, or is not wanted, whatever may still be opening.
    camera_off: Cell<bool>,
    /// The camera's way from off to free.
    freeing: RefCell<Option<Timeout>>,
}

impl LocalMedia {
    pub(crate) fn new() -> Result<Rc<Self>, JsValue> {
        Ok(Rc::new(Self {
            stream: MediaStream::new()?,
            closed: Cell::new(false),
            microphone_on: Cell::new(true),
            screen: RefCell::default(),
            shares: Cell::new(0),
            screen_ended: RefCell::default(),
            relay_only: Cell::new(false),
            camera_off: Cell::new(false),
            freeing: RefCell::new(None),
        }))
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.get()
    }

    pub(crate) fn is_microphone_on(&self) -> bool {
        self.microphone_on.get()
    }

    pub(crate) fn is_camera_off(&self) -> bool {
        self.camera_off.get()
    }

    /// Opens what of these is not open yet. What the browser yields after [`LocalMedia::close`], or when it is wanted no more
    /// or there already, is stopped at once.
    pub(crate) async fn capture(&self, wanted: Kinds, options: &Options) -> Result<(), JsValue> {
        let missing = Kinds {
            audio: wanted.audio && self.track("audio").is_none(),
            video: wanted.video && self.track("video").is_none(),
        };
        if missing.audio || missing.video {
            let mut constraints = Plain::new();
            if missing.audio {
                constraints = constraints.with("audio", &options.audio);
            }
            if missing.video {
                constraints = constraints.with("video", &options.video);
            }
            let constraints = constraints.done();
            let captured = devices()?.get_user_media_with_constraints(constraints.unchecked_ref());
            let captured = captured.map_err(|cause| error::capture(&cause))?;
            let captured = JsFuture::from(captured).await.map_err(|cause| error::capture(&cause))?;
            let captured: MediaStream = captured.unchecked_into();
            for track in tracks(&captured.get_tracks()) {
                let kind = track.kind();
                let unwanted = kind == "video" && self.camera_off.get();
                if self.closed.get() || unwanted || self.track(&kind).is_some() {
                    track.stop();
                } else {
                    self.stream.add_track(&track);
                }
            }
        }
        if self.closed.get() {
            return Err(ended_first());
        }
        self.set_microphone(self.microphone_on.get());
        Ok(())
    }

    /// Whether capture asks the user nothing: these are open, or the user has said yes to them before. A browser that does
    /// not tell counts as one that asks.
    pub(crate) async fn is_granted(&self, wanted: Kinds) -> bool {
        // Both at once: the browser takes a millisecond for each, in which nobody rings.
        let queries = Array::new();
        for (name, kind, wanted) in [("microphone", "audio", wanted.audio), ("camera", "video", wanted.video)]
        {
            if wanted && self.track(kind).is_none() {
                let Some(permissions) = navigator("permissions") else { return false };
                let permissions: Permissions = permissions.unchecked_into();
                let descriptor = Plain::new().with_text("name", name).done();
                let query = permissions.query(descriptor.unchecked_ref());
                // What is thrown has no state that is granted.
                queries.push(&query.map_or_else(|thrown| thrown, Into::into));
            }
        }
        let found = JsFuture::from(Promise::all(&queries)).await.unwrap_or_default();
        let yes = |status: &JsSource| status.member("state").is_some_and(|state| state.0 == *"granted");
        JsSource(found).items().is_some_and(|found| found.iter().all(yes))
    }

    /// The live track of this kind, `audio` or `video`.
    pub(crate) fn track(&self, kind: &str) -> Option<MediaStreamTrack> {
        tracks(&self.stream.get_tracks()).find(|track| track.kind() == kind)
    }

    /// Silences the microphone, or lets it be heard; it stays open.
    pub(crate) fn set_microphone(&self, on: bool) {
        self.microphone_on.set(on);
        if let Some(track) = self.track("audio") {
            track.set_enabled(on);
        }
    }

    /// Lets the camera be on, and keeps it from being freed, where it was about to be.
    pub(crate) fn keep_camera(&self) {
        self.camera_off.set(false);
        self.freeing.take();
        if let Some(track) = self.track("video") {
            track.set_enabled(true);
        }
    }

    /// Blanks the camera, and frees it a little later, once a black frame is on its way; then calls `freed`.
    pub(crate) fn free_camera(self: &Rc<Self>, freed: impl FnOnce() + 'static) {
        self.camera_off.set(true);
        let Some(track) = self.track("video") else { return };
        track.set_enabled(false);
        let media = self.clone();
        *self.freeing.borrow_mut() = Some(Timeout::new(BLACK, move || {
            media.drop_track(&track);
            freed();
        }));
    }

    /// Lets go of what is not wanted.
    pub(crate) fn keep_only(&self, wanted: Kinds) {
        self.camera_off.set(!wanted.video);
        for track in tracks(&self.stream.get_tracks()) {
            let keep = if track.kind() == "audio" { wanted.audio } else { wanted.video };
            if !keep {
                self.drop_track(&track);
            }
        }
    }

    fn drop_track(&self, track: &MediaStreamTrack) {
        track.stop();
        self.stream.remove_track(track);
    }

    /// The stream of the screen, if it was ever shared. It has no tracks while it is not.
    pub(crate) fn screen(&self) -> Option<MediaStream> {
        self.screen.borrow().clone()
    }

    pub(crate) fn is_screen_shared(&self) -> bool {
        self.screen().is_some_and(|screen| screen.get_tracks().length() > 0)
    }

    /// Asks the user for a screen, a window or a tab, in the place of what is shared already. `ended` is called when the browser ends it.
    pub(crate) async fn capture_screen(&self, ended: impl Fn() + Clone + 'static) -> Result<(), JsValue> {
        let share = self.shares.get() + 1;
        self.shares.set(share);
        let constraints = Plain::new().with("video", &JsValue::TRUE).with("audio", &JsValue::TRUE).done();
        let devices: ScreenDevices = devices()?.unchecked_into();
        let captured = devices.get_display_media(&constraints).map_err(|cause| error::capture(&cause))?;
        let captured = JsFuture::from(captured).await.map_err(|cause| error::capture(&cause))?;
        let captured: MediaStream = captured.unchecked_into();
        if self.closed.get() || self.shares.get() != share {
            for track in tracks(&captured.get_tracks()) {
                track.stop();
            }
            return Err(if self.closed.get() { ended_first() } else { overtaken() });
        }
        self.drop_screen();
        self.shares.set(share);
        let screen = match self.screen() {
            Some(screen) => screen,
            None => MediaStream::new()?,
        };
        for track in tracks(&captured.get_tracks()) {
            let ended = ended.clone();
            self.screen_ended.borrow_mut().push(Listener::new(&track, "ended", move |_| ended()));
            screen.add_track(&track);
        }
        self.screen.replace(Some(screen));
        Ok(())
    }

    /// Shares the screen no more. Returns whether it was shared.
    pub(crate) fn drop_screen(&self) -> bool {
        self.shares.set(self.shares.get() + 1);
        self.screen_ended.borrow_mut().clear();
        let Some(screen) = self.screen() else { return false };
        let shared = screen.get_tracks();
        for track in tracks(&shared) {
            track.stop();
            screen.remove_track(&track);
        }
        shared.length() > 0
    }

    /// Stops every track, now and for good.
    pub(crate) fn close(&self) {
        self.closed.set(true);
        self.freeing.take();
        self.drop_screen();
        for track in tracks(&self.stream.get_tracks()) {
            track.stop();
        }
    }
}

pub(crate) fn ended_first() -> JsValue {
    error::to_error(&Failure::new(FailureCode::CallEnded, "the call ended before it was done"))
}

fn overtaken() -> JsValue {
    error::fail(FailureCode::Aborted, "a later toggleMedia took its place")
}

pub(crate) fn tracks(tracks: &Array) -> impl Iterator<Item = MediaStreamTrack> {
    tracks.iter().map(JsCast::unchecked_into)
}

/// What the browser's navigator has by this name, if anything.
fn navigator(name: &str) -> Option<JsValue> {
    window().member("navigator")?.member(name).map(|member| member.0)
}

/// The browser's media devices; there are none in a page that is not secure.
pub(crate) fn devices() -> Result<MediaDevices, JsValue> {
    navigator("mediaDevices").map(JsCast::unchecked_into).ok_or_else(|| {
        error::fail(
            FailureCode::UnsupportedEnvironment,
            "this browser gives no camera or microphone to this page",
        )
    })
}
