// A WebSocket proxy that knows frames, and breaks the connection where it is told to.
//
// It stands between a page and the server: files too come through it, so that the page's own origin is the proxy's. Text,
// binary, ping, pong and close all pass, with the subprotocol, the code and the reason. Rules say what goes wrong:
//
//   const proxy = await startProxy(server.origin)
//   const cut = proxy.cut('down', 4)                       // after the fourth frame from the server, by a TCP reset
//   proxy.cut('up', 'call:respond', { before: true })      // the frame itself is lost, and then everything
//   proxy.cutNow({ how: 1001, side: 'client' })            // the client is told, the server believes it is still there
//   const held = proxy.hold('down', 'call:incoming')       // from that frame on nothing passes, until …
//   proxy.release('down')
//   proxy.delay({ up: 200, down: 200 })
//   proxy.silence('up')                                    // lost in that direction, and TCP stays open
//   proxy.heal()                                           // … for who connects from now on
//   await proxy.refuse('listener'); await proxy.admit()
//
// `up` is from client to server, `down` the other way. A frame is a text or binary message; pings are none.

import http from 'node:http'
import { once } from 'node:events'
import { WebSocket, WebSocketServer } from 'ws'
import { canBeSent } from './codes.mjs'
import { endToEnd, forward, listen, refuseUpgrade } from './http.mjs'
import { Lane } from './lane.mjs'

/** How long a cut waits for the word that the last frame has arrived, in milliseconds. Who is blocked does not answer. */
const ARRIVAL = 2_000

/** Starts a proxy before the server of this origin, on a free port of the loopback address. */
export async function startProxy(target) {
  const proxy = new FrameProxy(target)
  await proxy.admit()
  return proxy
}

