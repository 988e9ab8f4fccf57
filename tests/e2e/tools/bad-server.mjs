// A server that speaks just enough of the protocol to be believed, and then misbehaves by its script.
//
//   const server = await startBadServer({
//     pages: realServer.origin,                     // whose files it serves: the page's own origin has to be this server
//     serve: async (session) => {                   // called for each socket; `session.number` counts from 1
//       await session.open()                        // session:open, answered by a welcome
//       const { id } = await session.next('call:initiate')
//       session.close(1011, 'broken')
//     },
//   })
//
// `server.upgrade` says what becomes of an upgrade: `accept`, a status, `reset`, or `silence`, where it is never answered.

import http from 'node:http'
import { once } from 'node:events'
import { WebSocketServer } from 'ws'
import { forward, listen, refuseUpgrade } from './http.mjs'

const SUBPROTOCOL = 'lumencall.1'

/** Rejects what waits for a socket that is closed. A script ends by it. */
export class SocketClosed extends Error {}

export async function startBadServer({ pages, serve = honest, upgrade = 'accept', port = 0 } = {}) {
  const server = new BadServer(pages, serve, upgrade)
  await server.listen(port)
  return server
}

/** The script of a server that does nothing wrong: it opens each session, and replies to every command. */
export async function honest(session) {
  await session.open()
  await session.answerAll()
}

class BadServer {
  #pages
  #server = http.createServer((request, response) => {
    if (this.#pages) forward(request, response, this.#pages)
    else response.writeHead(404).end()
  })
  #sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (protocols) => protocols.has(SUBPROTOCOL) && SUBPROTOCOL,
  })
  #raw = new Set()

  serve
  upgrade
  /** Every socket there was, the oldest first. */
  sessions = []
  /** Every attempt to connect, as the time of it. */
  attempts = []
  /** What a script threw, but for the end of its socket. */
  errors = []

  constructor(pages, serve, upgrade) {
    this.#pages = pages
    this.serve = serve
    this.upgrade = upgrade
    this.#server.on('connection', (socket) => {
      this.#raw.add(socket)
      socket.on('close', () => this.#raw.delete(socket))
      socket.on('error', () => {})
    })
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
  }

  async listen(port) {
    this.port = await listen(this.#server, port)
  }

  get origin() {
    return `http://127.0.0.1:${this.port}`
  }

  get url() {
    return `ws://127.0.0.1:${this.port}/ws`
  }

  /** The sockets that are open. */
  get open() {
    return this.sessions.filter((session) => !session.closed)
  }

  async stop() {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#raw) socket.destroy()
    await closed
  }

  #upgrade(request, socket, head) {
    this.attempts.push(performance.now())
    if (this.upgrade === 'silence') return
    if (this.upgrade === 'reset') return void socket.resetAndDestroy()
    if (this.upgrade !== 'accept') return refuseUpgrade(socket, this.upgrade)
    this.#sockets.handleUpgrade(request, socket, head, (ws) => {
      const session = new Session(ws, socket, request, this.sessions.length + 1)
      this.sessions.push(session)
      Promise.resolve(this.serve(session)).catch((error) => {
        if (!(error instanceof SocketClosed)) this.errors.push(error)
      })
    })
  }
}

/** One socket, as a script handles it. */
class Session {
  #ws
  #socket
  #unread = []
  #readers = []
  #ids = 0

  /** Every frame that the client sent, read or not. */
  received = []
  /** The `seq` of the frame that was sent last. */
  seq = 0
  /** How it was closed: `{ code, reason }`. */
  closed

