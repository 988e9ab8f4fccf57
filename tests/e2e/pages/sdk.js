// An app on the SDK, as small as can be, that writes down every event with its payload, in order.
import { CallClient, init } from '/pkg/index.js'

const NAMES = [
  'call:incoming',
  'call:state-changed',
  'call:participant-joined',
  'call:participant-left',
  'call:media-changed',
  'call:callee-changed',
  'call:participant-changed',
  'call:elsewhere',
  'media:local',
  'media:local-removed',
  'media:remote',
  'media:remote-removed',
  'connection:state-changed',
  'error',
]

let client
let callId
/** The stream of the screen that is shared here. */
let screen
const events = []
/** How many pictures each video element has shown: not all that are decoded are. */
const shown = new WeakMap()

function record(name, data) {
  const { probes } = window
  const isCamera = data.kind === 'camera'
  if (name === 'media:local' && !isCamera) screen = data.stream
  if (name === 'media:local' && isCamera) document.getElementById('local').srcObject = data.stream
  if (name === 'media:remote') {
    tile(data).srcObject = data.stream
    if (isCamera) document.getElementById('remote').srcObject = data.stream
  }
  if (name === 'media:remote-removed') tile(data).remove()
  if (name === 'call:incoming') callId = data.id
  const entry = { name, at: performance.now(), data: plain(data) }
  events.push(entry)
  probes.note('event', { name, data: entry.data })
}

/** The video element of another, for what of theirs is of this kind. The one of `remote` shows whose camera came last. */
function tile({ userId, kind }) {
  const found = find(userId, kind)
  if (found) return found
  const video = Object.assign(document.createElement('video'), { playsInline: true, autoplay: true })
  Object.assign(video.dataset, { user: userId, kind })
  document.body.append(video)
  shown.set(video, 0)
  countShown(video)
  return video
}

function countShown(video) {
  video.requestVideoFrameCallback(() => {
    shown.set(video, shown.get(video) + 1)
    countShown(video)
  })
}

const find = (userId, kind) => document.querySelector(`[data-user="${userId}"][data-kind="${kind}"]`)

/** A payload as plain data, with a stream as the kinds of its tracks. */
function plain(data) {
  if (data instanceof Error) return describe(data)
  const copy = { ...data }
  if (copy.stream instanceof MediaStream) copy.stream = copy.stream.getTracks().map((track) => track.kind).sort()
  return copy
}

function describe(error) {
  const { name, code, message, callId } = error
  return { name, code, message, callId, isError: error instanceof Error, cause: error.cause?.name }
}

window.app = {
  events,
  get callId() {
    return callId
  },

  /** `options.tokens` are given out one after the other, the last for ever; with `options.twice` it connects twice at once. */
  async start({ user, options = {} }) {
    await init()
    const { tokens, twice, ...rest } = options
    const token = tokens ? async () => (tokens.length > 1 ? tokens.shift() : tokens[0]) : rest.token
    client = new CallClient({ url: '/ws', ...rest, ...(token === undefined ? { userId: user } : { token }) })
    for (const name of NAMES) client.on(name, (data) => record(name, data))
    await Promise.all([client.connect(), twice && client.connect()])
  },

  userId: () => client.userId,

  async call({ to, type }) {
    const call = await client.initiate({ conversationId: 'conv-123', type, calleeIds: [to].flat() })
    callId = call.id
    return call
  },
  accept(id = callId) {
    window.probes.note('accept-called')
    return client.accept(id)
  },
  reject: (id = callId) => client.reject(id),
  hangup: (id = callId) => client.hangup(id),
  add: (userId, id = callId) => client.addParticipant(id, userId),
  remove: (userId, id = callId) => client.removeParticipant(id, userId),
  toggle: (media) => client.toggleMedia(callId, media),
  preview: async (media) => (await client.preview(media)).getTracks().map((track) => track.kind).sort(),
  calls: () => client.calls,
  connect: () => client.connect(),
  connectionState: () => client.connectionState,
  resumable: () => client.resumable(),
  rejoin: (id) => client.rejoin((callId = id)),

  /** What has come from one other so far: pictures of the camera that were shown, packets of audio; nothing where there is no connection to them. */
  async received(userId) {
    const connection = client.peerConnection(callId, userId)
    if (connection?.connectionState !== 'connected') return undefined
    const total = { pictures: shown.get(find(userId, 'camera')) ?? 0, audioPackets: 0 }
    for (const report of (await connection.getStats()).values()) {
      if (report.type === 'inbound-rtp' && report.kind === 'audio') total.audioPackets += report.packetsReceived ?? 0
    }
    return total
  },

  /** What has come of one stream of another, `camera` or `screen`: pictures that were shown, sound; nothing where there is no such stream. */
  async receives(userId, kind) {
    const video = find(userId, kind)
    const connection = client.peerConnection(callId, userId)
    if (!video || !connection) return undefined
    const tracks = video.srcObject.getTracks()
    const total = { kinds: tracks.map((track) => track.kind).sort(), pictures: shown.get(video), energy: 0 }
    for (const track of tracks) {
      for (const report of (await connection.getStats(track)).values()) {
        if (report.type === 'inbound-rtp') total.energy += report.totalAudioEnergy ?? 0
      }
    }
    return total
  },

  /** Each m-line between here and another as this end has it, in words, with what has been sent and has come by it. */
  async lines(userId) {
    const connection = client.peerConnection(callId, userId)
    const state = (track) => (track ? `${track.kind} ${track.readyState}${track.muted ? ' muted' : ''}` : 'nothing')
    const told = async (owner, type, of) => {
      const reports = [...(await owner.getStats()).values()].filter((report) => report.type === type)
      return reports.map((report) => `${report[of]} of ${report.ssrc}`).join(' and ') || 'no report'
    }
    const lines = (connection?.getTransceivers() ?? []).map(
      async ({ mid, direction, currentDirection, sender, receiver }) =>
        `${mid}: ${direction} (${currentDirection}), sends ${state(sender.track)}: ${await told(sender, 'outbound-rtp', 'packetsSent')},` +
        ` gets ${state(receiver.track)}: ${await told(receiver, 'inbound-rtp', 'packetsReceived')}`,
    )
    return Promise.all(lines)
  },

  screen: () => screen,
  connection: (userId) => client.peerConnection(callId, userId),
  streamId: (userId, kind) => find(userId, kind)?.srcObject.id,

  dispose: () => client.dispose(),

  /** Does one of the above and tells how it went, in place of throwing: `{ value }` or `{ error }`. */
  async attempt(method, ...args) {
    try {
      return { value: await this[method](...args) }
    } catch (error) {
      return { error: describe(error) }
    }
  },

  /** From now on this app's listeners are broken: one more for each event, which throws. */
  breakListeners() {
    for (const name of NAMES) {
      client.on(name, () => {
        throw new Error(`the app's listener for ${name} is broken`)
      })
    }
  },
}
