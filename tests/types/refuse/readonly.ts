// Snapshots do not change, and what the client knows is not the app's to set.
import type { Call, CallClient, CallError, CallEvents } from 'lumencall'

export function client(client: CallClient): void {
  client.calls = [] // refused
  client.userId = 'bob' // refused
  client.connectionState = 'connected' // refused
  client.calls.push(client.calls[0]) // refused
  client.calls[0].state = 'ended' // refused
}

export function call(call: Call, changed: CallEvents['call:state-changed'], error: CallError): void {
  call.id = 'call-2' // refused
  call.type = 'audio' // refused
  call.calleeIds.push('carol') // refused
  call.participants.pop() // refused
  call.participants[0].audioMuted = true // refused
  call.endReason = 'busy' // refused
  changed.state = 'connected' // refused
  error.code = 'timeout' // refused
}

export function notThere(client: CallClient): void {
  client.driver // refused
  client.session // refused
  client.free() // refused
  client.connected // refused
}
