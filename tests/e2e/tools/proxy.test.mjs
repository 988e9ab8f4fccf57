// The proxy, between clients in plain JavaScript and the real server. Needs LUMENCALL_SERVER_BIN.

import assert from 'node:assert/strict'
import http from 'node:http'
import { after, before, beforeEach, afterEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { WebSocket, WebSocketServer } from 'ws'
import { startServer } from '../harness/server.mjs'
import { until, within } from '../harness/until.mjs'
import { listen } from './http.mjs'
import { startProxy } from './proxy.mjs'

const PAGES = fileURLToPath(new URL('../pages', import.meta.url))

let server
let proxy
let clients

before(async () => {
  const serverProgram = process.env.LUMENCALL_SERVER_BIN
  assert.ok(serverProgram, 'LUMENCALL_SERVER_BIN is not set')
  server = await startServer({ serverProgram, packageFolder: PAGES })
})
after(() => server.stop())

beforeEach(async () => {
  clients = []
  proxy = await startProxy(server.origin)
})
afterEach(async () => {
  for (const { socket } of clients) socket.terminate()
  await proxy.stop()
})

let users = 0

/** A client of the SDK's dialect, or what becomes of the attempt. */
async function connect({ url = proxy.url, protocols = ['lumencall.1'], user = `user-${(users += 1)}`, headers } = {}) {
  const socket = new WebSocket(`${url}?userId=${user}`, protocols, { headers })
  const client = { socket, user, frames: [], opened: false, send: (frame) => socket.send(JSON.stringify(frame)) }
  clients.push(client)
  client.closed = new Promise((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }))
  })
  socket.on('message', (data) => client.frames.push(JSON.parse(data)))
  await new Promise((resolve) => {
    socket.once('open', () => resolve((client.opened = true)))
    socket.once('unexpected-response', (_, { statusCode }) => resolve((client.status = statusCode)))
    socket.on('error', (error) => resolve((client.error = error.code ?? error.message)))
  })
  client.frame = (event) => until(`${event} at ${user}`, () => client.frames.find((frame) => frame.event === event))
  return client
}

/** A client whose session stands. */
async function session(options) {
  const client = await connect(options)
  client.send({ event: 'session:open', data: {} })
  client.welcome = await client.frame('session:welcome')
  return client
}

const initiate = (to, id = 1) => ({ event: 'call:initiate', id, data: { conversationId: 'c', type: 'audio', calleeIds: [to] } })

test('files come through, with a policy that allows a socket to the proxy', async () => {
  const answer = await fetch(`${proxy.origin}/sdk.html`)
  assert.equal(answer.status, 200)
  assert.match(await answer.text(), /probes\.js/)
  const { host } = new URL(proxy.origin)
  assert.match(answer.headers.get('content-security-policy'), new RegExp(`ws://${host}( |$)`))
  assert.equal((await fetch(`${proxy.origin}/no-such-file`)).status, 404)
})

test('a session comes through: subprotocol, frames, numbers', async () => {
  const bob = await session()
  const alice = await session()
  assert.equal(alice.socket.protocol, 'lumencall.1')
  alice.send(initiate(bob.user, 9))
  const { data } = await alice.frame('reply')
  assert.equal(data.id, 9)
  await alice.frame('call:state-changed')
  await bob.frame('call:incoming')
  assert.deepEqual(proxy.events('up'), ['session:open', 'session:open', 'call:initiate'])
  const ofAlice = proxy.log.filter(({ connection }) => connection === 2)
  assert.deepEqual(
    ofAlice.map(({ direction, n, event, id, seq, fate }) => [direction, n, event, id, seq, fate]),
    [
      ['up', 1, 'session:open', undefined, undefined, 'passed'],
      ['down', 1, 'session:welcome', undefined, undefined, 'passed'],
      ['up', 2, 'call:initiate', 9, undefined, 'passed'],
      ['down', 2, 'reply', 9, 1, 'passed'],
      ['down', 3, 'call:state-changed', undefined, 2, 'passed'],
    ],
  )
  assert.deepEqual(proxy.attempts.map(({ user, answer }) => [user, answer]), [[bob.user, 'passed'], [alice.user, 'passed']])
})

test('no subprotocol stays none', async () => {
  const stranger = await connect({ protocols: [] })
  assert.ok(stranger.opened)
  assert.equal(stranger.socket.protocol, '')
})

test('a refusal of the server comes through', async () => {
  const foreign = await connect({ headers: { origin: 'http://example.org' } })
  assert.equal(foreign.status, 403)
  assert.equal(proxy.attempts[0].answer, 403)
})

test("the server's close comes through with code and reason", async () => {
  const alice = await connect()
  alice.send(initiate('bob'))
  assert.deepEqual(await alice.closed, { code: 4500, reason: 'the first frame must be session:open' })
  assert.equal(proxy.attempts[0].closed.by, 'server')
})

