// All that this page asks of the SDK. The other modules only draw what stands here.
import { CallClient, init } from '/pkg/index.js'
import { listed } from './words.js'

/**
 * Somebody else in the call, or called into it.
 * @typedef {object} Person
 * @property {string} name
 * @property {'joined' | 'ringing' | 'rejected' | 'missed' | 'busy' | 'left'} is
 * @property {boolean} audio what they show
 * @property {boolean} video
 * @property {boolean} mended whether the connection to them is interrupted
 * @property {MediaStream} [stream]
 * @property {MediaStream} [screen] the screen that they share
 */

/**
 * The call that this page is in, or is starting: what there is to show of it.
 * @typedef {object} Party
 * @property {string} [id] absent until the server has made the call
 * @property {string[]} others whom one would call to be in this call again
 * @property {string} peer who they are, for reading
 * @property {'audio' | 'video'} type
 * @property {'caller' | 'callee'} role
 * @property {string} state
 * @property {boolean} [asked] whether the server has been asked to make it
 * @property {boolean} opening whether camera and microphone are being asked for
 * @property {{ audio: boolean, video: boolean }} mine what I show
 * @property {Person[]} people who is in the call, who is called, and who was until a moment ago
 * @property {boolean} owned whether it is mine to put others out
 * @property {MediaStream} [local]
 * @property {MediaStream} [shared] the screen that I share
 * @property {boolean} [choosing] whether the browser asks which screen that is to be
 * @property {number} [connectedAt] by `performance.now()`
 * @property {boolean} [left] whether I ended it
 */

/** How long it stays to be read what became of one who is out, in milliseconds. */
const REMEMBERED = 6000

/** Where a party has what is shown of oneself. */
const OWN = { camera: 'local', screen: 'shared' }

/** One user's place at the server. Tells its listeners `changed()`, `ended(party, event)`, `failed(error, party?)`, `notShared(error)`. */
export class Phone {
  /** @type {Party | undefined} */
  call
  /** Calls that ring here. */
  rings = []
  /** Whether a token says who this user is. */
  hasToken
  /** Whether this user is in a call on another device. */
  elsewhere = false
  #client
  #listeners
  #starting = Promise.resolve()
  // Of the call, by name.
  #streams = { camera: new Map(), screen: new Map() }
  #out = new Map()
  #mended = new Set()

  /** Joins the server: as `userId`, or as whom `token` is for. */
  static async open(identity, listeners) {
    await init()
    const phone = new Phone(identity, listeners)
    try {
      await phone.connect()
    } catch (error) {
      phone.close()
      throw error
    }
    return phone
  }

