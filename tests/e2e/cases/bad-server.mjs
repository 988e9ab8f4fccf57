// A server that misbehaves. Whatever it does, nothing hangs, nothing is thrown where nobody catches it, the app is told the
// right thing, and after `dispose()` nothing is left.

import assert from 'node:assert/strict'
import { assertFree, assertNothingLeft, assertNothingUncaught, cameBack, link, links, startAnew } from '../harness/survival.mjs'
import { until } from '../harness/until.mjs'
import { honest } from '../tools/bad-server.mjs'
import { CLOSES, CONNECTING, GARBLED, LIES, NUMBERS, RESUMES, closeAs } from '../tools/behaviours.mjs'

/** So that a test need not wait long for a server that never answers. */
const OPTIONS = { commandTimeout: 1_500 }

const LIMIT = 180_000

/** One browser is enough, each in turn: the page opens no peer connection. */
const ALONE = { pairings: ['cc', 'ff'], only: ['cc', 'ff'], limit: LIMIT }

/** A page at a bad server, without a client yet, and what it holds before there is one. */
async function visit(stage, script) {
  const server = await stage.badServer(script)
  const alice = await stage.open('caller', 'alice', { origin: server.origin, connect: false })
  return [server, alice, await alice.held()]
}

/** Runs `test` with each of `entries` in a client of its own, all in one page; says which it was that failed. */
async function each(entries, alice, before, test) {
  for (const [name, entry] of entries) {
    try {
      await test(entry, name)
      await assertNothingUncaught(alice)
      await alice.do('dispose')
      await assertNothingLeft(alice, before)
    } catch (error) {
      throw new Error(`${name}: ${error.message}`, { cause: error })
    }
  }
}

/** Sets the server to this script, and starts a client against it. */
async function start(stage, server, alice, n, script) {
  Object.assign(server, { serve: honest, upgrade: 'accept', ...script })
  server.sessions.length = 0
  server.attempts.length = 0
  await alice.evaluate(() => {
    sessionStorage.clear()
    window.app.events.length = window.probes.log.length = window.probes.uncaught.length = 0
  })
  alice.user = stage.user(`alice-${n}`)
  return alice.attempt('start', { user: alice.user, options: OPTIONS })
}

/**
 * The app can make a call, and give it up: it has a connection again, by itself, and no call was left that is in the way. A
 * command that is given when the connection is about to be lost may fail, and is given again.
 */
async function assertUsable(alice) {
  const made = await until('a call to be possible', async () => {
    await link(alice, 'connected')
    const { value, error } = await alice.attempt('call', { to: 'somebody', type: 'audio' })
    if (error) assert.equal(error.code, 'signaling-unreachable')
    return value
  })
  await alice.do('hangup', made.id)
}

/** Nothing of camera, microphone and peer connections was touched. */
async function assertOpenedNothing(alice) {
  const log = await alice.log()
  assert.deepEqual(log.filter(({ kind }) => ['capture', 'peer-connection'].includes(kind)), [])
}

const errorCodes = async (party) => (await party.events('error')).map(({ data }) => data.code)

/** What `connect()` rejects with; several where either is right. */
const REJECTIONS = {
  upgrade_is_never_answered: ['timeout'],
  upgrade_is_answered_502: ['signaling-unreachable'],
  // A page is not told the status.
  upgrade_is_answered_401: ['signaling-unreachable'],
  upgrade_is_answered_200: ['signaling-unreachable'],
  upgrade_is_reset: ['signaling-unreachable'],
  open_is_never_answered: ['timeout'],
  open_is_answered_by_another_event: ['protocol', 'timeout'],
  open_is_answered_by_an_error: ['unauthorized'],
  // What cannot be read may be what a later server says beside its welcome.
  open_is_answered_by_garbage: ['protocol', 'timeout'],
  another_protocol_is_welcomed: ['protocol'],
  welcome_lacks_members: ['protocol', 'timeout'],
  // Nothing was there to go on with: refused, or taken for a new session.
  first_welcome_says_resumed: ['protocol', undefined],
}

