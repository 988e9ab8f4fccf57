//! A browser as a session sees it: it makes and applies descriptions, gathers candidates, and connects.

use lumencall_core::wire::{ConnectionState, DescriptionType, IceCandidate};
use lumencall_core::{CallId, Millis, UserId};

use super::values::sdp_name;
use super::violation::holds;

/// How many candidates it gathers for a description.
pub(super) const CANDIDATES: u32 = 2;

/// Something that it is about to do for a peer connection.
#[derive(Clone, Debug)]
pub(super) enum Job {
    Describe(DescriptionType),
    Apply(DescriptionType, Option<String>),
    Gather {
        number: u32,
        of: String,
    },
    /// It looks whether a negotiation is needed.
    Look,
    Stands(ConnectionState),
}

/// Where negotiation stands (`RTCSignalingState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signaling {
    Stable,
    HaveLocalOffer,
    HaveRemoteOffer,
}

/// A peer connection. Each description that it makes begins a new generation of candidates.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    /// Its number, which no other has.
    pub(super) number: u64,
    pub(super) call: CallId,
    pub(super) user: UserId,
    /// The incarnation of the other that it is a connection to.
    pub(super) meant: u32,
    pub(super) signaling: Signaling,
    pub(super) local: Option<(DescriptionType, String)>,
    pub(super) remote: Option<String>,
    /// Whether something failed here, or it was made to fail.
    pub(super) spoilt: bool,
    pub(super) connected: bool,
    /// Whether a path to the other is known.
    reachable: bool,
    /// Whether ICE is to be restarted, by an offer that is not made yet; and by one that has no answer yet.
    restart: bool,
    restarting: bool,
    /// The description of theirs with which the connection was lost; nothing where it stands.
    pub(super) lost: Option<String>,
    /// The descriptions of theirs whose candidates were refused, since they were not applied.
    strays: Vec<String>,
    /// Its steps come one after the other.
    pub(super) busy_until: Millis,
    /// How many there were.
    pub(super) steps: u64,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Browser {
    pub(super) peers: Vec<Peer>,
    pub(super) broken: bool,
}

impl Browser {
    pub(super) fn open(&mut self, number: u64, call: &CallId, user: &UserId, meant: u32) {
        self.peers.push(Peer {
            number,
            call: call.clone(),
            user: user.clone(),
            meant,
            signaling: Signaling::Stable,
            local: None,
            remote: None,
            spoilt: false,
            connected: false,
            reachable: false,
            restart: false,
            restarting: false,
            lost: None,
            strays: Vec::new(),
            busy_until: 0,
            steps: 0,
        });
    }

    pub(super) fn peer(&mut self, call: &CallId, user: &UserId) -> Option<&mut Peer> {
        self.peers.iter_mut().find(|peer| peer.call == *call && peer.user == *user)
    }

    pub(super) fn numbered(&mut self, number: u64) -> Option<&mut Peer> {
        self.peers.iter_mut().find(|peer| peer.number == number)
    }

    pub(super) fn close(&mut self, call: &CallId, user: &UserId) {
        self.peers.retain(|peer| peer.call != *call || peer.user != *user);
    }

    pub(super) fn release(&mut self, call: &CallId) {
        self.peers.retain(|peer| peer.call != *call);
    }

    /// A candidate of the other's is added. Returns whether a connection that was lost stands again.
    pub(super) fn add(&mut self, candidate: &IceCandidate, user: &UserId) -> bool {
        let peer = self.peer(&candidate.call_id, user);
        holds!("I20", peer.is_some(), "{candidate:?} has no peer connection");
        let Some(peer) = peer else { return false };
        let Some((_, name)) = candidate.candidate.reveal().split_once(" of ") else { return false };
        holds!("I20", peer.remote.is_some(), "a candidate of {name} before any description, at {peer:?}");
        // A client of the seed that offers at the same time describes itself twice.
        if !name.starts_with("seed") && peer.remote.as_deref() != Some(name) {
            // One of a description that was taken back, or has been replaced.
            peer.strays.push(name.to_owned());
            return false;
        }
        peer.reachable = true;
        !peer.spoilt && peer.lost.take_if(|lost| lost != name).is_some()
    }
}

/// A description that a session of the SDK made.
#[derive(Clone, Debug)]
pub(super) struct Made {
    /// The incarnation of the other that it is for.
    meant: u32,
    /// The offer that it answers.
    answers: Option<String>,
}

impl Peer {
    /// Makes a description of this name.
    pub(super) fn describes(&mut self, kind: DescriptionType, name: &str) -> Made {
        self.local = Some((kind, name.to_owned()));
        self.signaling = match kind {
            DescriptionType::Offer => Signaling::HaveLocalOffer,
            DescriptionType::Answer => Signaling::Stable,
        };
        self.restarting = std::mem::take(&mut self.restart) && kind == DescriptionType::Offer;
        let answers = self.remote.clone().filter(|_| kind == DescriptionType::Answer);
        Made { meant: self.meant, answers }
    }

    /// What the other made is for this page and, if it is an answer, to what this connection has offered.
    pub(super) fn fits(&self, kind: DescriptionType, made: &Made, incarnation: u32) {
        holds!(
            "I20",
            made.meant == incarnation,
            "{made:?}, for another page than {incarnation}, comes to {self:?}"
        );
        let offered = self.local.as_ref().map(|(_, name)| name);
        holds!(
            "I20",
            kind == DescriptionType::Offer || self.spoilt || made.answers.as_ref() == offered,
            "{made:?} answers another offer than that of {self:?}"
        );
    }

    /// Applies what the other wrote. Returns whether that can be done.
    pub(super) fn apply(&mut self, kind: DescriptionType, name: Option<String>) -> bool {
        let Some(name) = name else { return false };
        if kind == DescriptionType::Offer && !name.starts_with("seed") && !self.spoilt {
            let offering = matches!((&self.local, &self.remote), (Some((DescriptionType::Offer, _)), None));
            holds!("glare", !offering, "both ends of {self:?} offer");
        }
        let refused = self.strays.contains(&name);
        holds!("I20", !refused || self.spoilt, "candidates of {name} came before it, at {self:?}");
        // An offer takes the own one back.
        let restarting = std::mem::take(&mut self.restarting);
        self.restart |= restarting && kind == DescriptionType::Offer;
        self.signaling = match kind {
            DescriptionType::Offer => Signaling::HaveRemoteOffer,
            DescriptionType::Answer => Signaling::Stable,
        };
        self.remote = Some(name);
        true
    }

    /// The next offer is to restart ICE.
    pub(super) const fn restart_ice(&mut self) {
        self.restart = true;
    }

    /// Whether it says that a negotiation is needed.
    pub(super) fn needs_an_offer(&self) -> bool {
        self.restart && self.signaling == Signaling::Stable
    }

    /// Whether it connects now.
    pub(super) fn connects(&mut self) -> bool {
        let ready = self.local.is_some() && self.remote.is_some() && self.reachable && !self.spoilt;
        ready && !std::mem::replace(&mut self.connected, true)
    }
}

/// The kind and the name of what the other wrote.
pub(super) fn read(sdp: &str) -> Option<String> {
    sdp_name(sdp).map(str::to_owned)
}
