//! What the app asks for that takes the browser's part too.

use std::rc::Rc;

use js_sys::Array;
use lumencall_core::session::{ClientSession, Failure, FailureCode, Ticket};
use lumencall_core::wire::{CallInitiate, MediaToggle, Wire};
use lumencall_core::{Call, CallId, CallType, Millis};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::codec::{JsSource, ignore, to_js};
use crate::driver::{Driver, now};
use crate::error::{about, argument, fail, to_error};
use crate::media::{LocalMedia, ended_first};
use crate::options::{Kinds, MediaOptions, Path};
use crate::peer::{CAMERA, SCREEN};

impl Driver {
    /// Rings. The user's media come first, so that a refusal is known before anybody rings; but where permission is
    /// given already they do not hold it up.
    pub(crate) async fn initiate(
        self: Rc<Self>,
        request: CallInitiate,
        path: Path,
    ) -> Result<JsValue, JsValue> {
        let wanted = Kinds::from(request.call_type);
        let media = self.take_media(wanted, path)?;
        let result = self.initiate_with(&media, wanted, request).await;
        if result.is_err() {
            self.give_up(&media);
        }
        result
    }

    async fn initiate_with(
        self: &Rc<Self>,
        media: &Rc<LocalMedia>,
        wanted: Kinds,
        request: CallInitiate,
    ) -> Result<JsValue, JsValue> {
        let granted = media.is_granted(wanted).await;
        if !granted {
            self.open_media(media, wanted).await?;
        }
        if media.is_closed() {
            return Err(ended_first());
        }
        let ticket = self.session.borrow_mut().initiate(now(), request);
        let reply = JsFuture::from(self.ask(ticket));
        let opened = if granted { self.open_media(media, wanted).await } else { Ok(()) };
        let call = reply.await?;
        if media.is_closed() {
            // It ended before the media were open. It was made all the same, and its end is told by its event.
            return Ok(call);
        }
        let id = CallId::read_member(&JsSource(call.clone()), "id").map_err(argument)?;
        if self.call_type(&id) == Some(CallType::Audio) {
            // It may be the call of the one who was called, for which a camera was opened in vain.
            media.keep_only(CallType::Audio.into());
        }
        self.entered(id, call, opened, media)
    }

    /// Accepts. The answer leaves with the accept; camera and microphone join it when they are open.
    pub(crate) async fn accept(self: Rc<Self>, call: CallId, path: Path) -> Result<JsValue, JsValue> {
        self.join(call, path, ClientSession::accept).await
    }

    /// Takes up a call that a page before this one was in.
    pub(crate) async fn rejoin(self: Rc<Self>, call: CallId, path: Path) -> Result<JsValue, JsValue> {
        self.join(call, path, ClientSession::rejoin).await
    }

    /// Enters a call that is there.
    async fn join(
        self: &Rc<Self>,
        call: CallId,
        path: Path,
        ask: fn(&mut ClientSession, Millis, &CallId) -> Ticket,
    ) -> Result<JsValue, JsValue> {
        let wanted = Kinds::from(self.call_type(&call).unwrap_or(CallType::Audio));
        let media = self.take_media(wanted, path)?;
        let ticket = ask(&mut self.session.borrow_mut(), now(), &call);
        let reply = JsFuture::from(self.ask(ticket));
        let opened = if self.session.borrow().is_engaged_in(&call) {
            self.open_media(&media, wanted).await
        } else {
            Ok(())
        };
        match reply.await {
            Ok(accepted) => self.entered(call, accepted, opened, &media),
            Err(error) => {
                self.give_up(&media);
                Err(error)
            }
        }
    }

    /// The server has let this device into a call. If the media are open too, the app is shown them, and gets the call as
    /// it is by now; if not, the call is left.
    fn entered(
        self: &Rc<Self>,
        id: CallId,
        call: JsValue,
        opened: Result<(), JsValue>,
        media: &LocalMedia,
    ) -> Result<JsValue, JsValue> {
        if let Err(error) = opened {
            let ticket = self.session.borrow_mut().hangup(now(), &id);
            // Nobody waits for the reply; what went wrong is told.
            ignore(self.ask(ticket));
            return Err(about(error, &id));
        }
        self.show_local(&id, CAMERA, Some(&media.stream));
        let now = self.session.borrow().calls().find(|known| known.id == id).map(to_js);
        Ok(now.unwrap_or(call))
    }