test("the client's close, pings and pongs come through", async () => {
  const far = new WebSocketServer({ noServer: true, autoPong: false })
  const front = http.createServer()
  const got = []
  let server
  front.on('upgrade', (...upgrade) =>
    far.handleUpgrade(...upgrade, (socket) => {
      server = socket
      for (const kind of ['ping', 'pong']) socket.on(kind, (data) => got.push(`${kind} ${data}`))
      socket.on('close', (code, reason) => got.push(`close ${code} ${reason}`))
    }),
  )
  proxy.target = `http://127.0.0.1:${await listen(front)}`
  const client = await connect({ protocols: [] })
  client.socket.ping('from the client')
  server.ping('seq 17')
  await until('ping and pong', () => got.length === 2)
  // Nobody answered in the server's name.
  assert.deepEqual(got.sort(), ['ping from the client', 'pong seq 17'])
  client.socket.close(3333, 'enough')
  await until('the close', () => got.length === 3)
  assert.equal(got[2], 'close 3333 enough')
  front.close()
})

test('a cut after a frame of the server: it arrives, nothing else does, and the server takes the client for gone', async () => {
  const bob = await session()
  const cut = proxy.cut('down', 'reply')
  const alice = await session()
  alice.send(initiate(bob.user))
  assert.equal((await alice.closed).code, 1006)
  assert.deepEqual(alice.frames.map(({ event }) => event), ['session:welcome', 'reply'])
  assert.equal((await cut.done).event, 'reply')
  await bob.frame('call:incoming')
  assert.equal(proxy.connections.size, 1)
})

test('a cut after a frame of the client: the server has it, and its answer is lost', async () => {
  const bob = await session({ url: `${server.origin.replace('http', 'ws')}/ws` })
  const alice = await session()
  const cut = proxy.cut('up', 2)
  alice.send(initiate(bob.user))
  assert.equal((await alice.closed).code, 1006)
  await cut.done
  await bob.frame('call:incoming')
  assert.deepEqual(alice.frames.map(({ event }) => event), ['session:welcome'])
})

test('a cut after a frame waits until a slow server has read it', async () => {
  const front = http.createServer()
  const far = new WebSocketServer({ server: front })
  const got = []
  far.on('connection', (socket) => {
    socket.pause()
    socket.on('message', (data) => got.push(String(data)))
    socket.on('error', () => {})
    void until('the frame to be on its way', () => proxy.totals.up === 1).then(() => setImmediate(() => socket.resume()))
  })
  proxy.target = `http://127.0.0.1:${await listen(front)}`
  const cut = proxy.cut('up', 1)
  const client = await connect({ protocols: [] })
  client.socket.send('{}')
  await cut.done
  await client.closed
  assert.deepEqual(got, ['{}'])
  front.close()
})

test('a cut before a frame of the client: the server never has it', async () => {
  const bob = await session()
  const alice = await session()
  proxy.cut('up', 'call:initiate', { before: true })
  alice.send(initiate(bob.user))
  await alice.closed
  // Whatever the server had for Bob came before the reply to a later command of his.
  bob.send({ event: 'call:hangup', id: 5, data: { callId: 'none' } })
  await bob.frame('reply')
  assert.deepEqual(bob.frames.map(({ event }) => event), ['session:welcome', 'reply'])
  assert.equal(proxy.log.find(({ event }) => event === 'call:initiate').fate, 'lost')
})

test('frames are counted over all connections, or on each', async () => {
  proxy.cut('down', 2)
  const first = await session()
  assert.ok(first.socket.readyState === WebSocket.OPEN)
  const second = await connect()
  second.send({ event: 'session:open', data: {} })
  assert.equal((await second.closed).code, 1006)
  proxy.begin()
  const each = proxy.cut('up', 2, { over: 'each' })
  await session()
  const third = await session()
  assert.equal(each.fired, false)
  third.send({ event: 'call:hangup', id: 1, data: { callId: 'none' } })
  await third.closed
  assert.equal((await each.done).n, 2)
})

test('a clean close with a code', async () => {
  const alice = await session()
  proxy.cutNow({ how: 1001, reason: 'the proxy stops' })
  assert.deepEqual(await alice.closed, { code: 1001, reason: 'the proxy stops' })
})

test('a cut that the server does not notice', async () => {
  const bob = await session()
  const alice = await session()
  alice.send(initiate(bob.user))
  await bob.frame('call:incoming')
  const [, ofAlice] = proxy.connections
  ofAlice.cut({ how: 'reset', side: 'client' })
  await alice.closed
  // The caller's end would have cancelled it before this reply.
  bob.send({ event: 'call:hangup', id: 5, data: { callId: 'none' } })
  await bob.frame('reply')
  assert.equal(bob.frames.some(({ event }) => event === 'call:state-changed'), false)
})

