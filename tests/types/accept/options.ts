// Every option, and none but the two that are needed.
import { CallClient, type CallClientOptions, type InitiateOptions, type LogLevel, type MediaToggle } from 'lumencall'

export const least: CallClientOptions = { url: 'wss://example.com/ws', userId: 'alice' }

export const all: CallClientOptions = {
  url: '/ws',
  userId: 'alice',
  iceServers: [
    { urls: 'stun:stun.example.com' },
    { urls: ['turn:turn.example.com?transport=tcp'], username: 'u', credential: 'c' },
  ],
  media: { audio: { echoCancellation: true }, video: { width: { ideal: 1280 }, facingMode: 'user' } },
  commandTimeout: 5000,
  logger: (level: LogLevel, message: string) => console.log(level, message),
}

/** In place of a list: what gets one. And whose addresses are shown. */
export const paths: CallClientOptions[] = [
  { ...least, iceServers: () => [{ urls: 'stun:stun.example.com' }], iceTransportPolicy: 'relay' },
  { ...least, iceServers: async () => (await fetch('/ice')).json(), iceTransportPolicy: 'all' },
]

/** In place of a name: a token, or what gets one. */
export const tokens: CallClientOptions[] = [
  { url: '/ws', token: 'eyJ...' },
  { url: '/ws', token: () => 'eyJ...' },
  { url: '/ws', token: async () => (await fetch('/token')).text() },
]

export const clients = [new CallClient(least), new CallClient({ ...all, logger: console.log })]

export const calls: InitiateOptions[] = [
  { conversationId: 'c', type: 'audio', calleeIds: ['bob'] },
  { conversationId: 'c', type: 'video', calleeIds: ['bob', 'carol', 'dave'] },
  { conversationId: 'c', type: 'audio', calleeIds: ['bob'], iceTransportPolicy: 'relay' },
  { conversationId: 'c', type: 'video', calleeIds: ['bob'], metadata: JSON.stringify({ subject: 'lunch' }) },
]

/** One call may be otherwise than the client, also where it is answered. */
export const answers = (client: CallClient, callId: string) => [
  client.accept(callId, { iceTransportPolicy: 'relay' }),
  client.rejoin(callId, {}),
]

export const toggles: MediaToggle[] = [{}, { audio: false }, { audio: true, video: true, screenShare: true }]
