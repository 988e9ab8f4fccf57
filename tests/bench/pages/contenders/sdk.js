// The SDK, used as an app uses it that has a lobby: `preview` has opened camera and microphone, and the call takes them
// over.
import { CallClient, init } from '/pkg/index.js'

export async function open({ me, other, host, media, rang, shows }, { preview = true } = {}) {
  await init()
  const client = new CallClient({ url: `ws://${host}/ws`, userId: me, media: { video: media.video } })
  let callId
  let ended = Promise.resolve()
  let over
  const begins = (id) => {
    callId = id
    ended = new Promise((resolve) => (over = resolve))
  }
  client.on('call:incoming', (call) => {
    begins(call.id)
    rang()
  })
  client.on('media:remote', ({ stream }) => shows(stream))
  client.on('call:state-changed', ({ callId: id, state }) => {
    if (id === callId && state === 'ended') over()
  })
  await client.connect()
  return {
    prepare: async () => {
      if (preview) await client.preview({ audio: true, video: true })
    },
    async call() {
      const call = await client.initiate({ conversationId: 'bench', type: 'video', calleeIds: [other] })
      begins(call.id)
    },
    accept: () => client.accept(callId),
    async end() {
      if (me.startsWith('alice')) await client.hangup(callId)
      await ended
    },
  }
}
