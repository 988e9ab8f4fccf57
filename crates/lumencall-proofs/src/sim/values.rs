//! What is said in a run.

use lumencall_core::wire::{CallInitiate, Description, DescriptionType, Extra, IceCandidate, Private};
use lumencall_core::{CallId, CallType, ConversationId, UserId};

pub(super) fn call_id(name: &str) -> CallId {
    CallId::new(name).expect("a name is short and not empty")
}

pub(super) fn user_id(name: &str) -> UserId {
    UserId::new(name).expect("a name is short and not empty")
}

/// An SDP before gathering. `name` stands in it as its `ice-ufrag`, by which [`sdp_name`] knows it.
pub(super) fn sdp(name: &str) -> String {
    format!(
        "v=0\r\no=- 4611 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:{name}\r\na=mid:0\r\n"
    )
}

/// The same after gathering: it tells where its sender is.
pub(super) fn gathered_sdp(name: &str) -> String {
    sdp(name) + "a=candidate:1 1 udp 2122260223 192.0.2.7 51234 typ host\r\n"
}

/// The name that [`sdp`] gave it; nothing for what somebody wrote by hand.
pub(super) fn sdp_name(sdp: &str) -> Option<&str> {
    sdp.lines().find_map(|line| line.strip_prefix("a=ice-ufrag:"))
}

pub(super) fn initiate(callees: Vec<UserId>, audio: bool) -> CallInitiate {
    CallInitiate {
        conversation_id: ConversationId::new("conv-1").expect("it is short and not empty"),
        call_type: if audio { CallType::Audio } else { CallType::Video },
        callee_ids: callees,
        metadata: None,
    }
}

pub(super) fn description(call: &CallId, to: &UserId, kind: DescriptionType, sdp: String) -> Description {
    Description {
        call_id: call.clone(),
        from_user_id: None,
        to_user_id: to.clone(),
        kind,
        sdp: Private::new(sdp),
        sealed: None,
        renegotiation: None,
        incarnation: None,
        round: None,
        screen: None,
        extra: Extra::default(),
    }
}

/// The `number`th candidate of the description with this name.
pub(super) fn candidate(call: &CallId, to: &UserId, number: u32, name: &str) -> IceCandidate {
    IceCandidate {
        call_id: call.clone(),
        from_user_id: None,
        to_user_id: to.clone(),
        candidate: Private::new(format!("{number} of {name}")),
        sdp_mid: Some("0".into()),
        sdp_m_line_index: Some(0),
        username_fragment: (!name.is_empty()).then(|| name.into()),
        incarnation: None,
        extra: Extra::default(),
    }
}

/// A candidate that somebody wrote by hand: an end of candidates, of no description.
pub(super) fn bare_candidate(call: &CallId, to: &UserId) -> IceCandidate {
    IceCandidate { candidate: Private::new(""), ..candidate(call, to, 0, "") }
}
