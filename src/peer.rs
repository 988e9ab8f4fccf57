//! One peer connection: the browser's own, with what it says handed to the driver.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::Array;
use lumencall_core::wire::{ConnectionState, DescriptionType, Extra, IceCandidate, Private, Source, Wire};
use lumencall_core::{CallId, CallType, UserId};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    MediaStream, RtcPeerConnection, RtcPeerConnectionIceEvent, RtcRtpSender, RtcRtpTransceiver, RtcTrackEvent,
};

use crate::codec::{JsSource, Plain, set, to_js};
use crate::driver::Driver;
use crate::listener::Listener;
use crate::media::LocalMedia;
use crate::options::Kinds;

#[wasm_bindgen]
extern "C" {
    /// `RTCRtpSender` with the method that `web-sys` lacks (W3C WebRTC 1.0, 5.2).
    type SenderWithStreams;

    #[wasm_bindgen(method, js_name = setStreams)]
    fn set_streams(this: &SenderWithStreams, stream: &MediaStream);
}

/// A peer connection to one other in a call.
pub(crate) struct Peer {
    pub(crate) call: CallId,
    pub(crate) user: UserId,
    pub(crate) connection: RtcPeerConnection,
    sends: Kinds,
    /// The stream that the app was shown last.
    shown: RefCell<Option<MediaStream>>,
    closed: Cell<bool>,
    /// They end with the peer.
    listeners: RefCell<Vec<Listener>>,
}

/// A step of the negotiation.
pub(crate) enum Step {
    /// Make an offer.
    Offer,
    /// Apply this description; an offer is answered.
    Apply(DescriptionType, Private),
}

impl Peer {
    pub(crate) fn open(
        driver: &Rc<Driver>,
        call: CallId,
        user: UserId,
        call_type: CallType,
        ice_servers: &JsValue,
    ) -> Result<Rc<Self>, JsValue> {
        let configuration =
            Plain::new().with("iceServers", ice_servers).with_text("bundlePolicy", "max-bundle").done();
        let peer = Rc::new(Self {
            call,
            user,
            connection: RtcPeerConnection::new_with_configuration(configuration.unchecked_ref())?,
            sends: call_type.into(),
            shown: RefCell::new(None),
            closed: Cell::new(false),
            listeners: RefCell::default(),
        });
        peer.listen("icecandidate", driver, Self::candidate_gathered);
        peer.listen("connectionstatechange", driver, Self::connection_changed);
        peer.listen("track", driver, Self::track_came);
        Ok(peer)
    }

