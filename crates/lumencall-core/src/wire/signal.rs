//! What the server relays between two members of a call, and never acts upon.

use super::{Private, record, words, written_len};
use crate::{CallId, UserId};

words! {
    /// The kind of a session description (`RTCSdpType`, W3C WebRTC 1.0, 4.3).
    pub enum DescriptionType {
        /// It asks.
        Offer = "offer",
        /// It answers.
        Answer = "answer",
    }
}

record! {
    /// `signal:offer` and `signal:answer`: a session description for one other member.
    pub struct Description {
        /// The call.
        call_id: CallId = "callId",
        /// Who sends it. From a client it is a claim, and the server puts the truth there.
        from_user_id: Option<UserId> = "fromUserId",
        /// Whom it is for.
        to_user_id: UserId = "toUserId",
        /// Offer or answer.
        kind: DescriptionType = "type",
        /// The description, as the browser wrote it.
        sdp: Private = "sdp",
        /// Whether the sender's SDK holds that it carries no candidate and no address, so that it may come to ringing
        /// devices ahead of the accept. See [`Description::is_sealed`].
        sealed: Option<bool> = "sealed",
        /// Whether it changes a connection that exists.
        renegotiation: Option<bool> = "renegotiation",
        /// The receiver's incarnation that it is for; absent is the first.
        incarnation: Option<u32> = "incarnation",
        /// The number of an offer among those that its sender has made; an answer has that of the offer which it answers. Absent
        /// where the sender counts none.
        round: Option<u32> = "round",
        /// The id of the stream that shows the sender's screen, where one does (`MediaStream.id`).
        screen: Option<Box<str>> = "screen",
        ..extra
    }
}

record! {
    /// `signal:ice-candidate`: one candidate for one other member (`RTCIceCandidateInit`, W3C WebRTC 1.0, 4.8.1).
    pub struct IceCandidate {
        /// The call.
        call_id: CallId = "callId",
        /// Who sends it. From a client it is a claim, and the server puts the truth there.
        from_user_id: Option<UserId> = "fromUserId",
        /// Whom it is for.
        to_user_id: UserId = "toUserId",
        /// The candidate line. Empty is an end-of-candidates, as Firefox sends it.
        candidate: Private = "candidate",
        /// The media description that it belongs to, by its identification tag; may be null.
        sdp_mid: Option<Box<str>> = "sdpMid",
        /// The same, by its index; may be null.
        sdp_m_line_index: Option<u16> = "sdpMLineIndex",
        /// The ICE generation that it belongs to (RFC 8839, 5.4).
        username_fragment: Option<Box<str>> = "usernameFragment",
        /// The receiver's incarnation that it is for; absent is the first.
        incarnation: Option<u32> = "incarnation",
        ..extra
    }
}

/// The largest SDP that a client sends, in bytes as it is written. With all that stands beside it in its message it is within the 64 KiB
/// that a server takes.
pub const LARGEST_DESCRIPTION: usize = 62 * 1024;

/// Whether an SDP fits into a message.
pub fn can_be_sent(sdp: &str) -> bool {
    written_len(sdp) <= LARGEST_DESCRIPTION
}

/// The largest offer that may come to a device that has not accepted, in bytes as it is written. Those of browsers have about 8,000; and as
/// many as may ring at a user at once fit into what the server lets wait for one device.
const LARGEST_SEALED: usize = 16 * 1024;

impl Description {
    /// Whether it is an offer that may come to a device that has not accepted: a small one, marked `sealed`, that indeed
    /// names no candidate and no address. Only the two constants that browsers put into `c=` and `o=` are no address.
    pub fn is_sealed(&self) -> bool {
        let screen = self.screen.as_deref().map_or(0, written_len);
        self.kind == DescriptionType::Offer
            && self.sealed == Some(true)
            && written_len(self.sdp.reveal()) + screen + self.extra.len() <= LARGEST_SEALED
            && names_no_address(self.sdp.reveal())
    }
}

/// Whether the SDP has no candidate of either side, and no address but `0.0.0.0` and `127.0.0.1` (RFC 8829, 5.2.1 and
/// 5.2.2: what an offer holds before gathering). In doubt it says no, which costs a trip and nothing else.
pub fn names_no_address(sdp: &str) -> bool {
    sdp.as_bytes().split(|byte| matches!(byte, b'\r' | b'\n')).all(line_names_no_address)
}

fn line_names_no_address(line: &[u8]) -> bool {
    let kind = match line {
        [] => return true,
        [kind @ b'a'..=b'z', b'=', ..] => kind,
        [..] => return false,
    };
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    // `<addrtype> <address>` end a line wherever they stand: in `c=` and `o=`, which have them, and in `a=rtcp` (RFC 3605).
    let typed = words.find(|word| word.eq_ignore_ascii_case(b"IP4") || word.eq_ignore_ascii_case(b"IP6"));
    let placed = match (typed, words.next(), words.next()) {
        (Some(b"IP4"), Some(address), None) => is_constant(address),
        (Some(_), _, _) => false,
        (None, _, _) => !matches!(kind, b'c' | b'o'),
    };
    placed
        && !line.windows(9).any(|word| word.eq_ignore_ascii_case(b"candidate"))
        && line.split(|byte| !byte.is_ascii_digit() && *byte != b'.').all(is_no_quad)
}

fn is_constant(address: &[u8]) -> bool {
    matches!(address, b"0.0.0.0" | b"127.0.0.1")
}

/// Whether digits and dots are no IPv4 address but one of the constants.
fn is_no_quad(digits: &[u8]) -> bool {
    is_constant(digits) || digits.split(|byte| *byte == b'.').filter(|part| !part.is_empty()).count() < 4
}

/// A signal of either kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// A session description.
    Description(Description),
    /// A candidate.
    Candidate(IceCandidate),
}

impl Signal {
    /// The call that it belongs to.
    pub const fn call_id(&self) -> &CallId {
        match self {
            Self::Description(description) => &description.call_id,
            Self::Candidate(candidate) => &candidate.call_id,
        }
    }

    /// Whom it is for.
    pub const fn to_user_id(&self) -> &UserId {
        match self {
            Self::Description(description) => &description.to_user_id,
            Self::Candidate(candidate) => &candidate.to_user_id,
        }
    }

    /// The receiver's incarnation that it is for.
    pub fn incarnation(&self) -> u32 {
        let named = match self {
            Self::Description(description) => description.incarnation,
            Self::Candidate(candidate) => candidate.incarnation,
        };
        named.unwrap_or_default()
    }

    /// The same signal with the sender that the server knows it came from.
    #[must_use]
    pub fn sent_by(mut self, user: &UserId) -> Self {
        match &mut self {
            Self::Description(description) => description.from_user_id = Some(user.clone()),
            Self::Candidate(candidate) => candidate.from_user_id = Some(user.clone()),
        }
        self
    }
}
