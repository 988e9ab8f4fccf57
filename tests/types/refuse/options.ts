// Options that are missing, misspelt, or of another type.
import { CallClient } from 'lumencall'

export const clients = [
  new CallClient(), // refused
  new CallClient({}), // refused
  new CallClient({ url: '/ws' }), // refused
  new CallClient({ userId: 'alice' }), // refused
  new CallClient({ url: 7, userId: 'alice' }), // refused
  new CallClient({ url: '/ws', userId: 'alice', token: 'eyJ...' }), // refused
  new CallClient({ url: '/ws', token: 7 }), // refused
  new CallClient({ url: '/ws', token: () => 7 }), // refused
  new CallClient({ url: '/ws', userId: null }), // refused
  new CallClient({ url: '/ws', userId: 'alice', iceServer: [] }), // refused
  new CallClient({ url: '/ws', userId: 'alice', iceServers: 'stun:stun.example.com' }), // refused
  new CallClient({ url: '/ws', userId: 'alice', iceServers: [{ url: 'stun:stun.example.com' }] }), // refused
  new CallClient({ url: '/ws', userId: 'alice', iceServers: () => 'stun:stun.example.com' }), // refused
  new CallClient({ url: '/ws', userId: 'alice', iceTransportPolicy: 'relays' }), // refused
  new CallClient({ url: '/ws', userId: 'alice', media: { audio: { volumes: 3 } } }), // refused
  new CallClient({ url: '/ws', userId: 'alice', commandTimeout: '10s' }), // refused
  new CallClient({ url: '/ws', userId: 'alice', logger: (level: number) => console.log(level) }), // refused
]

export async function calls(client: CallClient): Promise<void> {
  await client.initiate() // refused
  await client.initiate({ type: 'video', calleeIds: ['bob'] }) // refused
  await client.initiate({ conversationId: 'c', calleeIds: ['bob'] }) // refused
  await client.initiate({ conversationId: 'c', type: 'video' }) // refused
  await client.initiate({ conversationId: 'c', type: 'screen', calleeIds: ['bob'] }) // refused
  await client.initiate({ conversationId: 'c', type: 'video', calleeIds: 'bob' }) // refused
  await client.initiate({ conversationId: 'c', type: 'video', calleeIds: ['bob'], iceTransportPolicy: true }) // refused
  await client.initiate({ conversationId: 'c', type: 'video', calleeIds: [7] }) // refused
  await client.initiate({ conversationId: 'c', type: 'video', calleeIds: ['bob'], metadata: {} }) // refused
  await client.initiate({ conversationId: 'c', type: 'video', callees: ['bob'], calleeIds: ['bob'] }) // refused
  await client.accept() // refused
  await client.accept(7) // refused
  await client.accept({ id: 'call-1' }) // refused
  await client.hangup('call-1', 'completed') // refused
  await client.toggleMedia('call-1') // refused
  await client.toggleMedia('call-1', { audio: 'off' }) // refused
  await client.toggleMedia('call-1', { microphone: false }) // refused
  await client.preview({ video: 'front' }) // refused
  await client.addParticipant('call-1') // refused
  await client.addParticipant('call-1', ['dave']) // refused
  await client.addParticipant({ callId: 'call-1', userId: 'dave' }) // refused
  await client.removeParticipant('call-1', 7) // refused
  await client.removeParticipant('dave') // refused
  client.peerConnection('call-1') // refused
}