test('a cut that the client does not notice', async () => {
  const bob = await session()
  const alice = await session()
  alice.send(initiate(bob.user))
  await bob.frame('call:incoming')
  const [, ofAlice] = proxy.connections
  ofAlice.cut({ how: 'reset', side: 'server' })
  alice.send({ event: 'call:hangup', id: 2, data: { callId: 'none' } })
  const second = await session()
  second.send({ event: 'call:hangup', id: 1, data: { callId: 'none' } })
  await second.frame('reply')
  assert.equal(alice.socket.readyState, WebSocket.OPEN)
  assert.equal(alice.frames.some(({ event, data }) => event === 'reply' && data.id === 2), false)
})

test('what is held passes when it is released, in order', async () => {
  const bob = await session()
  const held = proxy.hold('down', 'call:incoming')
  const alice = await session()
  alice.send(initiate(bob.user))
  await held.done
  const { length } = bob.frames
  bob.send({ event: 'call:hangup', id: 1, data: { callId: 'none' } })
  await until('the hang-up', () => proxy.events('up').includes('call:hangup'))
  assert.equal(bob.frames.length, length)
  proxy.release('down')
  await bob.frame('reply')
  assert.deepEqual(bob.frames.map(({ seq }) => seq), [undefined, 1, 2])
})

test('everything takes longer, each way, and keeps its order', async () => {
  const alice = await session()
  proxy.delay({ up: 60, down: 60 })
  const begin = performance.now()
  for (let id = 1; id <= 3; id += 1) alice.send({ event: 'call:hangup', id, data: { callId: 'none' } })
  await until('three replies', () => alice.frames.length === 4)
  // Timers of Node may be a millisecond early.
  assert.ok(performance.now() - begin >= 118)
  assert.deepEqual(alice.frames.slice(1).map(({ data }) => data.id), [1, 2, 3])
})

for (const direction of ['up', 'down']) {
  test(`silence ${direction}: nothing passes, the socket stays open, and who connects after heal() is heard`, async () => {
    const alice = await session()
    proxy.silence(direction)
    alice.send({ event: 'call:hangup', id: 1, data: { callId: 'none' } })
    let ponged = false
    alice.socket.on('pong', () => (ponged = true))
    alice.socket.ping()
    proxy.heal()
    const other = await session()
    other.send({ event: 'call:hangup', id: 1, data: { callId: 'none' } })
    await other.frame('reply')
    assert.equal(alice.frames.length, 1)
    assert.equal(ponged, false)
    assert.equal(alice.socket.readyState, WebSocket.OPEN)
    // A close is not answered in the server's name.
    alice.socket.close()
    const third = await session()
    third.send({ event: 'call:hangup', id: 1, data: { callId: 'none' } })
    await third.frame('reply')
    assert.equal(alice.socket.readyState, direction === 'up' ? WebSocket.CLOSING : alice.socket.readyState)
  })
}

test('new connections are refused by a status, by a reset, by nobody who listens; and taken again', async () => {
  const alice = await session()
  await proxy.refuse(502, { times: 1 })
  assert.equal((await connect()).status, 502)
  assert.ok((await connect()).opened)
  await proxy.refuse('reset')
  assert.equal((await connect()).error, 'ECONNRESET')
  await proxy.refuse('listener')
  assert.equal((await connect()).error, 'ECONNREFUSED')
  alice.send({ event: 'call:hangup', id: 1, data: { callId: 'none' } })
  await alice.frame('reply')
  const { url } = proxy
  await proxy.admit()
  assert.equal(proxy.url, url)
  assert.ok((await connect()).opened)
  assert.deepEqual(proxy.attempts.map(({ answer }) => answer), ['passed', 502, 'passed', 'reset', 'passed'])
})

test('an upgrade is never answered', async () => {
  await proxy.refuse('silence')
  const waiting = connect()
  await until('the attempt', () => proxy.attempts.length === 1)
  await proxy.admit()
  assert.ok((await connect()).opened)
  assert.equal(clients[0].opened, false)
  clients[0].socket.terminate()
  await waiting
})

test('a server that is gone, and comes back elsewhere', async () => {
  proxy.target = 'http://127.0.0.1:1'
  assert.equal((await connect()).error, 'ECONNRESET')
  assert.equal(proxy.attempts[0].answer, 'unreachable')
  proxy.target = server.origin
  assert.ok((await connect()).opened)
})

test('stop() ends everything, whatever state it is in', async () => {
  const alice = await session()
  const bob = await session()
  proxy.silence('both')
  await proxy.refuse('listener')
  await within(2_000, 'stopping', proxy.stop())
  await Promise.all([alice.closed, bob.closed])
  assert.equal(proxy.connections.size, 0)
})
