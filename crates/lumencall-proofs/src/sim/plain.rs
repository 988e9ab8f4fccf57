//! What a client does that is not the SDK: what the seed's page on calls says, and nothing more.

use lumencall_core::wire::{ClientFrame, Command, DescriptionType, ServerEvent, ServerFrame, ServerMessage};
use lumencall_core::{CallId, CallState, UserId};

use super::browser::CANDIDATES;
use super::device::{Client, Plain, PlainCall};
use super::schedule::Kind;
use super::values;
use super::world::World;

impl World {
    /// A frame came.
    pub(super) fn plain(&mut self, index: usize, frame: ServerFrame) {
        let device = &mut self.devices[index];
        let (kind, Client::Plain(plain)) = (device.kind, &mut device.client) else { return };
        match frame.message {
            ServerMessage::Welcome(_) | ServerMessage::Error(_) => {}
            ServerMessage::Reply(reply) => {
                // One that speaks the SDK's dialect knows its call by the reply.
                let Some(call) = reply.ok.and_then(|done| done.call) else { return };
                if call.state == CallState::Initiating && !device.watch.has_heard_of(&call.id) {
                    plain.calls.insert(call.id.clone(), PlainCall::made(call.state));
                    device.watch.makes(&call.id);
                } else if let Some(known) = plain.calls.get_mut(&call.id).filter(|known| !known.joined) {
                    (known.state, known.joined) = (call.state, true);
                    device.watch.enters(&call.id, call.state);
                }
            }
            ServerMessage::Event(event) => {
                let ours = matches!(
                    event,
                    ServerEvent::CalleeChanged(_)
                        | ServerEvent::ParticipantChanged(_)
                        | ServerEvent::ParticipantRejoined(_)
                        | ServerEvent::Elsewhere(_)
                );
                super::violation::holds!(
                    "seed",
                    !ours || kind != Kind::Seed,
                    "{event:?} at a client of the seed"
                );
                let ours = device.watch.tells_plain(&event, kind == Kind::Wild);
                if ours {
                    let todo = plain.hears(&event);
                    self.plain_does(index, todo);
                }
            }
        }
    }

    fn plain_does(&mut self, index: usize, todo: Option<(CallId, UserId, DescriptionType)>) {
        let Some((call, user, kind)) = todo else { return };
        // One of the wild kind never answers anybody.
        if self.devices[index].kind != Kind::Seed {
            return;
        }
        let name = self.devices[index].describe();
        let description = values::description(&call, &user, kind, values::gathered_sdp(&name));
        let command = match kind {
            DescriptionType::Offer => Command::Offer(description),
            DescriptionType::Answer => Command::Answer(description),
        };
        self.send(index, &ClientFrame { id: None, command });
        for number in 1..=CANDIDATES {
            let candidate = values::candidate(&call, &user, number, &name);
            self.send(index, &ClientFrame { id: None, command: Command::Candidate(candidate) });
        }
    }
}

impl Plain {
    /// Takes an event in. Returns whom a description is to be made for, if one is.
    fn hears(&mut self, event: &ServerEvent) -> Option<(CallId, UserId, DescriptionType)> {
        match event {
            ServerEvent::Incoming(call) => {
                self.calls.insert(call.id.clone(), PlainCall::incoming(call));
                None
            }
            ServerEvent::StateChanged(changed) => {
                let made = changed.state == CallState::Initiating;
                if made {
                    self.calls.insert(changed.call_id.clone(), PlainCall::made(changed.state));
                } else if changed.state == CallState::Ended {
                    self.calls.remove(&changed.call_id);
                } else if let Some(call) = self.calls.get_mut(&changed.call_id) {
                    call.state = changed.state;
                    // Whoever hears of this state is in the call, whatever led there.
                    call.joined = true;
                }
                None
            }
            ServerEvent::ParticipantJoined(joined) => {
                let call = self.calls.get_mut(&joined.call_id)?;
                call.others.insert(joined.participant.user_id.clone());
                Some((joined.call_id.clone(), joined.participant.user_id.clone(), DescriptionType::Offer))
            }
            ServerEvent::ParticipantLeft(left) => {
                self.calls.get_mut(&left.call_id)?.others.remove(&left.user_id);
                None
            }
            ServerEvent::Offer(offer) => {
                self.calls.get(&offer.call_id).filter(|call| call.joined)?;
                Some((offer.call_id.clone(), offer.from_user_id.clone()?, DescriptionType::Answer))
            }
            ServerEvent::MediaChanged(_)
            | ServerEvent::CalleeChanged(_)
            | ServerEvent::ParticipantChanged(_)
            | ServerEvent::ParticipantRejoined(_)
            | ServerEvent::Elsewhere(_)
            | ServerEvent::Answer(_)
            | ServerEvent::Candidate(_) => None,
        }
    }
}
