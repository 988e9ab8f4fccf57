// Names of events that there are not, and payloads that they do not have.
import type { Call, CallClient, CallEvents } from 'lumencall'

export function names(client: CallClient, name: string): void {
  client.on('call:incomming', () => {}) // refused
  client.once('incoming', () => {}) // refused
  client.off('call:ended', () => {}) // refused
  client.on('signal:offer', () => {}) // refused
  client.on('', () => {}) // refused
  client.on(name, () => {}) // refused
  client.on('call:incoming') // refused
  client.on('call:incoming', 'listener') // refused
}

export function payloads(client: CallClient): void {
  client.on('call:incoming', ({ callId }) => console.log(callId)) // refused
  client.on('call:incoming', (call) => console.log(call.caller)) // refused
  client.on('call:state-changed', (call: Call) => console.log(call.id)) // refused
  client.on('call:state-changed', ({ reason }) => console.log(reason)) // refused
  client.on('call:participant-left', ({ participant }) => console.log(participant)) // refused
  client.on('call:media-changed', ({ muted }) => console.log(muted)) // refused
  client.on('call:callee-changed', ({ outcome }) => console.log(outcome === 'accepted')) // refused
  client.on('call:callee-changed', ({ reason }) => console.log(reason)) // refused
  client.on('call:participant-changed', ({ connection }) => console.log(connection === 'failed')) // refused
  client.on('call:elsewhere', ({ userId }) => console.log(userId)) // refused
  client.on('media:local', ({ userId }) => console.log(userId)) // refused
  client.on('media:local-removed', ({ stream }) => console.log(stream)) // refused
  client.on('media:remote', ({ kind }) => console.log(kind === 'window')) // refused
  client.on('media:remote-removed', ({ stream }) => console.log(stream)) // refused
  client.on('connection:state-changed', (state: string) => console.log(state)) // refused
  client.on('error', ({ status }) => console.log(status)) // refused
  client.on('call:incoming', (_call, _more) => {}) // refused
}

export function listeners(client: CallClient): void {
  const listener = ({ userId }: CallEvents['call:participant-left']) => console.log(userId)
  client.on('call:participant-left', listener)
  client.on('call:state-changed', listener) // refused
  client.off('call:state-changed', listener) // refused
  client.on('call:participant-left', listener).off() // refused
}
