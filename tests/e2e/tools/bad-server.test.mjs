// The scripted server, with clients in plain JavaScript: that each misbehaviour is the one that its name says.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { WebSocket } from 'ws'
import { until, within } from '../harness/until.mjs'
import { honest, startBadServer } from './bad-server.mjs'
import { CLOSES, CONNECTING, GARBLED, LIES, NUMBERS, RESUMES, closeAs } from './behaviours.mjs'
import { canBeSent } from './codes.mjs'

let server
let clients = []

afterEach(async () => {
  for (const { socket } of clients) socket.terminate()
  clients = []
  const { errors } = server
  await server.stop()
  assert.deepEqual(errors, [])
})

async function connect() {
  const socket = new WebSocket(`${server.url}?userId=alice`, ['lumencall.1'])
  const client = { socket, texts: [], binaries: [], send: (frame) => socket.send(JSON.stringify(frame)) }
  clients.push(client)
  client.closed = new Promise((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }))
  })
  socket.on('message', (data, isBinary) => (isBinary ? client.binaries.push(data) : client.texts.push(String(data))))
  client.outcome = new Promise((resolve) => {
    socket.once('open', () => resolve('open'))
    socket.once('unexpected-response', (_, { statusCode }) => resolve(statusCode))
    socket.on('error', (error) => resolve(error.code ?? error.message))
  })
  client.frames = () => client.texts.map((text) => JSON.parse(text))
  client.frame = (event) => until(event, () => client.frames().find((frame) => frame.event === event))
  return client
}

/** A client that has opened its session, and then has sent a command. */
async function session() {
  const client = await connect()
  assert.equal(await client.outcome, 'open')
  client.send({ event: 'session:open', data: {} })
  client.send({ event: 'call:initiate', id: 1, data: { conversationId: 'c', type: 'audio', calleeIds: ['bob'] } })
  client.send({ event: 'call:hangup', id: 2, data: { callId: 'none' } })
  return client
}

test('the honest script opens a session and replies', async () => {
  server = await startBadServer({ serve: honest })
  const client = await session()
  await client.frame('call:state-changed')
  const [welcome, first, second] = client.frames()
  assert.equal(client.socket.protocol, 'lumencall.1')
  assert.equal(welcome.event, 'session:welcome')
  assert.equal(welcome.seq, undefined)
  assert.deepEqual([first.seq, first.data.id, first.data.ok.call.calleeIds], [1, 1, ['bob']])
  assert.deepEqual([second.seq, second.data], [2, { id: 2, ok: {} }])
  assert.equal(server.sessions[0].received.length, 3)
})

test('upgrades that fail', async () => {
  server = await startBadServer()
  for (const [upgrade, outcome] of [[502, 502], [401, 401], [200, 200], ['reset', 'ECONNRESET']]) {
    server.upgrade = upgrade
    assert.equal(await (await connect()).outcome, outcome)
  }
  server.upgrade = 'silence'
  const waiting = await connect()
  await until('the attempt', () => server.attempts.length === 5)
  server.upgrade = 'accept'
  assert.equal(await (await connect()).outcome, 'open')
  assert.equal(waiting.socket.readyState, WebSocket.CONNECTING)
})

test('each close is as its entry says', async () => {
  let how
  server = await startBadServer({
    serve: async (session) => {
      await session.open()
      await session.next('call:initiate')
      closeAs(session, how)
    },
  })
  for (how of CLOSES) {
    const client = await session()
    const { code, reason } = await within(5_000, `the close with ${how.code}`, client.closed)
    assert.equal(code, how.code)
    assert.equal(reason, canBeSent(code) ? 'closed by the script' : '')
  }
})

/** What is seen of one run of a script: the frames after the welcome, before the first reply or after. */
async function seen(script) {
  server = await startBadServer({ serve: script })
  const client = await session()
  await until('the session', () => server.sessions[0]?.received.length === 3)
  await within(5_000, 'the script', server.sessions[0].arrived()).catch(() => {})
  return client
}

for (const name of Object.keys(GARBLED)) {
  test(`garbage: ${name}`, async () => {
    const client = await seen(GARBLED[name])
    // The script has sent something beside the welcome, two replies and the end that an honest server sends.
    assert.equal(client.texts.length + client.binaries.length, 5)
  })
}

test('numbers are as wrong as they are meant to be', async () => {
  const wrong = {
    frame_comes_twice: [1, 1, 2, 3, 4],
    old_frame_comes_again: [1, 2, 1, 3, 4, 5],
    two_frames_change_places: [2, 1, 3, 4, 5],
    number_is_left_out: [2, 3, 4, 5],
    number_is_missing: [undefined, 1, 2, 3],
  }
  assert.deepEqual(Object.keys(wrong), Object.keys(NUMBERS))
  for (const [name, numbers] of Object.entries(wrong)) {
    const client = await seen(NUMBERS[name])
    assert.deepEqual(client.frames().slice(1).map(({ seq }) => seq), numbers, name)
    await server.stop()
  }
  server = await startBadServer()
})

for (const [name, script] of Object.entries(LIES)) {
  test(`lie: ${name}`, async () => {
    const client = await seen(script)
    assert.equal(client.frames()[0].event, 'session:welcome')
    assert.ok(client.frames().length > 1)
    // The next socket is served well.
    const next = await session()
    await next.frame('call:state-changed')
    assert.deepEqual(next.frames().map(({ seq }) => seq), [undefined, 1, 2, 3])
  })
}

test('scripts of a session that goes on', async () => {
  for (const [name, script] of Object.entries(RESUMES)) {
    const client = await seen(script)
    const first = client.frames()[0]
    assert.equal(first?.event, name.startsWith('open_is') ? undefined : 'session:welcome', name)
    await server.stop()
  }
  server = await startBadServer()
})

test('scripts of a session that does not come to stand', async () => {
  for (const [name, { serve, upgrade }] of Object.entries(CONNECTING)) {
    server = await startBadServer({ serve, upgrade })
    const client = await connect()
    if (upgrade === undefined) {
      assert.equal(await client.outcome, 'open')
      client.send({ event: 'session:open', data: {} })
      await server.sessions[0].arrived()
      const [first] = client.texts.map((text) => text.startsWith('{"event"') && JSON.parse(text))
      const sound = first && first.event === 'session:welcome' && first.data.protocol === 'lumencall.1'
      assert.ok(!sound || first.data.resumed || first.data.deviceId === undefined, name)
    }
    await server.stop()
    clients.pop().socket.terminate()
  }
  server = await startBadServer()
})

test('it serves the pages of the real server', async () => {
  const real = await startBadServer()
  server = await startBadServer({ pages: real.origin })
  assert.equal((await fetch(`${server.origin}/sdk.html`)).status, 404)
  await real.stop()
  await assert.rejects(fetch(`${server.origin}/sdk.html`))
})