  constructor(identity, listeners) {
    this.hasToken = 'token' in identity
    const client = new CallClient({ url: '/ws', ...identity })
    this.#client = client
    this.#listeners = listeners

    client.on('call:incoming', (call) => {
      this.rings.push(call)
      listeners.changed()
    })
    client.on('call:state-changed', (event) => this.#stateChanged(event))
    client.on('call:participant-joined', ({ callId }) => this.#update(callId, () => {}))
    client.on('call:participant-left', ({ callId }) => this.#update(callId, () => {}))
    client.on('call:media-changed', ({ callId }) => this.#update(callId, () => {}))
    client.on('call:callee-changed', ({ callId, userId, outcome }) =>
      this.#update(callId, () => outcome === 'ringing' || this.#isOut(userId, outcome)))
    client.on('call:participant-changed', ({ callId, userId, connection }) =>
      this.#update(callId, () => this.#mended[connection === 'connected' ? 'delete' : 'add'](userId)))
    client.on('call:elsewhere', ({ engaged }) => {
      this.elsewhere = engaged
      listeners.changed()
    })
    client.on('media:local', ({ callId, kind, stream }) => this.#update(callId, (call) => { call[OWN[kind]] = stream }))
    client.on('media:local-removed', ({ callId, kind }) => this.#update(callId, (call) => { call[OWN[kind]] = undefined }))
    client.on('media:remote', ({ callId, userId, kind, stream }) =>
      this.#update(callId, () => this.#streams[kind]?.set(userId, stream)))
    client.on('media:remote-removed', ({ callId, userId, kind }) =>
      this.#update(callId, () => this.#streams[kind]?.delete(userId)))
    client.on('connection:state-changed', ({ state }) => {
      if (state !== 'connected') this.elsewhere = false
      listeners.changed()
    })
    client.on('error', (error) => listeners.failed(error))
  }

  get name() { return this.#client.userId }
  get connection() { return this.#client.connectionState }
  /** The call that this page was in before it was loaded anew. */
  get left() { return this.call ? undefined : this.#client.resumable()[0] }
  /** The call that waits for this user's answer. */
  get incoming() { return this.rings[0] }

  connect() { return this.#client.connect() }
  close() { this.#client.dispose() }

  /** Calls these. A call that was given up while the browser still asked for permission comes to its end first. */
  start(others, type) {
    const call = this.#enter({ others, peer: listed(others), type, role: 'caller', state: 'initiating' })
    this.#starting = this.#starting.then(() => this.#initiate(call))
  }

  /** Answers a call that rings here. */
  async accept(ring) {
    if (this.call) this.hangup()
    this.#answered(ring)
    const { id, type, callerId } = ring
    const call = this.#enter({ id, others: [callerId], peer: callerId, type, role: 'callee', state: 'ringing' })
    try {
      await this.#client.accept(id)
      this.#entered(call)
    } catch (error) {
      this.#abandon(call, error)
    }
  }

  /** Goes back into the call that this page was in. */
  async goBack() {
    const { id, type, callerId, participants, calleeIds } = this.left
    const others = [...new Set([...participants.map(({ userId }) => userId), ...calleeIds])].filter((name) => name !== this.name)
    const role = callerId === this.name ? 'caller' : 'callee'
    const call = this.#enter({ id, others, peer: listed(others), type, role, state: 'reconnecting' })
    try {
      const { state } = await this.#client.rejoin(id)
      call.state = state
      this.#entered(call)
    } catch (error) {
      this.#abandon(call, error)
    }
  }

  /** Leaves that call for good. */
  stayOut() {
    return this.#ask(this.#client.hangup(this.left.id)).then(() => this.#listeners.changed())
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
    this.#end(call, { endReason: 'cancelled' })
  }

  /** Calls more into the call. */
  add(names) {
    const { call } = this
    if (!call?.id) return
    return Promise.all(names.map((name) => this.#ask(this.#client.addParticipant(call.id, name))))
  }

  /** Puts one out of the call. */
  remove(name) {
    const { call } = this
    if (call?.id) return this.#ask(this.#client.removeParticipant(call.id, name))
  }

  /** Turns the microphone (`audio`) or the camera (`video`) on or off. */
  async toggle(kind) {
    const { call } = this
    if (!call?.id) return
    const on = !call.mine[kind]
    await this.#ask(this.#client.toggleMedia(call.id, { [kind]: on }).then(() => { call.mine[kind] = on }))
    this.#listeners.changed()
  }

  /** Shares the screen, which the browser lets the user choose, or shares it no more. */
  async share(on) {
    const { call } = this
    if (!call?.id || on && call.choosing) return
    if (on) call.choosing = true
    try {
      await this.#client.toggleMedia(call.id, { screenShare: on })
    } catch (error) {
      // Of a call that has ended meanwhile, more is said elsewhere.
      if (this.call === call) this.#listeners.notShared(error)
    } finally {
      if (on) call.choosing = false
    }
  }

  async #initiate(call) {
    if (call.left) return
    call.asked = true
    try {
      const made = await this.#client.initiate({ conversationId: 'demo', type: call.type, calleeIds: call.others })
      if (call.left) return await this.#client.hangup(made.id)
      call.id = made.id
      // Whoever was called may have been calling at that moment: theirs is the call, and it is theirs to say of what type.
      if (made.callerId !== this.name) Object.assign(call, { role: 'callee', type: made.type, state: made.state })
      call.mine.video &&= made.type === 'video'
      this.#entered(call)
    } catch (error) {
      this.#abandon(call, error)
    }
  }

  #entered(call) {
    call.opening = false
    this.#update(call.id, () => {})
  }

  #stateChanged(event) {
    const { callId, state } = event
    const ring = this.rings.find(({ id }) => id === callId)
    // A ring may become the call that was being started; one that ends was another's.
    if (state !== 'ringing') this.#answered(ring)
    if (state === 'ended') {
      const mine = ring ? undefined : this.#mine(callId)
      const call = mine ?? (ring && { others: [ring.callerId], peer: ring.callerId, type: ring.type, role: 'callee', people: [] })
      if (call) this.#end(call, event)
      else this.#listeners.changed()
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
    for (const known of [...Object.values(this.#streams), this.#out, this.#mended]) known.clear()
    this.call = { ...call, opening: true, mine: { audio: true, video }, people: [], owned: false }
    this.#look(this.call)
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
    if (call) {
      change(call)
      this.#look(call)
    }
    this.#listeners.changed()
  }

  /** Looks up who is in the call, and who is called. Of a call that is over, it stays as it was. */
  #look(call) {
    const known = this.#client.calls.find(({ id }) => id === call.id)
    if (call.id && !known) return
    const joined = (known?.participants ?? []).filter(({ userId }) => userId !== this.name)
    const called = (known?.calleeIds ?? call.others).filter((name) => name !== this.name)
    const video = call.type === 'video'
    const people = joined.map(({ userId, audioMuted, videoMuted }) => ({
      name: userId,
      is: 'joined',
      audio: !audioMuted,
      video: !videoMuted,
      mended: this.#mended.has(userId),
      stream: this.#streams.camera.get(userId),
      screen: this.#streams.screen.get(userId),
    }))
    const gone = call.people.filter(({ name, is }) => is === 'joined' && people.every((person) => person.name !== name))
    for (const { name } of gone) this.#isOut(name, 'left')
    for (const [name, is] of [...called.map((name) => [name, 'ringing']), ...this.#out]) {
      if (people.every((person) => person.name !== name)) people.push({ name, is, audio: true, video, mended: false })
    }
    call.people = people
    call.owned = known?.participants[0]?.userId === this.name
    const there = people.filter(({ is }) => is === 'joined' || is === 'ringing').map(({ name }) => name)
    if (there.length > 0) call.peer = listed(there)
  }

  /** Keeps for a moment what became of one who is out. */
  #isOut(name, is) {
    this.#out.delete(name)
    const { call } = this
    this.#out.set(name, is)
    this.#mended.delete(name)
    setTimeout(() => {
      if (this.call !== call || this.#out.get(name) !== is) return
      this.#out.delete(name)
      this.#look(call)
      this.#listeners.changed()
    }, REMEMBERED)
  }

  #end(call, event) {
    if (this.call === call) this.call = undefined
    this.#listeners.changed()
    this.#listeners.ended(call, event)
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