    fn listen<E: JsCast + 'static>(
        self: &Rc<Self>,
        event: &'static str,
        driver: &Rc<Driver>,
        handle: fn(&Self, &Rc<Driver>, &E),
    ) {
        let (peer, driver): (Weak<Self>, Weak<Driver>) = (Rc::downgrade(self), Rc::downgrade(driver));
        let listener = Listener::new(&self.connection, event, move |event| {
            if let (Some(peer), Some(driver)) = (peer.upgrade(), driver.upgrade()) {
                handle(&peer, &driver, event.unchecked_ref());
            }
        });
        self.listeners.borrow_mut().push(listener);
    }

    fn candidate_gathered(&self, driver: &Rc<Driver>, event: &RtcPeerConnectionIceEvent) {
        let Some(candidate) = event.candidate() else { return };
        // Read as any message is. Not every browser has a `usernameFragment` there.
        let candidate = JsSource(candidate.into());
        driver.drive(|session| {
            session.handle_local_candidate(IceCandidate {
                call_id: self.call.clone(),
                from_user_id: None,
                to_user_id: self.user.clone(),
                candidate: Wire::read_member(&candidate, "candidate").unwrap_or_default(),
                sdp_mid: Wire::read_member(&candidate, "sdpMid").unwrap_or_default(),
                sdp_m_line_index: Wire::read_member(&candidate, "sdpMLineIndex").unwrap_or_default(),
                username_fragment: Wire::read_member(&candidate, "usernameFragment").unwrap_or_default(),
                incarnation: None,
                extra: Extra::default(),
            });
        });
    }

    fn connection_changed(&self, driver: &Rc<Driver>, _event: &JsValue) {
        let state =
            JsSource((&self.connection).into()).member("connectionState").and_then(|state| state.text());
        let state = match state.as_deref() {
            Some("connected") => ConnectionState::Connected,
            Some("disconnected") => ConnectionState::Reconnecting,
            Some("failed") => ConnectionState::Failed,
            _ => return,
        };
        driver.drive(|session| session.handle_connection(&self.call, &self.user, state));
    }

    fn track_came(&self, driver: &Rc<Driver>, event: &RtcTrackEvent) {
        let named = event.streams().get(0);
        let stream: MediaStream = if named.is_undefined() {
            // The other side named no stream for its track.
            let Ok(stream) = MediaStream::new_with_tracks(&Array::of1(&event.track())) else { return };
            stream
        } else {
            named.unchecked_into()
        };
        // A handle to the same stream; `stream.clone()` would be the browser's method, which copies it and its tracks.
        let known = self.shown.replace(Some(Clone::clone(&stream)));
        if known.as_ref() != Some(&stream) {
            driver.show_remote(self, Some(&stream));
        }
    }

    /// Runs a step, and tells the driver what came of it.
    pub(crate) fn run(self: &Rc<Self>, driver: &Rc<Driver>, step: Step, media: Option<Rc<LocalMedia>>) {
        let (peer, driver) = (self.clone(), driver.clone());
        spawn_local(async move {
            if peer.negotiate(&driver, step, media).await.is_err() && !peer.closed.get() {
                driver.drive(|session| session.handle_negotiation_failed(&peer.call, &peer.user));
            }
        });
    }

    async fn negotiate(
        &self,
        driver: &Rc<Driver>,
        step: Step,
        media: Option<Rc<LocalMedia>>,
    ) -> Result<(), JsValue> {
        let kind = match step {
            Step::Offer => {
                self.add_transceivers(media.as_deref());
                DescriptionType::Offer
            }
            Step::Apply(kind, sdp) => {
                let description =
                    Plain::new().with_text("type", kind.as_str()).with_text("sdp", sdp.reveal()).done();
                JsFuture::from(self.connection.set_remote_description(description.unchecked_ref())).await?;
                // There may be another peer connection to the same user by now.
                if self.closed.get() {
                    return Ok(());
                }
                driver.drive(|session| session.handle_remote_described(&self.call, &self.user));
                if kind == DescriptionType::Answer {
                    return Ok(());
                }
                self.take_up_transceivers(media.as_deref());
                DescriptionType::Answer
            }
        };
        let made = match kind {
            DescriptionType::Offer => self.connection.create_offer(),
            DescriptionType::Answer => self.connection.create_answer(),
        };
        let description = JsFuture::from(made).await?;
        JsFuture::from(self.connection.set_local_description(description.unchecked_ref())).await?;
        if self.closed.get() {
            return Ok(());
        }
        // Sent as it was made: gathering has added nothing to it.
        let sdp = JsSource(description).member("sdp").and_then(|sdp| sdp.text()).unwrap_or_default();
        driver.drive(|session| session.handle_local_description(&self.call, &self.user, kind, sdp.into()));
        Ok(())
    }

    /// The offerer's media descriptions. They wait for no capture: a track is put into its sender when it is there.
    fn add_transceivers(&self, media: Option<&LocalMedia>) {
        for (kind, sends) in [("audio", self.sends.audio), ("video", self.sends.video)] {
            if sends {
                let mut init = Plain::new();
                if let Some(media) = media {
                    init = init.with("streams", &Array::of1(&media.stream));
                }
                let init = init.done();
                self.connection.add_transceiver_with_str_and_init(kind, init.unchecked_ref());
            }
        }
        self.attach(media);
    }

    /// The answerer's: those of the offer, with our own media in what we send.
    fn take_up_transceivers(&self, media: Option<&LocalMedia>) {
        for transceiver in transceivers(&self.connection) {
            let kind = transceiver.receiver().track().kind();
            let sends = if kind == "audio" { self.sends.audio } else { self.sends.video };
            if sends {
                set(&transceiver, "direction", &"sendrecv".into());
                if let Some(media) = media {
                    let sender: SenderWithStreams = transceiver.sender().unchecked_into();
                    sender.set_streams(&media.stream);
                }
            }
        }
        self.attach(media);
    }

    /// Puts the tracks that are open into their senders, and takes out those that are not.
    pub(crate) fn attach(&self, media: Option<&LocalMedia>) {
        let Some(media) = media else { return };
        for transceiver in transceivers(&self.connection) {
            let track = media.track(&transceiver.receiver().track().kind());
            let sender: RtcRtpSender = transceiver.sender();
            if sender.track() != track {
                let replaced = JsFuture::from(sender.replace_track(track.as_ref()));
                // It fails only where the connection was closed meanwhile, when nothing is sent at all.
                spawn_local(async move { drop(replaced.await) });
            }
        }
    }

    pub(crate) fn add_candidate(&self, candidate: &IceCandidate) {
        // The message has the members of an `RTCIceCandidateInit`; the browser passes over the others.
        let init = to_js(candidate).unchecked_into();
        let added =
            JsFuture::from(self.connection.add_ice_candidate_with_opt_rtc_ice_candidate_init(Some(&init)));
        // One that cannot be used, of another generation or an address family that is not here, is one path less.
        spawn_local(async move { drop(added.await) });
    }

    pub(crate) fn close(&self, driver: &Driver) {
        self.closed.set(true);
        self.listeners.borrow_mut().clear();
        self.connection.close();
        if self.shown.take().is_some() {
            driver.show_remote(self, None);
        }
    }
}

fn transceivers(connection: &RtcPeerConnection) -> impl Iterator<Item = RtcRtpTransceiver> {
    connection.get_transceivers().into_iter().map(JsCast::unchecked_into)
}
