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
    /// `setRemoteDescription()`.
    SetRemote(DescriptionType, Sdp),
}

/// What came of an operation.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// A description was made, and applied. The flag says whether it began a generation of candidates.
    Made(DescriptionType, Sdp, bool),
    /// Theirs was applied.
    Applied(DescriptionType),
    /// It could not be done in that state (`InvalidStateError`).
    InvalidState,
    /// Their answer names a generation that no offer asked for (`InvalidAccessError`).
    Refused,
}

/// What is in force on one side: after the last exchange, and while one is under way.
#[derive(Debug, Default)]
struct Side {
    current: Option<Sdp>,
    pending: Option<Sdp>,
}

impl Side {
    /// Whether a description names another generation than the one in force.
    fn begins(new: &Sdp, current: Option<&Sdp>) -> bool {
        current.is_some_and(|current| current.ufrag != new.ufrag)
    }
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
    keeps: bool,
    /// Whether the next answer names another generation for that.
    begun: bool,
}

impl Connection {
    /// If `keeps`, the answer to an offer names the generation that this side had begun in one that it took back for that: so Firefox's does.
    pub(crate) fn new(keeps: bool) -> Self {
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
            keeps,
            begun: false,
        }
    }

    /// `setLocalDescription()`. The first offer brings the first media with it.
    pub(crate) fn set_local(&mut self) {
        if self.local.current.is_none() && self.local.pending.is_none() {
            self.look_later();
        }
        self.chain.push_back(Operation::SetLocal);
    }

    /// `setRemoteDescription()`.
    pub(crate) fn set_remote(&mut self, kind: DescriptionType, sdp: Sdp) {
        self.chain.push_back(Operation::SetRemote(kind, sdp));
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
            Operation::SetLocal => self.describe(ufrag),
            Operation::SetRemote(kind, sdp) => self.apply(kind, sdp),
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

    /// How many looks are to be queued.
    pub(crate) fn take_looks(&mut self) -> usize {
        std::mem::take(&mut self.looks)
    }

    /// The first operation of the chain cannot be done. Returns what was to come of the step that it belongs to: an offer, or an
    /// answer or nothing.
    pub(crate) fn fail(&mut self) -> DescriptionType {
        match self.chain.pop_front().expect("there is an operation") {
            Operation::SetLocal if self.signaling != Signaling::HaveRemoteOffer => DescriptionType::Offer,
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

    fn describe(&mut self, ufrag: String) -> Outcome {
        let known = self.local.pending.as_ref().or(self.local.current.as_ref()).map(|sdp| sdp.ufrag.clone());
        let kind = match self.signaling {
            Signaling::Stable | Signaling::HaveLocalOffer => DescriptionType::Offer,
            Signaling::HaveRemoteOffer => DescriptionType::Answer,
        };
        let (begins, media) = match kind {
            DescriptionType::Offer => (!self.replaced.is_empty(), self.wants),
            DescriptionType::Answer => {
                // What is taken up from the first offer is answered; more takes an offer of one's own.
                let sends = *self.sends.get_or_insert(0);
                let [before, now] = [&self.remote.current, &self.remote.pending]
                    .map(|sdp| sdp.as_ref().map(|sdp| &sdp.ufrag));
                (before != now || std::mem::take(&mut self.begun), sends)
            }
        };
        let (begins, ufrag) = match known {
            Some(known) if !begins => (false, known),
            Some(_) | None => (true, ufrag),
        };
        let sdp = Sdp { ufrag, media };
        match kind {
            DescriptionType::Offer => {
                self.local.pending = Some(sdp.clone());
                self.signaling = Signaling::HaveLocalOffer;
            }
            DescriptionType::Answer => {
                self.local.current = Some(sdp.clone());
                self.remote.current = self.remote.pending.take();
                self.gets = self.remote.current.as_ref().map(|sdp| sdp.media);
                self.is_stable();
            }
        }
        Outcome::Made(kind, sdp, begins)
    }

    fn apply(&mut self, kind: DescriptionType, sdp: Sdp) -> Outcome {
        match (kind, self.signaling) {
            // An offer rolls the own one back.
            (DescriptionType::Offer, _) => {
                let taken_back = self.local.pending.take().filter(|_| self.keeps);
                self.begun |= taken_back.is_some_and(|own| Side::begins(&own, self.local.current.as_ref()));
                self.remote.pending = Some(sdp);
                self.signaling = Signaling::HaveRemoteOffer;
            }
            (DescriptionType::Answer, Signaling::HaveLocalOffer) => {
                let own = self.local.pending.as_ref().expect("there is an offer");
                let asked = Side::begins(own, self.local.current.as_ref());
                if !asked && Side::begins(&sdp, self.remote.current.as_ref()) {
                    return Outcome::Refused;
                }
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
