// The program of the README, as it is written in TypeScript.
import { init, CallClient } from 'lumencall'

await init()
const client = new CallClient({ url: '/ws', userId: 'alice' })
const show =
  (id: string) =>
  ({ stream }: { stream: MediaStream }) => {
    const video = document.getElementById(id)
    if (video instanceof HTMLVideoElement) video.srcObject = stream
  }
client.on('media:local', show('mine'))
client.on('media:remote', show('theirs'))
client.on('call:incoming', async (call) => {
  if (confirm(`${call.callerId} calls. Answer?`)) await client.accept(call.id)
  else await client.reject(call.id)
})
client.on('call:state-changed', ({ state, endReason }) => console.log(state, endReason ?? ''))
await client.connect()

const call = await client.initiate({ conversationId: 'demo', type: 'video', calleeIds: ['bob'] })
const hangup = document.getElementById('hangup')
if (hangup) hangup.onclick = () => client.hangup(call.id)
