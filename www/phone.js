// All that this page asks of the SDK. The other modules only draw what stands here.
import { CallClient, init } from '/pkg/index.js'

/**
 * The call that this page is in, or is starting: what there is to show of it.
 * @typedef {object} Party
 * @property {string} [id] absent until the server has made the call
 * @property {string} peer the other one
 * @property {'audio' | 'video'} type
 * @property {'caller' | 'callee'} role
 * @property {string} state
 * @property {boolean} [asked] whether the server has been asked to make it
 * @property {boolean} opening whether camera and microphone are being asked for
 * @property {{ audio: boolean, video: boolean }} mine what I show
 * @property {{ audio: boolean, video: boolean }} theirs what the other shows
 * @property {MediaStream} [local]
 * @property {MediaStream} [remote]
 * @property {number} [connectedAt] by `performance.now()`
 * @property {boolean} [left] whether I ended it
 */

/** One user's place at the server. Tells its listeners `changed()`, `ended(party, reason, elsewhere)`, `failed(error, party?)`. */
export class Phone {
  /** @type {Party | undefined} */
  call
  /** Calls that ring here. */
  rings = []
  #client
  #listeners
  #starting = Promise.resolve()

  /** Joins the server as `name`. */
  static async open(name, listeners) {
    await init()
    const phone = new Phone(name, listeners)
    try {
      await phone.connect()
    } catch (error) {
      phone.close()
      throw error
    }
    return phone
  }

  constructor(name, listeners) {
    const client = new CallClient({ url: '/ws', userId: name })
    this.#client = client
    this.#listeners = listeners

    client.on('call:incoming', (call) => {
      this.rings.push(call)
      listeners.changed()
    })
    client.on('call:state-changed', (event) => this.#stateChanged(event))
    client.on('call:media-changed', ({ callId, audio, video }) =>
      this.#update(callId, ({ theirs }) => {
        theirs.audio = audio ?? theirs.audio
        theirs.video = video ?? theirs.video
      }))
    client.on('media:local', ({ callId, stream }) => this.#update(callId, (call) => { call.local = stream }))
    client.on('media:remote', ({ callId, stream }) => this.#update(callId, (call) => { call.remote = stream }))
    client.on('media:remote-removed', ({ callId }) => this.#update(callId, (call) => { call.remote = undefined }))
    client.on('connection:state-changed', () => listeners.changed())
    client.on('error', (error) => listeners.failed(error))
  }

  get name() { return this.#client.userId }
  get connection() { return this.#client.connectionState }
  /** The call that waits for this user's answer. */
  get incoming() { return this.rings[0] }

  connect() { return this.#client.connect() }
  close() { this.#client.dispose() }

  /** Calls `peer`. One that was given up while the browser still asked for permission comes to its end first. */
  start(peer, type) {
    const call = this.#enter({ peer, type, role: 'caller', state: 'initiating' })
    this.#starting = this.#starting.then(() => this.#initiate(call))
  }

  /** Answers a call that rings here. */
  async accept(ring) {
    if (this.call) this.hangup()
    this.#answered(ring)
    const call = this.#enter({ id: ring.id, peer: ring.callerId, type: ring.type, role: 'callee', state: 'ringing' })
    try {
      await this.#client.accept(ring.id)
      call.opening = false
      this.#listeners.changed()
    } catch (error) {
      this.#abandon(call, error)
    }
  }

  decline(ring) {
    return this.#ask(this.#client.reject(ring.id))
  }

  /** Ends the call, or gives up calling. */
  hangup() {
    const { call } = this
    if (!call) return
    call.left = true
    if (call.id) return this.#ask(this.#client.hangup(call.id))
    this.#end(call, 'cancelled')
  }

  /** Turns the microphone (`audio`) or the camera (`video`) on or off. */
  async toggle(kind) {
    const { call } = this
    if (!call?.id) return
    const on = !call.mine[kind]
    await this.#ask(this.#client.toggleMedia(call.id, { [kind]: on }).then(() => { call.mine[kind] = on }))
    this.#listeners.changed()
  }

  async #initiate(call) {
    if (call.left) return
    call.asked = true
    try {
      const { id } = await this.#client.initiate({ conversationId: 'demo', type: call.type, calleeIds: [call.peer] })
      if (call.left) return await this.#client.hangup(id)
      call.id = id
      call.opening = false
      this.#listeners.changed()
    } catch (error) {
      this.#abandon(call, error)
    }
  }

  #stateChanged({ callId, state, endReason, answeredElsewhere }) {
    const ring = this.rings.find(({ id }) => id === callId)
    if (state !== 'ringing') this.#answered(ring)
    if (state === 'ended') {
      const call = this.#mine(callId) ?? (ring && { peer: ring.callerId, type: ring.type, role: 'callee' })
      if (call) this.#end(call, endReason, answeredElsewhere)
      return
    }
    this.#update(callId, (call) => {
      call.state = state
      if (state === 'connected') call.connectedAt ??= performance.now()
    })
  }

  #answered(ring) {
    this.rings = this.rings.filter((other) => other !== ring)
  }

  #enter(call) {
    const video = call.type === 'video'
    this.call = { ...call, opening: true, mine: { audio: true, video }, theirs: { audio: true, video } }
    this.#listeners.changed()
    return this.call
  }

  /** The call of this page, if it is the one with this id. Its first event may come before `initiate` has resolved. */
  #mine(callId) {
    const { call, rings } = this
    if (call?.asked && !call.id && !rings.some(({ id }) => id === callId)) call.id = callId
    return call?.id === callId ? call : undefined
  }

  #update(callId, change) {
    const call = this.#mine(callId)
    if (call) change(call)
    this.#listeners.changed()
  }

  #end(call, reason, elsewhere) {
    if (this.call === call) this.call = undefined
    this.#listeners.changed()
    this.#listeners.ended(call, reason, elsewhere)
  }

  /** What was begun failed. Where that is since the call has ended, the event that says so says more. */
  #abandon(call, error) {
    if (this.call !== call || error.code === 'call-ended') return
    this.call = undefined
    this.#listeners.changed()
    this.#listeners.failed(error, call)
  }

  #ask(promise) {
    return promise.catch((error) => this.#listeners.failed(error))
  }
}
