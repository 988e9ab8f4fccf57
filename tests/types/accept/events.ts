// What listeners get narrows by the name of the event, and is never `any`.
import type {
  Call,
  CallClient,
  CallError,
  CallEvents,
  CallParticipant,
  CallState,
  CalleeOutcome,
  ConnectionState,
  EndCause,
  EndEvidence,
  EndReason,
  MediaKind,
} from 'lumencall'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Every event that there is: a new one belongs here, and into the README. */
type Names =
  | 'call:incoming'
  | 'call:state-changed'
  | 'call:participant-joined'
  | 'call:participant-left'
  | 'call:media-changed'
  | 'call:callee-changed'
  | 'call:participant-changed'
  | 'call:participant-rejoined'
  | 'call:elsewhere'
  | 'media:local'
  | 'media:local-removed'
  | 'media:remote'
  | 'media:remote-removed'
  | 'connection:state-changed'
  | 'error'

export const types: true[] = [
  true satisfies Same<keyof CallEvents, Names>,
  true satisfies Same<CallEvents['call:incoming'], Call>,
  true satisfies Same<CallEvents['error'], CallError>,
  true satisfies Same<CallEvents['call:state-changed']['state'], CallState>,
  true satisfies Same<CallEvents['call:state-changed']['endReason'], EndReason | undefined>,
  true satisfies Same<CallEvents['call:state-changed']['cause'], EndCause | undefined>,
  true satisfies Same<CallEvents['call:state-changed']['evidence'], EndEvidence | undefined>,
  true satisfies Same<CallEvents['media:local-removed']['kind'], Exclude<MediaKind, 'other'>>,
  true satisfies Same<CallEvents['call:participant-rejoined']['participant'], CallParticipant>,
  true satisfies Same<CallEvents['call:callee-changed']['outcome'], CalleeOutcome>,
  true satisfies Same<CallEvents['call:participant-changed']['connection'], 'connected' | 'reconnecting'>,
  true satisfies Same<CallEvents['call:elsewhere']['engaged'], boolean>,
]

export function listen(client: CallClient): void {
  client.on('call:incoming', (call) => {
    const text: string = call.metadata ?? call.conversationId
    const callees: readonly string[] = call.calleeIds
    console.log(text, callees.length, call.type === 'video', call.startedAt)
  })
  client.on('call:state-changed', ({ callId, state, endReason, answeredElsewhere, at }) => {
    if (state === 'ended') console.log(callId, endReason satisfies EndReason | undefined, answeredElsewhere === true, at)
  })
  client.on('call:participant-joined', ({ callId, participant }) => {
    const one: CallParticipant = participant
    console.log(callId, one.userId, one.joinedAt, one.audioMuted || one.videoMuted || one.screenSharing)
  })
  client.on('call:participant-left', ({ callId, userId }) => console.log(callId, userId))
  client.on('call:media-changed', ({ callId, userId, audio, video, screenShare }) => {
    const on: (boolean | undefined)[] = [audio, video, screenShare]
    console.log(callId, userId, on)
  })
  client.on('call:callee-changed', ({ callId, userId, outcome }) => {
    if (outcome !== 'ringing') console.log(callId, userId, outcome satisfies 'rejected' | 'missed' | 'busy')
  })
  client.on('call:participant-changed', ({ callId, userId, connection }) =>
    console.log(callId, userId, connection === 'reconnecting'))
  client.on('call:elsewhere', ({ callId, engaged }) => console.log(callId, engaged ? 'in a call' : 'free'))
  client.on('media:local', ({ callId, kind, stream }) => console.log(callId, kind, stream.getTracks()))
  client.on('media:remote', ({ callId, userId, kind, stream }) => console.log(callId, userId, kind, stream.active))
  client.on('media:local-removed', ({ callId, kind }) => console.log(callId, kind === 'screen'))
  client.on('media:remote-removed', ({ callId, userId, kind }) => console.log(callId, userId, kind))
  client.on('connection:state-changed', ({ state }) => console.log(state satisfies ConnectionState))
  client.on('error', (error) => console.error(error.code, error.message, error.callId))
}

export function unsubscribe(client: CallClient): void {
  const listener = ({ state }: CallEvents['call:state-changed']) => console.log(state)
  const off: () => void = client.on('call:state-changed', listener)
  client.once('call:state-changed', listener)()
  client.off('call:state-changed', listener)
  off()
  // A listener may take less than it gets, or nothing.
  client.on('call:state-changed', ({ callId }: { callId: string }) => console.log(callId))
  client.on('call:incoming', () => console.log('it rings'))
  // What it returns is of no interest.
  client.on('call:incoming', async (call) => client.accept(call.id))
}

export function anyEvent<K extends keyof CallEvents>(client: CallClient, name: K): Promise<CallEvents[K]> {
  return new Promise((resolve) => client.once(name, resolve))
}

export async function firstCall(client: CallClient): Promise<string> {
  const call: Call = await anyEvent(client, 'call:incoming')
  return call.callerId
}
