//! Which transceiver carries what of the user's: microphone, camera, and screen.

use js_sys::Array;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::{MediaStream, MediaStreamTrack, RtcPeerConnection, RtcRtpSender, RtcRtpTransceiver};

use super::Peer;
use crate::codec::{Plain, ignore, set};
use crate::media::{LocalMedia, tracks};

#[wasm_bindgen]
extern "C" {
    /// `RTCRtpSender` with the method that `web-sys` lacks (W3C WebRTC 1.0, 5.2).
    type SenderWithStreams;

    #[wasm_bindgen(method, js_name = setStreams)]
    fn set_streams(this: &SenderWithStreams, stream: &MediaStream);
}

impl Peer {
    /// The offerer's media descriptions. They wait for no capture: a track is put into its sender when it is there.
    pub(super) fn add_transceivers(&self, media: Option<&LocalMedia>) {
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
    pub(super) fn take_up_transceivers(&self, media: Option<&LocalMedia>) {
        for transceiver in self.own_transceivers() {
            set(&transceiver, "direction", &"sendrecv".into());
            if let Some(media) = media {
                let sender: SenderWithStreams = transceiver.sender().unchecked_into();
                sender.set_streams(&media.stream);
            }
        }
        self.attach(media);
    }

    /// Those for microphone and camera: the first of each kind that this device sends.
    pub(super) fn own_transceivers(&self) -> impl Iterator<Item = RtcRtpTransceiver> {
        [("audio", self.sends.audio), ("video", self.sends.video)].into_iter().filter_map(|(kind, sends)| {
            transceivers(&self.connection).find(|one| sends && one.receiver().track().kind() == kind)
        })
    }

    /// Puts the tracks that are open into their senders, and takes out those that are not.
    pub(crate) fn attach(&self, media: Option<&LocalMedia>) {
        let Some(media) = media else { return };
        if self.connection.get_transceivers().length() == 0 {
            // Those for microphone and camera come first.
            return;
        }
        for transceiver in self.own_transceivers() {
            let track = media.track(&transceiver.receiver().track().kind());
            replace_track(&transceiver, track.as_ref());
        }
        self.share(media);
    }

    /// Shows this device's screen, or no more. The browser says then that it has something to offer.
    fn share(&self, media: &LocalMedia) {
        let Some(screen) = media.screen() else { return };
        for kind in ["video", "audio"] {
            let track = tracks(&screen.get_tracks()).find(|track| track.kind() == kind);
            let is_of_kind = |one: &&RtcRtpTransceiver| one.receiver().track().kind() == kind;
            let known = self.screen.borrow().iter().find(is_of_kind).cloned();
            match (known, track) {
                (Some(known), track) => {
                    set(&known, "direction", &if track.is_some() { "sendonly" } else { "inactive" }.into());
                    replace_track(&known, track.as_ref());
                }
                (None, Some(track)) => {
                    let init = Plain::new().with_text("direction", "sendonly");
                    let init = init.with("streams", &Array::of1(&screen)).done();
                    let made = self
                        .connection
                        .add_transceiver_with_media_stream_track_and_init(&track, init.unchecked_ref());
                    self.screen.borrow_mut().push(made);
                }
                (None, None) => {}
            }
        }
    }
}

fn transceivers(connection: &RtcPeerConnection) -> impl Iterator<Item = RtcRtpTransceiver> {
    connection.get_transceivers().into_iter().map(JsCast::unchecked_into)
}

fn replace_track(transceiver: &RtcRtpTransceiver, track: Option<&MediaStreamTrack>) {
    let sender: RtcRtpSender = transceiver.sender();
    if sender.track().as_ref() != track {
        // It fails only where the connection was closed meanwhile, when nothing is sent at all.
        ignore(sender.replace_track(track));
    }
}