/** What the app is told of rings, by what is wrong with the numbers: how many came, and how many of them ended. */
const RINGS = {
  frame_comes_twice: { came: 1, ended: 0 },
  old_frame_comes_again: { came: 1, ended: 1 },
  // A gap: what came after it is not taken, and the server that is asked anew knows of no ring.
  two_frames_change_places: { came: 0, ended: 0 },
  number_is_left_out: { came: 0, ended: 0 },
  number_is_missing: { came: 0, ended: 0 },
}

/** What the app does about a lie, and asserts; where there is nothing, the lie must go unnoticed. */
const ABOUT = {
  reply_comes_twice: async (alice) => {
    assert.equal((await alice.attempt('call', { to: 'somebody', type: 'audio' })).error, undefined)
    await alice.do('hangup')
  },
  replies_change_places: async (alice) => {
    const rings = await until('two rings', async () => {
      const rings = await alice.events('call:incoming')
      return rings.length === 2 && rings
    })
    await alice.evaluate((ids) => Promise.all(ids.map((id) => window.app.reject(id))), rings.map(({ data }) => data.id))
  },
  reply_is_both: settles,
  reply_is_neither: settles,
  reply_to_initiate_without_a_call: async (alice) => {
    const { error } = await alice.attempt('call', { to: 'somebody', type: 'audio' })
    assert.ok(['protocol', 'timeout', 'signaling-unreachable'].includes(error?.code), error?.code)
    await alice.mediaFreed()
  },
  call_comes_from_the_user_itself: endsOnce,
  ring_ends_twice: endsOnce,
  ring_comes_back_from_the_end: endsOnce,
  // What it does to the state is the server's word; what it may not do is open anything.
  ring_is_connected_without_an_accept: (alice) => alice.event('call:incoming'),
  flood_of_rings: async (alice) => {
    await alice.until('the end of the flood', () => {
      const { length } = window.app.events.filter(({ data }) => data.state === 'ended')
      return length === window.app.events.filter(({ name }) => name === 'call:incoming').length && window.app.calls().length === 0
    })
    await alice.assertEndedOnce()
  },
}

async function settles(alice) {
  await alice.attempt('call', { to: 'somebody', type: 'audio' })
  await alice.do('dispose')
  await alice.mediaFreed()
}

/** Whatever rang has ended once, and is gone. */
async function endsOnce(alice) {
  await assertFree(alice)
  await alice.assertEndedOnce()
  await alice.assertEveryRingCameToAnEnd()
}

