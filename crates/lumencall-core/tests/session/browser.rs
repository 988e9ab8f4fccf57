//! A peer connection as a browser has it: its signaling state and its chain of operations (W3C WebRTC 1.0, 4.4.1), its ICE
//! credentials (JSEP, RFC 8829, 5.2.1 and 5.3.1), and when it says `negotiationneeded` (4.7.3 there).
//!
//! What is sent is a number, which a user changes at will; an offer tells its sender's. Time is the caller's: nothing is done
//! until it runs what is queued.

use std::collections::VecDeque;

use lumencall_core::wire::DescriptionType;

/// Where negotiation stands (`RTCSignalingState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signaling {
    Stable,
    HaveLocalOffer,
    HaveRemoteOffer,
}

/// A description, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sdp {
    /// The ICE generation that it names (`ice-ufrag`).
    pub(crate) ufrag: String,
    /// What its sender sends.
    pub(crate) media: u32,
}

/// One operation of the chain.
#[derive(Clone, Debug)]
enum Operation {
    /// `setLocalDescription()`, without an argument.
    SetLocal,
    /// `createOffer()`.
    CreateOffer,
    /// `setRemoteDescription()`, right behind a `setLocalDescription()` of what was created before, if there is something.
    SetRemote(DescriptionType, Sdp, Option<Sdp>),
}

/// What came of an operation.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// A description was made.
    Made(DescriptionType, Sdp),
    /// Theirs was applied.
    Applied(DescriptionType),
    /// It could not be done in that state (`InvalidStateError`).
    InvalidState,
}

/// What is in force on one side: after the last exchange, and while one is under way.
#[derive(Debug, Default)]
struct Side {
    current: Option<Sdp>,
    pending: Option<Sdp>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) signaling: Signaling,
    chain: VecDeque<Operation>,
    local: Side,
    remote: Side,
    /// What this side sends, or wants to.
    pub(crate) wants: u32,
    /// What this side sends by what was negotiated last; nothing before.
    sends: Option<u32>,
    /// What the other sends.
    pub(crate) gets: Option<u32>,
    /// The generations that a restart is to replace (`[[LocalIceCredentialsToReplace]]`).
    replaced: Vec<String>,
    /// Whether it has said that a negotiation is needed (`[[NegotiationNeeded]]`).
    said: bool,
    /// Whether it looks again when the chain is empty.
    look_again: bool,
    /// How often it has yet to queue a look whether one is needed.
    looks: usize,
    /// The offer that was created last, and not applied yet.
    created: Option<Sdp>,
    /// The generation whose candidates are to be gathered.
    gathers: Option<String>,
    /// How many offers gave way to one of theirs.
    pub(crate) yielded: u32,
}

impl Connection {
    pub(crate) fn new() -> Self {
        Self {
            signaling: Signaling::Stable,
            chain: VecDeque::new(),
            local: Side::default(),
            remote: Side::default(),
            wants: 0,
            sends: None,
            gets: None,
            replaced: Vec::new(),
            said: false,
            look_again: false,
            looks: 0,
            created: None,
            gathers: None,
            yielded: 0,
        }
    }

    /// Offers, or answers. The first offer brings the first media with it. A later one is created, and not applied yet.
    pub(crate) fn describe(&mut self) {
        if self.own().is_none() {
            self.look_later();
        }
        let anew = self.local.current.is_some() && !self.is_to_answer();
        self.chain.push_back(if anew { Operation::CreateOffer } else { Operation::SetLocal });
    }

    /// Takes a description of theirs; an answer, with the offer that was created for it.
    pub(crate) fn set_remote(&mut self, kind: DescriptionType, sdp: Sdp) {
        let created = self.created.take();
        self.yielded += u32::from(kind == DescriptionType::Offer && created.is_some());
        let ours = created.filter(|_| kind == DescriptionType::Answer);
        self.chain.push_back(Operation::SetRemote(kind, sdp, ours));
    }

    fn is_to_answer(&self) -> bool {
        self.signaling == Signaling::HaveRemoteOffer
    }

    /// `restartIce()`.
    pub(crate) fn restart_ice(&mut self) {
        let local = [&self.local.current, &self.local.pending];
        self.replaced = local.into_iter().flatten().map(|sdp| sdp.ufrag.clone()).collect();
        self.look_later();
    }

    /// Something else is to be sent.
    pub(crate) fn want(&mut self, media: u32) {
        self.wants = media;
        self.look_later();
    }

    /// The generations of theirs that candidates can be added to, the newest first.
    pub(crate) fn their_ufrags(&self) -> impl Iterator<Item = &str> {
        let remote = [&self.remote.pending, &self.remote.current];
        remote.into_iter().flatten().map(|sdp| &*sdp.ufrag)
    }

    /// Of the last exchange: the own generation, and theirs.
    pub(crate) fn generations(&self) -> [Option<&str>; 2] {
        [&self.local, &self.remote].map(|side| side.current.as_ref().map(|sdp| &*sdp.ufrag))
    }

    /// What both have agreed that this side sends.
    pub(crate) const fn sends(&self) -> Option<u32> {
        self.sends
    }

    pub(crate) fn is_busy(&self) -> bool {
        !self.chain.is_empty()
    }