class FrameProxy {
  #server = http.createServer((request, response) => forward(request, response, this.target))
  #sockets = new WebSocketServer({
    noServer: true,
    autoPong: false,
    handleProtocols: (_, request) => request.chosenProtocol || false,
  })
  #rules = new Set()
  #port = 0
  #raw = new Set()
  #refusal
  #delay = { up: 0, down: 0 }
  #held = { up: false, down: false }
  #silent = { up: false, down: false }

  /** The server's origin. A server that comes back elsewhere is given here. */
  target
  /** Every frame since `begin`: `{ connection, direction, n, total, event, id, seq, at, fate }`. */
  log = []
  /** Every attempt to connect since `begin`: `{ number, at, user, protocols, answer, closed? }`. */
  attempts = []
  /** Frames since `begin`, by direction. */
  totals = { up: 0, down: 0 }
  /** The connections that are open, the oldest first. */
  connections = new Set()
  #sides = new Set()
  #numbers = 0

  constructor(target) {
    this.target = target
    this.#server.on('connection', (socket) => {
      this.#raw.add(socket)
      socket.on('close', () => this.#raw.delete(socket))
      socket.on('error', () => {})
    })
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
  }

  get origin() {
    return `http://127.0.0.1:${this.#port}`
  }

  /** The WebSocket's address, for the client's `url`. */
  get url() {
    return `ws://127.0.0.1:${this.#port}/ws`
  }

  /** Begins a new count: no rule, no fault, no frame so far. Connections that are open stay, and count from 1. */
  begin() {
    this.#rules.clear()
    this.log = []
    this.attempts = []
    this.totals = { up: 0, down: 0 }
    this.delay({ up: 0, down: 0 })
    this.release('both')
    this.heal()
    this.#refusal = undefined
    for (const connection of this.connections) connection.counts = { up: 0, down: 0 }
  }

  // Rules.

  /**
   * Cuts the connection after a frame has arrived, or with `before` in place of it. The frame is named by its number or by its
   * event, the next of that name; a function of the log's entry chooses any. A number counts over all connections since
   * `begin`, or with `over: 'each'` on one connection. Nothing that comes later passes in either direction.
   *
   * `how` is `reset` (TCP), `end` (TCP, without a close frame), or a code that the client gets in a close frame. `side` says
   * who notices: `both`; `client` alone, and the server's socket stays open without a word; or `server` alone.
   *
   * Returns the rule: `fired`, and `done`, which resolves when it has.
   */
  cut(direction, at, { before = false, over = 'all', how = 'reset', side = 'both', reason = '' } = {}) {
    return this.#enter({ kind: 'cut', direction, at, before, over, how, side, reason })
  }

  /** Cuts every connection at once. */
  cutNow({ how = 'reset', side = 'both', reason = '' } = {}) {
    for (const connection of this.connections) connection.cut({ how, side, reason })
  }

  /** Holds a direction from a frame on (named as for `cut`), or at once. What is held passes with `release`, in order. */
  hold(direction, at, { over = 'all' } = {}) {
    if (at !== undefined) return this.#enter({ kind: 'hold', direction, at, over })
    this.#hold(direction)
  }

  release(direction = 'both') {
    for (const each of directions(direction)) this.#held[each] = false
    for (const connection of this.connections) connection.follow()
  }

  /** Everything takes so much longer, in milliseconds each way. */
  delay({ up = this.#delay.up, down = this.#delay.down }) {
    this.#delay = { up, down }
    for (const connection of this.connections) connection.follow()
  }

  /**
   * Nothing passes in this direction any more, pings and closes included, while TCP stays open: a connection that is silent
   * once is so for good. New ones are silent as well, until `heal`.
   */
  silence(direction = 'both') {
    for (const each of directions(direction)) this.#silent[each] = true
    for (const connection of this.connections) connection.follow()
  }

  /** Who connects from now on is heard. */
  heal() {
    this.#silent = { up: false, down: false }
  }

  /**
   * Lets nobody connect any more. `how`: a status, which answers the upgrade; `reset`, after the request; `silence`, where the
   * upgrade is never answered; `listener`, where nobody listens on the port. With `times` only the next so many.
   */
  async refuse(how, { times = Infinity } = {}) {
    this.#refusal = { how, times }
    if (how === 'listener' && this.#server.listening) {
      // Resolving when all its connections are over would be too late.
      this.#server.close(() => {})
      for (const socket of this.#raw) if (!socket.upgraded) socket.destroy()
    }
  }

  async admit() {
    this.#refusal = undefined
    if (!this.#server.listening) this.#port = await listen(this.#server, this.#port)
  }

  /** Ends everything. */
  async stop() {
    for (const connection of this.#sides) connection.destroy()
    const closed = this.#server.listening ? once(this.#server, 'close') : undefined
    if (closed) this.#server.close()
    for (const socket of this.#raw) socket.destroy()
    await closed
  }

  // What came by.

  /** The names of the frames in this direction, as they came. */
  events(direction) {
    return this.log.filter((entry) => entry.direction === direction).map(({ event }) => event)
  }

  #enter(rule) {
    rule.fired = false
    rule.done = new Promise((resolve) => (rule.fire = resolve))
    rule.cancel = () => this.#rules.delete(rule)
    this.#rules.add(rule)
    return rule
  }

  /** The rule of this kind that is about this frame, which is then used up. */
  take(kind, entry) {
    const rule = [...this.#rules].find((rule) => rule.kind === kind && rule.direction === entry.direction && meets(rule, entry))
    if (rule) {
      this.#rules.delete(rule)
      rule.fired = true
    }
    return rule
  }

  /** Counts a frame that has come in, and has the rules about holding look at it. */
  enter(connection, direction, data, isBinary) {
    const { event, id, seq } = isBinary ? { event: '(binary)' } : parse(data)
    const n = (connection.counts[direction] += 1)
    const total = (this.totals[direction] += 1)
    const at = performance.now()
    const entry = { connection: connection.number, direction, n, total, event, id, seq, at, fate: 'waiting' }
    this.log.push(entry)
    const rule = this.take('hold', entry)
    if (rule) {
      this.#hold(direction)
      rule.fire(entry)
    }
    return entry
  }

  #hold(direction) {
    for (const each of directions(direction)) this.#held[each] = true
    for (const connection of this.connections) connection.follow()
  }

  /** Keeps hold of a connection for as long as either of its sockets is open. */
  keep(connection, sockets) {
    this.connections.add(connection)
    this.#sides.add(connection)
    const ends = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)))
    void Promise.all(ends).then(() => this.#sides.delete(connection))
  }

  /** The faults of a direction, as they are now. */
  faults(direction) {
    return { delay: this.#delay[direction], held: this.#held[direction], silent: this.#silent[direction] }
  }

  // Connecting.

  #upgrade(request, socket, head) {
    socket.upgraded = true
    const offered = String(request.headers['sec-websocket-protocol'] ?? '')
    const protocols = offered.split(',').map((name) => name.trim()).filter(Boolean)
    const user = new URL(request.url, this.origin).searchParams.get('userId') ?? undefined
    const attempt = { number: (this.#numbers += 1), at: performance.now(), user, protocols, answer: 'waiting' }
    this.attempts.push(attempt)

    const refusal = this.#refusal
    if (refusal && refusal.times > 0) {
      refusal.times -= 1
      attempt.answer = refusal.how
      if (refusal.how === 'reset') socket.resetAndDestroy()
      else if (refusal.how !== 'silence') refuseUpgrade(socket, refusal.how)
      return
    }

    const upstream = new WebSocket(new URL(request.url, this.target), protocols, {
      headers: endToEnd(request.headers, /^sec-websocket-/),
      autoPong: false,
      perMessageDeflate: false,
    })
    // What the server says at once must not be missed while the client's side is being made.
    const early = []
    const keep = (...args) => early.push(args)
    upstream.on('message', keep)
    let answer
    upstream.on('upgrade', (response) => (answer = response))
    upstream.on('unexpected-response', (_, response) => {
      attempt.answer = response.statusCode
      refuseUpgrade(socket, response.statusCode)
      response.destroy()
    })
    upstream.on('error', () => {
      if (attempt.answer !== 'waiting') return
      attempt.answer = 'unreachable'
      socket.resetAndDestroy()
    })
    socket.on('close', () => {
      if (attempt.answer === 'waiting') upstream.terminate()
    })
    upstream.on('open', () => {
      if (socket.destroyed) return upstream.terminate()
      request.chosenProtocol = upstream.protocol
      this.#sockets.handleUpgrade(request, socket, head, (client) => {
        attempt.answer = 'passed'
        const raw = { client: socket, server: answer.socket }
        const connection = new Connection(this, attempt, { client, server: upstream }, raw)
        upstream.off('message', keep)
        for (const [data, isBinary] of early) connection.came('down', data, isBinary)
      })
    })
  }
}

/** A client's socket and the server's, which belong together. */
class Connection {
  #proxy
  #attempt
  #ends
  #raw
  #lanes
  #arrival
  #cut = false

  counts = { up: 0, down: 0 }

  constructor(proxy, attempt, ends, raw) {
    this.#proxy = proxy
    this.#attempt = attempt
    this.#ends = ends
    this.#raw = raw
    this.number = attempt.number
    this.user = attempt.user
    this.#lanes = { up: new Lane((item) => this.#leave('up', item)), down: new Lane((item) => this.#leave('down', item)) }
    proxy.keep(this, [raw.client, raw.server])
    this.follow()
    for (const [direction, from] of [['up', ends.client], ['down', ends.server]]) {
      const lane = this.#lanes[direction]
      from.on('message', (data, isBinary) => this.came(direction, data, isBinary))
      from.on('ping', (data) => lane.put({ kind: 'ping', data }))
      from.on('pong', (data) => {
        if (this.#arrival?.is(data)) this.#arrival.resolve()
        else lane.put({ kind: 'pong', data })
      })
      from.on('error', () => {})
      from.on('close', (code, reason) => {
        this.#attempt.closed ??= { by: direction === 'up' ? 'client' : 'server', code, reason: String(reason), at: performance.now() }
        this.#arrival?.resolve()
        lane.put({ kind: 'close', code, reason })
      })
    }
  }

  /** Takes over the proxy's faults as they are now. */
  follow() {
    for (const direction of ['up', 'down']) {
      const lane = this.#lanes[direction]
      const { delay, held, silent } = this.#proxy.faults(direction)
      lane.delay = delay
      if (silent && !lane.silent) lane.silence()
      const from = direction === 'up' ? this.#ends.client : this.#ends.server
      // Not even the end of the socket is read, so that a close is not answered in the other's name.
      if (held || lane.silent) from.pause()
      else from.resume()
      if (held) lane.hold()
      else if (lane.held) lane.release()
    }
  }

  /** A frame came in. */
  came(direction, data, isBinary) {
    const entry = this.#proxy.enter(this, direction, data, isBinary)
    if (this.#lanes[direction].silent || this.#cut) entry.fate = 'lost'
    else this.#lanes[direction].put({ kind: 'frame', data, isBinary, entry })
  }

  /** Something leaves the lane for the other end. */
  #leave(direction, item) {
    const to = direction === 'up' ? this.#ends.server : this.#ends.client
    if (this.#cut) {
      if (item.kind === 'frame') item.entry.fate = 'lost'
      return
    }
    switch (item.kind) {
      case 'frame':
        return this.#leaveFrame(direction, to, item)
      case 'ping':
        return void (to.readyState === WebSocket.OPEN && to.ping(item.data))
      case 'pong':
        return void (to.readyState === WebSocket.OPEN && to.pong(item.data))
      case 'close':
        this.#proxy.connections.delete(this)
        if (item.code === 1005) return to.close()
        if (canBeSent(item.code)) return to.close(item.code, item.reason)
        return this.#rawOf(to).resetAndDestroy()
    }
  }

  #leaveFrame(direction, to, { data, isBinary, entry }) {
    const rule = this.#proxy.take('cut', entry)
    if (rule?.before) {
      entry.fate = 'lost'
    } else {
      entry.fate = to.readyState === WebSocket.OPEN ? 'passed' : 'lost'
      if (entry.fate === 'passed') to.send(data, { binary: isBinary })
    }
    if (!rule) return
    this.#cut = true
    const over = rule.before ? Promise.resolve() : this.#arrived(to)
    over.then(() => {
      this.cut(rule)
      rule.fire(entry)
    })
  }

  /** Resolves when the other end has read everything so far: a reset would take it away from it. */
  async #arrived(to) {
    if (to.readyState !== WebSocket.OPEN) return
    const mark = Buffer.from(`arrived ${this.number}`)
    let timer
    await new Promise((resolve) => {
      timer = setTimeout(resolve, ARRIVAL)
      this.#arrival = { is: (data) => data.equals(mark), resolve }
      to.ping(mark)
    })
    clearTimeout(timer)
    this.#arrival = undefined
  }

  cut({ how, side, reason = '' }) {
    this.#cut = true
    this.#proxy.connections.delete(this)
    for (const lane of Object.values(this.#lanes)) lane.clear()
    this.#attempt.closed ??= { by: 'proxy', code: typeof how === 'number' ? how : 1006, reason, at: performance.now() }
    if (side !== 'server') this.#end(this.#ends.client, how, reason)
    // A code is for the client: to the server it is as if the network had gone.
    if (side !== 'client') this.#end(this.#ends.server, how === 'end' ? how : 'reset')
    // Whoever is not told hears nothing any more, not even an answer to a close.
    if (side === 'server') this.#ends.client.pause()
    if (side === 'client') this.#ends.server.pause()
  }

  /** Ends whatever is left of it. */
  destroy() {
    this.cut({ how: 'end', side: 'both' })
  }

  #end(end, how, reason) {
    // What is not read does not close.
    end.resume()
    if (how === 'reset') this.#rawOf(end).resetAndDestroy()
    else if (how === 'end') this.#rawOf(end).destroy()
    else end.close(how, reason)
  }

  #rawOf(end) {
    return end === this.#ends.client ? this.#raw.client : this.#raw.server
  }
}

const directions = (direction) => (direction === 'both' ? ['up', 'down'] : [direction])

function meets({ at, over }, entry) {
  if (typeof at === 'function') return at(entry)
  if (typeof at === 'string') return entry.event === at
  return at === (over === 'each' ? entry.n : entry.total)
}

function parse(data) {
  try {
    const { event, id, seq, data: inner } = JSON.parse(data.toString())
    // A reply is told from others by what it answers.
    return { event: String(event), id: id ?? (event === 'reply' ? inner?.id : undefined), seq }
  } catch {
    return { event: '(not a frame)' }
  }
}