  constructor(ws, socket, request, number) {
    this.#ws = ws
    this.#socket = socket
    this.number = number
    this.user = new URL(request.url, 'ws://localhost').searchParams.get('userId') ?? 'nobody'
    this.ended = new Promise((resolve) => (this.end = resolve))
    ws.on('message', (data) => this.#came(JSON.parse(data.toString())))
    ws.on('error', () => {})
    ws.on('close', (code, reason) => {
      this.closed = { code, reason: String(reason) }
      this.end(this.closed)
      for (const { reject } of this.#readers.splice(0)) reject(new SocketClosed(`closed with ${code}`))
    })
  }

  // What comes.

  #came(frame) {
    this.received.push(frame)
    this.#unread.push(frame)
    this.#serveReaders()
  }

  #serveReaders() {
    for (const reader of [...this.#readers]) {
      const at = this.#unread.findIndex(reader.wants)
      if (at < 0) continue
      this.#readers.splice(this.#readers.indexOf(reader), 1)
      reader.resolve(this.#unread.splice(at, 1)[0])
    }
  }

  /** The next frame that was not read yet, or the next of this event, wherever it stands. */
  next(event) {
    return new Promise((resolve, reject) => {
      if (this.closed) return reject(new SocketClosed(`closed with ${this.closed.code}`))
      this.#readers.push({ wants: (frame) => event === undefined || frame.event === event, resolve, reject })
      this.#serveReaders()
    })
  }

  // What is said.

  /** Takes the client's `session:open` and welcomes it; returns what the client said. */
  async open(welcome) {
    const { data } = await this.next('session:open')
    this.welcome(welcome)
    return data
  }

  welcome(more = {}) {
    this.write({
      event: 'session:welcome',
      data: {
        protocol: SUBPROTOCOL, userId: this.user, deviceId: 'bad-device', secret: 'bad-secret', resumed: false, iceServers: [], ...more,
      },
    })
  }

  /** A frame with the next number, not sent yet. */
  frame(event, data) {
    return { event, data, seq: (this.seq += 1) }
  }

  /** Sends the next frame; returns it. */
  send(event, data) {
    const frame = this.frame(event, data)
    this.write(frame)
    return frame
  }

  reply(id, ok = {}) {
    return this.send('reply', { id, ok })
  }

  refuse(id, code, message = 'refused by the script') {
    return this.send('reply', { id, error: { code, message } })
  }

  /** Sends a frame as it is, with whatever number it has. */
  write(frame) {
    this.text(JSON.stringify(frame))
  }

  text(text) {
    this.#ws.send(text, { binary: false })
  }

  binary(bytes) {
    this.#ws.send(bytes, { binary: true })
  }

  /** Replies to every command from here on, but to those of these events. Ends with the socket. */
  async answerAll({ but = [] } = {}) {
    for (;;) {
      const { event, data, id } = await this.next()
      if (id === undefined || but.includes(event)) continue
      if (event === 'call:initiate') this.reply(id, { call: this.initiated(data) })
      else if (event === 'call:respond' && data.action === 'accept') this.reply(id, { call: this.accepted(data.callId) })
      else this.reply(id)
      // What an honest server says to all who are in a call.
      if (event === 'call:hangup') {
        this.send('call:state-changed', { callId: data.callId, state: 'ended', endReason: 'completed' })
      }
    }
  }

  // Calls, as far as they are needed.

  /** Rings: somebody calls. Returns the call. */
  ring(more) {
    this.send('call:incoming', this.ringing(more))
    return this.call
  }

  /** A call that could ring here; it is not sent. */
  ringing(more = {}) {
    return (this.call = this.#snapshot({ callerId: 'somebody', calleeIds: [this.user], state: 'ringing', ...more }))
  }

  /** A call of others, in which this user has no part. */
  strange() {
    return this.#snapshot({ callerId: 'somebody', calleeIds: ['somebody-else'], state: 'connected' })
  }

  /** The call that the client wants to make. */
  initiated({ conversationId, type, calleeIds }) {
    return (this.call = this.#snapshot({ conversationId, type, callerId: this.user, calleeIds, state: 'initiating' }))
  }

  /** The call as it is once this user has accepted. */
  accepted(id) {
    const { call } = this
    return (this.call = { ...call, id, state: 'connecting', participants: [...call.participants, participant(this.user)] })
  }

  #snapshot({ callerId, ...rest }) {
    const id = `call-${this.number}-${(this.#ids += 1)}`
    const participants = [participant(callerId)]
    return { id, conversationId: 'conv-123', type: 'audio', callerId, startedAt: NOW, participants, ...rest }
  }

  state(state, more = {}) {
    return this.send('call:state-changed', { callId: this.call.id, state, ...more })
  }

  // The socket.

  /** Closes with a code; `undefined` sends a close frame without one. */
  close(code, reason) {
    this.#ws.close(code, reason)
  }

  /** The socket is gone, without a close frame. */
  destroy() {
    this.#socket.destroy()
  }

  reset() {
    this.#socket.resetAndDestroy()
  }

  /** Takes nothing more from the client, while the socket stays open. */
  deafen() {
    this.#ws.pause()
  }

  /** Resolves when the client's side has read everything that was sent: a browser answers pings by itself. */
  async arrived() {
    const mark = Buffer.from(`arrived ${(this.#ids += 1)}`)
    this.#ws.ping(mark)
    for (;;) {
      const result = await Promise.race([once(this.#ws, 'pong'), this.ended.then(() => undefined)])
      if (!result) throw new SocketClosed('closed')
      if (result[0].equals(mark)) return
    }
  }
}

const NOW = '2024-05-06T07:08:09.010Z'

const participant = (userId) => ({ userId, joinedAt: NOW, audioMuted: false, videoMuted: true, screenSharing: false })
