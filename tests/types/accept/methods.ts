// Every method, with exactly the type of what it gives.
import { init, CallClient, type Call, type ConnectionState, type Unsubscribe } from 'lumencall'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

export const types: true[] = [
  true satisfies Same<ReturnType<typeof init>, Promise<void>>,
  true satisfies Same<ReturnType<CallClient['connect']>, Promise<void>>,
  true satisfies Same<ReturnType<CallClient['preview']>, Promise<MediaStream>>,
  true satisfies Same<ReturnType<CallClient['initiate']>, Promise<Call>>,
  true satisfies Same<ReturnType<CallClient['accept']>, Promise<Call>>,
  true satisfies Same<ReturnType<CallClient['resumable']>, Call[]>,
  true satisfies Same<ReturnType<CallClient['rejoin']>, Promise<Call>>,
  true satisfies Same<ReturnType<CallClient['reject']>, Promise<void>>,
  true satisfies Same<ReturnType<CallClient['hangup']>, Promise<void>>,
  true satisfies Same<ReturnType<CallClient['toggleMedia']>, Promise<void>>,
  true satisfies Same<ReturnType<CallClient['addParticipant']>, Promise<void>>,
  true satisfies Same<ReturnType<CallClient['removeParticipant']>, Promise<void>>,
  true satisfies Same<ReturnType<CallClient['on']>, Unsubscribe>,
  true satisfies Same<ReturnType<CallClient['once']>, Unsubscribe>,
  true satisfies Same<ReturnType<CallClient['off']>, void>,
  true satisfies Same<ReturnType<CallClient['dispose']>, void>,
  true satisfies Same<ReturnType<CallClient['peerConnection']>, RTCPeerConnection | undefined>,
  true satisfies Same<CallClient['calls'], readonly Call[]>,
  true satisfies Same<CallClient['userId'], string | undefined>,
  true satisfies Same<CallClient['connectionState'], ConnectionState>,
]

export async function everyMethod(client: CallClient): Promise<void> {
  await client.connect()
  const lobby: MediaStream = await client.preview()
  await client.preview({})
  await client.preview({ audio: true, video: false })
  const call: Call = await client.initiate({ conversationId: 'c', type: 'audio', calleeIds: ['bob'] })
  const answered: Call = await client.accept(call.id)
  for (const left of client.resumable()) await client.rejoin(left.id)
  await client.reject(call.id)
  await client.toggleMedia(call.id, {})
  await client.toggleMedia(call.id, { audio: false, video: true, screenShare: false })
  await client.addParticipant(call.id, 'dave')
  await client.removeParticipant(call.id, 'dave')
  const owner: string | undefined = call.participants[0]?.userId
  if (owner === client.userId) await Promise.all(['bob', 'carol'].map((user) => client.removeParticipant(call.id, user)))
  await client.hangup(answered.id)
  const connection = client.peerConnection(call.id, 'bob')
  const state: RTCPeerConnectionState | undefined = connection?.connectionState
  const mine = client.calls.filter((known) => known.callerId === client.userId).map((known) => known.id)
  console.log(lobby.id, state, mine.length, client.connectionState === 'connected')
  client.dispose()
}

export async function everyInput(bytes: Uint8Array<ArrayBuffer>, module: WebAssembly.Module): Promise<void> {
  await init()
  await init('/files/lumencall_bg.wasm')
  await init(new URL('lumencall_bg.wasm', import.meta.url))
  await init(fetch('/files/lumencall_bg.wasm'))
  await init(bytes)
  await init(module)
}