    /// Runs the first operation of the chain. `ufrag` is a name for a new generation.
    pub(crate) fn run(&mut self, ufrag: String) -> Outcome {
        let outcome = match self.chain.pop_front().expect("there is an operation") {
            Operation::SetLocal => self.set_local(ufrag),
            Operation::CreateOffer => {
                let sdp = self.next_offer(ufrag);
                self.created = Some(sdp.clone());
                Outcome::Made(DescriptionType::Offer, sdp)
            }
            Operation::SetRemote(kind, sdp, ours) => {
                if let Some(ours) = ours {
                    self.offer(ours);
                }
                self.apply(kind, sdp)
            }
        };
        if self.chain.is_empty() && std::mem::take(&mut self.look_again) {
            self.look_later();
        }
        outcome
    }

    /// Looks whether a negotiation is needed. Returns whether that is news.
    pub(crate) fn look(&mut self) -> bool {
        if self.is_busy() {
            self.look_again = true;
            return false;
        }
        if self.signaling != Signaling::Stable {
            return false;
        }
        let needed = self.sends != Some(self.wants) || !self.replaced.is_empty();
        let said = std::mem::replace(&mut self.said, needed);
        needed && !said
    }

    /// The generation whose candidates are to be gathered from now on.
    pub(crate) fn take_gathers(&mut self) -> Option<String> {
        self.gathers.take()
    }

    /// How many looks are to be queued.
    pub(crate) fn take_looks(&mut self) -> usize {
        std::mem::take(&mut self.looks)
    }

    /// The first operation of the chain cannot be done. Returns what was to come of the step that it belongs to: an offer, or an
    /// answer or nothing.
    pub(crate) fn fail(&mut self) -> DescriptionType {
        match self.chain.pop_front().expect("there is an operation") {
            Operation::CreateOffer => DescriptionType::Offer,
            Operation::SetLocal if !self.is_to_answer() => DescriptionType::Offer,
            Operation::SetLocal | Operation::SetRemote(..) => DescriptionType::Answer,
        }
    }

    fn look_later(&mut self) {
        if self.is_busy() {
            self.look_again = true;
        } else {
            self.looks += 1;
        }
    }

    fn set_local(&mut self, ufrag: String) -> Outcome {
        match self.signaling {
            Signaling::Stable | Signaling::HaveLocalOffer => {
                let sdp = self.next_offer(ufrag);
                self.offer(sdp.clone());
                Outcome::Made(DescriptionType::Offer, sdp)
            }
            Signaling::HaveRemoteOffer => {
                // What is taken up from the first offer is answered; more takes an offer of one's own.
                let media = *self.sends.get_or_insert(0);
                let [before, now] = [&self.remote.current, &self.remote.pending]
                    .map(|sdp| sdp.as_ref().map(|sdp| &sdp.ufrag));
                let sdp = self.sdp(before != now, ufrag, media);
                self.gathers_for(&sdp);
                self.local.current = Some(sdp.clone());
                self.remote.current = self.remote.pending.take();
                self.gets = self.remote.current.as_ref().map(|sdp| sdp.media);
                self.is_stable();
                Outcome::Made(DescriptionType::Answer, sdp)
            }
        }
    }

    fn next_offer(&self, ufrag: String) -> Sdp {
        self.sdp(!self.replaced.is_empty(), ufrag, self.wants)
    }

    /// A description of its own, of another generation where it begins one.
    fn sdp(&self, begins: bool, ufrag: String, media: u32) -> Sdp {
        Sdp { ufrag: self.own().filter(|_| !begins).map_or(ufrag, |own| own.ufrag.clone()), media }
    }

    /// Its own description that was applied last.
    fn own(&self) -> Option<&Sdp> {
        self.local.pending.as_ref().or(self.local.current.as_ref())
    }

    /// Applies an offer of its own.
    fn offer(&mut self, sdp: Sdp) {
        assert_ne!(self.signaling, Signaling::HaveRemoteOffer, "InvalidStateError");
        self.gathers_for(&sdp);
        self.local.pending = Some(sdp);
        self.signaling = Signaling::HaveLocalOffer;
    }

    fn gathers_for(&mut self, new: &Sdp) {
        if self.own().is_none_or(|own| own.ufrag != new.ufrag) {
            self.gathers = Some(new.ufrag.clone());
        }
    }

    fn apply(&mut self, kind: DescriptionType, sdp: Sdp) -> Outcome {
        match (kind, self.signaling) {
            (DescriptionType::Offer, signaling) => {
                let rolls_back = signaling == Signaling::HaveLocalOffer && self.local.current.is_some();
                assert!(!rolls_back, "media are lost: an offer was applied that gives way");
                self.remote.pending = Some(sdp);
                self.signaling = Signaling::HaveRemoteOffer;
            }
            (DescriptionType::Answer, Signaling::HaveLocalOffer) => {
                self.gets = Some(sdp.media);
                self.remote.current = Some(sdp);
                self.local.current = self.local.pending.take();
                self.sends = self.local.current.as_ref().map(|sdp| sdp.media);
                self.is_stable();
            }
            (DescriptionType::Answer, Signaling::Stable | Signaling::HaveRemoteOffer) => {
                return Outcome::InvalidState;
            }
        }
        Outcome::Applied(kind)
    }

    fn is_stable(&mut self) {
        self.signaling = Signaling::Stable;
        let used = self.local.current.as_ref().map(|sdp| sdp.ufrag.clone());
        if !self.replaced.iter().any(|replaced| Some(replaced) == used.as_ref()) {
            self.replaced.clear();
        }
        self.said = false;
        // The operation that is under way counts as one of the chain.
        self.look_again = true;
    }
}
