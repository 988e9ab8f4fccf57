// Were anything of these `any`, it could be taken for anything.
import { init, CallClient, type Call, type CallError, type CallEvents } from 'lumencall'

interface Anything {
  readonly nobodyHasThis: true
}

export function payloads(client: CallClient): void {
  client.on('call:incoming', (data) => take(data)) // refused
  client.on('call:state-changed', (data) => take(data)) // refused
  client.on('call:participant-joined', (data) => take(data)) // refused
  client.on('call:participant-left', (data) => take(data)) // refused
  client.on('call:media-changed', (data) => take(data)) // refused
  client.on('call:callee-changed', (data) => take(data)) // refused
  client.on('call:participant-changed', (data) => take(data)) // refused
  client.on('call:elsewhere', (data) => take(data)) // refused
  client.on('media:local', (data) => take(data)) // refused
  client.on('media:remote', (data) => take(data)) // refused
  client.on('media:remote-removed', (data) => take(data)) // refused
  client.on('connection:state-changed', (data) => take(data)) // refused
  client.on('error', (data) => take(data)) // refused
}

export function members(call: Call, error: CallError, events: CallEvents): void {
  take(call.id) // refused
  take(call.state) // refused
  take(call.metadata) // refused
  take(call.participants[0]) // refused
  take(call.participants[0].joinedAt) // refused
  take(error.code) // refused
  take(error.callId) // refused
  take(error.cause) // refused
  error.cause.message // refused
  take(events['media:local'].kind) // refused
  take(events['media:remote'].stream) // refused
}

export async function results(client: CallClient): Promise<void> {
  take(await init()) // refused
  take(await client.connect()) // refused
  take(await client.preview()) // refused
  take(await client.initiate({ conversationId: 'c', type: 'audio', calleeIds: ['bob'] })) // refused
  take(await client.accept('call-1')) // refused
  take(await client.reject('call-1')) // refused
  take(await client.hangup('call-1')) // refused
  take(await client.toggleMedia('call-1', {})) // refused
  take(await client.addParticipant('call-1', 'bob')) // refused
  take(await client.removeParticipant('call-1', 'bob')) // refused
  take(client.on('error', () => {})) // refused
  take(client.off('error', () => {})) // refused
  take(client.calls) // refused
  take(client.userId) // refused
  take(client.connectionState) // refused
  take(client.peerConnection('call-1', 'bob')) // refused
  take(client.dispose()) // refused
  client.initiate({ conversationId: 'c', type: 'audio', calleeIds: ['bob'] }).id // refused
}

function take(_anything: Anything): void {}