    pub(crate) async fn toggle(
        self: Rc<Self>,
        call_id: CallId,
        on: MediaOptions,
    ) -> Result<JsValue, JsValue> {
        let MediaOptions { mut audio, mut video, screen_share } = on;
        if video == Some(true) && self.call_type(&call_id) == Some(CallType::Audio) {
            return Err(fail(
                FailureCode::InvalidState,
                "this is an audio call; call with type 'video' for a picture",
            ));
        }
        let engaged = self.session.borrow().is_engaged_in(&call_id);
        let media = self.media.borrow().clone().filter(|_| engaged);
        if let Some(media) = media {
            // Before all else: where it is refused nothing has changed, and the browser asks only a short while after a click.
            match screen_share {
                Some(true) => {
                    let (driver, call) = (Rc::downgrade(&self), call_id.clone());
                    let ended = move || {
                        if let Some(driver) = driver.upgrade() {
                            driver.screen_ended(call.clone());
                        }
                    };
                    media.capture_screen(ended).await?;
                    self.attach(&media);
                    if let Some(screen) = media.screen() {
                        self.show_local(&call_id, SCREEN, Some(&screen));
                    }
                }
                Some(false) => self.share_no_more(&call_id, &media),
                None => {}
            }
            if let Some(on) = audio {
                media.set_microphone(on);
            }
            match video {
                Some(true) => {
                    media.keep_camera();
                    self.open_media(&media, Kinds { audio: false, video: true }).await?;
                }
                Some(false) => {
                    let (driver, freed) = (Rc::downgrade(&self), media.clone());
                    media.free_camera(move || {
                        if let Some(driver) = driver.upgrade() {
                            driver.attach(&freed);
                        }
                    });
                }
                None => {}
            }
            // What comes of it may close one of them.
            let peers = self.peers.borrow().clone();
            for peer in peers {
                peer.offer_again(&self);
            }
            // What was said last counts: what was turned off while the camera opened is off.
            audio = audio.filter(|on| *on == media.is_microphone_on());
            video = video.filter(|on| *on != media.is_camera_off());
            let screen_share = screen_share.filter(|on| *on == media.is_screen_shared());
            if (audio, video, screen_share) == (None, None, None) {
                return Ok(JsValue::UNDEFINED);
            }
        }
        let toggle = MediaToggle { call_id, audio, video, screen_share };
        let ticket = self.session.borrow_mut().toggle_media(now(), toggle);
        JsFuture::from(self.ask(ticket)).await
    }

    fn share_no_more(&self, call: &CallId, media: &LocalMedia) {
        if media.drop_screen() {
            self.attach(media);
            self.show_local(call, SCREEN, None);
        }
    }

    /// The browser ended the sharing of the screen: its own bar has a button for that.
    fn screen_ended(self: &Rc<Self>, call_id: CallId) {
        let off = MediaOptions { audio: None, video: None, screen_share: Some(false) };
        let told = self.clone().toggle(call_id, off);
        // It is so whether the server hears of it or not.
        spawn_local(async move { drop(told.await) });
    }

    pub(crate) async fn preview(self: Rc<Self>, on: MediaOptions) -> Result<JsValue, JsValue> {
        self.check_disposed()?;
        let wanted = Kinds { audio: on.audio.unwrap_or(true), video: on.video.unwrap_or(true) };
        let known = self.preview.borrow().clone();
        let media = match known {
            Some(media) => media,
            None => LocalMedia::new()?,
        };
        *self.preview.borrow_mut() = Some(media.clone());
        media.keep_only(wanted);
        let captured = media.capture(wanted, &self.options).await;
        if captured.is_err() {
            media.close();
            self.preview.borrow_mut().take_if(|preview| Rc::ptr_eq(preview, &media));
        }
        captured.map(|()| (&media.stream).into())
    }

    /// Takes the place of the one call that a device can be in, with what a preview has opened.
    fn take_media(&self, wanted: Kinds, path: Path) -> Result<Rc<LocalMedia>, JsValue> {
        self.check_disposed()?;
        if self.media.borrow().is_some() {
            return Err(fail(FailureCode::AlreadyInCall, "you are in a call already; hang it up first"));
        }
        let media = match self.preview.take() {
            Some(preview) => preview,
            None => LocalMedia::new()?,
        };
        media.relay_only.set(path.is_relay(self.options.relay_only));
        media.keep_only(wanted);
        *self.media.borrow_mut() = Some(media.clone());
        Ok(media)
    }

    async fn open_media(&self, media: &Rc<LocalMedia>, wanted: Kinds) -> Result<(), JsValue> {
        media.capture(wanted, &self.options).await?;
        self.attach(media);
        Ok(())
    }

    /// Puts the media that are open into every peer connection of the call.
    fn attach(&self, media: &LocalMedia) {
        for peer in &*self.peers.borrow() {
            peer.attach(Some(media));
        }
    }

    fn give_up(&self, media: &Rc<LocalMedia>) {
        media.close();
        self.media.borrow_mut().take_if(|held| Rc::ptr_eq(held, media));
    }

    pub(crate) fn check_disposed(&self) -> Result<(), JsValue> {
        if self.disposed.get() {
            return Err(to_error(&Failure::new(
                FailureCode::Disposed,
                "the client was disposed of; make a new one",
            )));
        }
        Ok(())
    }

    /// What a call that is known here was made with.
    fn call_type(&self, call: &CallId) -> Option<CallType> {
        let session = self.session.borrow();
        session
            .calls()
            .chain(session.resumable())
            .find(|known| known.id == *call)
            .map(|known| known.call_type)
    }

    pub(crate) fn calls(&self) -> JsValue {
        list(self.session.borrow().calls())
    }

    pub(crate) fn resumable(&self) -> JsValue {
        list(self.session.borrow().resumable().iter())
    }
}

fn list<'a>(calls: impl Iterator<Item = &'a Call>) -> JsValue {
    let list = Array::new();
    for call in calls {
        list.push(&to_js(call));
    }
    list.into()
}