export const cases = [
  {
    name: 'i32_connecting_to_a_bad_server_fails_and_leaves_nothing',
    ...ALONE,
    async run(stage) {
      const [server, alice, before] = await visit(stage)
      let n = 0
      await each(Object.entries(CONNECTING), alice, before, async (script, name) => {
        const { error } = await start(stage, server, alice, (n += 1), script)
        assert.ok(REJECTIONS[name].includes(error?.code), `rejected with ${error?.code}`)
        if (!error) return
        assert.equal(await alice.do('connectionState'), 'disconnected')
        // It fails fast: there is no attempt that the app did not ask for.
        assert.equal(server.attempts.length, 1)
        // The app may try again, and a server that is well by then is taken.
        Object.assign(server, { serve: honest, upgrade: 'accept' })
        await alice.do('connect')
        assert.deepEqual(await links(alice), ['connecting', 'disconnected', 'connecting', 'connected'])
      })
    },
  },
  {
    name: 'i32_dispose_while_a_bad_server_lets_it_wait_leaves_nothing',
    ...ALONE,
    async run(stage) {
      const [server, alice, before] = await visit(stage)
      const waits = ['upgrade_is_never_answered', 'open_is_never_answered'].map((name) => [name, CONNECTING[name]])
      await each(waits, alice, before, async (script) => {
        Object.assign(server, { serve: honest, upgrade: 'accept', ...script })
        const { length } = server.attempts
        await alice.begin('start', { user: alice.user, options: { commandTimeout: 60_000 } })
        await until('the attempt', () => server.attempts.length > length)
        await alice.do('dispose')
        assert.equal((await alice.begun()).error.code, 'disposed')
      })
    },
  },
  {
    name: 'i30_garbage_from_the_server_is_taken_for_nothing',
    ...ALONE,
    async run(stage) {
      const [server, alice, before] = await visit(stage)
      let n = 0
      await each(Object.entries(GARBLED), alice, before, async (serve) => {
        const { error } = await start(stage, server, alice, (n += 1), { serve })
        assert.equal(error, undefined)
        // What the garbage did, it has done before the reply to this comes.
        await alice.attempt('call', { to: 'somebody', type: 'audio' })
        const rings = (await alice.events()).filter(({ name }) => ['call:incoming', 'call:participant-left'].includes(name))
        assert.deepEqual(rings, [])
        for (const code of await errorCodes(alice)) assert.ok(['protocol', 'signaling-unreachable'].includes(code), code)
        await alice.attempt('hangup')
        await assertFree(alice)
        await assertUsable(alice)
      })
    },
  },
  {
    name: 'i18_wrong_numbers_from_the_server_do_nothing_twice',
    ...ALONE,
    async run(stage) {
      const [server, alice, before] = await visit(stage)
      let n = 0
      await each(Object.entries(NUMBERS), alice, before, async (serve, name) => {
        await start(stage, server, alice, (n += 1), { serve })
        await assertUsable(alice)
        const { came, ended } = RINGS[name]
        const rings = await alice.events('call:incoming')
        assert.equal(rings.length, came, 'rings')
        const ids = rings.map(({ data }) => data.id)
        const ends = (await alice.events('call:state-changed')).filter(({ data }) => data.state === 'ended' && ids.includes(data.callId))
        assert.equal(ends.length, ended, 'ends')
      })
    },
  },
  {
    name: 'i19_close_codes_say_whether_to_come_back',
    ...ALONE,
    async run(stage) {
      const [server, alice, before] = await visit(stage)
      let n = 0
      const named = CLOSES.map((entry) => [`${entry.code} ${entry.how ?? ''}`, entry])
      await each(named, alice, before, async (entry) => {
        const serve = async (session) => {
          if (session.number > 1) return honest(session)
          await session.open()
          session.ring()
          await session.next('call:respond')
          closeAs(session, entry)
        }
        await start(stage, server, alice, (n += 1), { serve })
        const { id } = await alice.event('call:incoming')
        // A decline whose reply is lost with the socket.
        await alice.begin('reject', id)
        if (entry.comesBack) {
          await cameBack(alice)
          const [{ data }] = server.sessions[1].received
          assert.equal(data.deviceId, 'bad-device')
          assert.deepEqual(data.resume, { secret: 'bad-secret', lastSeq: 1 })
        } else {
          await link(alice, 'disconnected')
          assert.equal((await links(alice)).includes('reconnecting'), false, 'an attempt to come back')
          await alice.event('error')
        }
        // The server that was asked anew names no call.
        await endsOnce(alice)
        await alice.begun()
        if (entry.comesBack) return assertUsable(alice)
        // By now it would have come back, had it set out to: the app's own attempt is the second.
        await alice.do('connect')
        assert.equal(server.attempts.length, 2)
      })
    },
  },
  {
    name: 'i30_lies_of_the_server_harm_nothing',
    ...ALONE,
    async run(stage) {
      const [server, alice, before] = await visit(stage)
      let n = 0
      await each(Object.entries(LIES), alice, before, async (serve, name) => {
        const { error } = await start(stage, server, alice, (n += 1), { serve })
        assert.equal(error, undefined)
        const about = ABOUT[name]
        if (about !== settles) await server.sessions[0].arrived().catch(() => {})
        await about?.(alice)
        if (about === settles) return
        if (!name.startsWith('reply_')) await assertOpenedNothing(alice)
        await assertUsable(alice)
      })
    },
  },
  {
    name: 'i21_commands_that_are_never_answered_time_out',
    ...ALONE,
    async run(stage) {
      const [server, alice, before] = await visit(stage)
      const serve = async (session) => {
        await session.open()
        session.ring()
      }
      const commands = {
        call: [{ to: 'somebody', type: 'audio' }],
        accept: [],
        reject: [],
      }
      let n = 0
      await each(Object.entries(commands), alice, before, async (args, command) => {
        await start(stage, server, alice, (n += 1), { serve })
        await alice.event('call:incoming')
        const { error } = await alice.attempt(command, ...args)
        assert.equal(error.code, 'timeout')
        if (command !== 'accept') return alice.mediaFreed()
      })
      // The same, and the app does not wait for it.
      await start(stage, server, alice, (n += 1), { serve })
      await alice.event('call:incoming')
      await alice.begin('call', { to: 'somebody', type: 'audio' })
      await server.sessions[0].next('call:initiate')
      await alice.do('dispose')
      assert.equal((await alice.begun()).error.code, 'disposed')
      await assertNothingLeft(alice, before)
    },
  },
  {
    name: 'i19_sessions_that_go_on_wrongly_come_to_a_sound_state',
    ...ALONE,
    async run(stage) {
      const [server, alice, before] = await visit(stage)
      const ends = Object.entries(RESUMES).filter(([name]) => !/_each_time$|_again$/.test(name))
      let n = 0
      await each(ends, alice, before, async (again) => {
        let wrong = true
        const serve = async (session) => {
          if (session.number === 1) {
            await session.open()
            session.ring()
            await session.arrived()
            return session.reset()
          }
          // Wrong once: who starts over after it is served well.
          const script = wrong ? again : honest
          wrong = false
          return script(session)
        }
        await start(stage, server, alice, (n += 1), { serve })
        await alice.event('call:incoming')
        await until('the second socket', () => server.sessions.length >= 2)
        await assertUsable(alice)
        // One that was given up on the way may end a moment later.
        await alice.until('no call to be left but those to her', (user) => window.app.calls().every(({ calleeIds }) => calleeIds.includes(user)), alice.user)
      })
    },
  },
  {
    name: 'i19_server_that_cuts_each_new_socket_is_tried_again_and_again',
    ...ALONE,
    pairings: ['ff'],
    async run(stage) {
      const [server, alice, before] = await visit(stage)
      const endless = Object.entries(RESUMES).filter(([name]) => /_each_time$|_again$/.test(name))
      endless.push(['upgrade_is_never_answered_again', 'silence'], ['upgrade_is_answered_502_again', 502], ['upgrade_is_reset_again', 'reset'])
      let n = 0
      await each(endless, alice, before, async (again) => {
        const upgrade = typeof again === 'function' ? 'accept' : again
        const serve = async (session) => {
          if (session.number > 1) return again(session)
          await session.open()
          await session.next('call:initiate')
          server.upgrade = upgrade
          session.reset()
        }
        await start(stage, server, alice, (n += 1), { serve })
        // The command that was on its way when the socket went is told that it failed, in time.
        const { error } = await alice.attempt('call', { to: 'somebody', type: 'audio' })
        assert.ok(['timeout', 'signaling-unreachable'].includes(error.code), error.code)
        await alice.mediaFreed()
        await until('further attempts', () => server.attempts.length >= 3)
        const states = await links(alice)
        assert.equal(states.includes('disconnected'), false, 'it has given up')
        // Well again: so is the client, by itself.
        Object.assign(server, { serve: honest, upgrade: 'accept' })
        await assertUsable(alice)
      })
      // And it can be given up meanwhile.
      const [, wrong] = endless[0]
      await start(stage, server, alice, (n += 1), {
        serve: async (session) => {
          if (session.number > 1) return wrong(session)
          await session.open()
          session.reset()
        },
      })
      await until('further attempts', () => server.attempts.length >= 3)
      await alice.do('dispose')
      await assertNothingLeft(alice, before)
      const { length } = server.attempts
      // Had it set a timer, the page would hold it.
      await startAnew(alice, alice.user, OPTIONS)
      assert.equal(server.attempts.length, length + 1)
    },
  },
  {
    name: 'i19_server_that_answers_no_heartbeat_is_left',
    ...ALONE,
    pairings: ['cc'],
    async run(stage) {
      const [server, alice, before] = await visit(stage)
      alice.patience = 60_000
      const serve = async (session) => {
        if (session.number > 1) return honest(session)
        await session.open()
        await session.answerAll({ but: ['session:ping'] })
      }
      await start(stage, server, alice, 1, { serve })
      await cameBack(alice)
      assert.deepEqual(await links(alice), ['connecting', 'connected', 'reconnecting', 'connected'])
      assert.equal(server.sessions[0].received.filter(({ event }) => event === 'session:ping').length, 1)
      await alice.do('dispose')
      await assertNothingLeft(alice, before)
    },
  },
]
