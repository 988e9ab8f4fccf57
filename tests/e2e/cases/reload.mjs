// Pages that are loaded anew, crash or freeze, servers that are killed, and sockets that go silent.

import assert from 'node:assert/strict'
import { answer, assertOver, connect, ring } from '../harness/calls.mjs'
import { seesAndHears } from '../harness/media.mjs'
import {
  assertFree, assertNothingLeft, assertNothingUncaught, assertNothingWrong, assertOneCall, cameBack, link, links,
} from '../harness/survival.mjs'

const BOTH = { pairings: ['cf', 'fc'] }

/** Longer than any window of the protocol, and than a heartbeat that goes unanswered. */
const LONG = 60_000
const LIMIT = 180_000

/** Short windows: 6 s for who is in a call, and 3 s for others. */
const SHORT = ['--resume-timeout', '6s', '--resume-timeout-ringing', '3s']

/** Alice and Bob at a server of their own, with short windows. */
async function impatientPair(stage) {
  const { origin } = await stage.ownServer(SHORT)
  const pair = await stage.pair({ caller: { origin }, callee: { origin } })
  return [...pair, origin]
}

/** Loads the page anew and starts its app, as the same user. */
async function comeBack(party) {
  await party.reload()
  await party.do('start', { user: party.user })
}

/** The page of a call that goes on: it is asked for, and rejoined. */
async function rejoin(party, callId) {
  const resumable = await party.do('resumable')
  assert.deepEqual(resumable.map(({ id }) => id), [callId], `${party.label}: resumable`)
  const { id } = await party.do('rejoin', callId)
  assert.equal(id, callId)
}

const reloads = [
  {
    name: 'i19_callee_reloads_while_it_rings',
    ...BOTH,
    async run(stage) {
      const [alice, bob] = await stage.pair()
      const { id } = await ring(alice, bob)
      await comeBack(bob)
      assert.equal((await bob.event('call:incoming')).id, id)
      assert.deepEqual(await bob.do('resumable'), [], 'what rings is accepted, not rejoined')
      await answer(alice, bob)
      await assertOneCall([alice, bob])
      await bob.do('hangup')
      await assertOver([alice, bob], 'completed')
      await bob.assertEveryRingCameToAnEnd()
    },
  },
  {
    name: 'i1_callee_who_reloads_while_it_rings_opens_nothing',
    ...BOTH,
    async run(stage) {
      const [alice, bob] = await stage.pair()
      await ring(alice, bob)
      await comeBack(bob)
      await bob.event('call:incoming')
      await alice.do('hangup')
      await assertOver([alice, bob], 'cancelled')
      const log = await bob.log()
      assert.deepEqual(log.filter(({ kind }) => ['capture', 'peer-connection'].includes(kind)), [])
    },
  },
  {
    name: 'i19_caller_reloads_while_it_rings',
    ...BOTH,
    async run(stage) {
      const [alice, bob] = await stage.pair()
      const { id } = await ring(alice, bob)
      await comeBack(alice)
      await rejoin(alice, id)
      await answer(alice, bob)
      await assertOneCall([alice, bob])
      await alice.do('hangup')
      await assertOver([alice, bob], 'completed')
    },
  },
  {
    name: 'i15_caller_who_reloads_and_does_not_rejoin_rings_no_longer',
    pairings: ['cf'],
    async run(stage) {
      const [alice, bob] = await impatientPair(stage)
      bob.patience = LONG
      await ring(alice, bob)
      await comeBack(alice)
      await assertOver([bob], 'cancelled')
      await assertFree(alice)
    },
  },
  ...['alice', 'bob'].map((who) => ({
    name: `i19_${who === 'alice' ? 'caller' : 'callee'}_reloads_in_a_call`,
    ...BOTH,
    async run(stage) {
      const [alice, bob] = await stage.pair()
      const { id } = await connect(alice, bob)
      await assertOneCall([alice, bob])
      const [gone, stays] = who === 'alice' ? [alice, bob] : [bob, alice]
      // Twice: the second is an incarnation after the first.
      for (let time = 0; time < 2; time += 1) {
        await comeBack(gone)
        await stays.forgetEvents()
        await rejoin(gone, id)
        await gone.state('connected')
        await assertOneCall([alice, bob])
        const { liveTracks, openPeerConnections } = await stays.held()
        assert.deepEqual([liveTracks, openPeerConnections], [['audio', 'video'], 1], `${stays.label}: one connection, not two`)
      }
      await assertNothingWrong(stays)
      await stays.do('hangup')
      await assertOver([gone, stays], 'completed')
    },
  })),
  {
    name: 'i15_one_who_reloads_in_a_call_and_does_not_rejoin_leaves_it',
    pairings: ['fc'],
    async run(stage) {
      const [alice, bob] = await impatientPair(stage)
      bob.patience = LONG
      await connect(alice, bob)
      await comeBack(alice)
      await assertOver([bob], 'completed')
      await assertFree(alice)
      assert.deepEqual(await alice.do('resumable'), [])
      // Nobody stays busy.
      await connect(alice, bob)
      await assertOneCall([alice, bob])
      await alice.do('hangup')
    },
  },
  {
    // As apps do whose framework mounts a component twice.
    name: 'i19_page_that_connects_twice_at_once_is_the_device_that_it_was',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      const { id } = await connect(alice, bob)
      await alice.reload()
      // The page before this one takes a moment to go.
      await alice.evaluate(() => {
        const request = navigator.locks.request.bind(navigator.locks)
        navigator.locks.request = async (...asked) => {
          await new Promise((resolve) => setTimeout(resolve, 300))
          return request(...asked)
        }
      })
      await alice.do('start', { user: alice.user, options: { twice: true } })
      await rejoin(alice, id)
      await assertOneCall([alice, bob])
      await alice.do('hangup')
      await assertOver([alice, bob], 'completed')
    },
  },
  {
    name: 'i15_hangup_of_a_call_that_could_be_rejoined_ends_it',
    pairings: ['cf'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      const { id } = await connect(alice, bob)
      await comeBack(alice)
      await alice.do('hangup', id)
      await assertOver([bob], 'completed')
      await assertFree(alice)
    },
  },
]

const crashes = [
  {
    name: 'i15_crash_of_a_tab_in_a_call_ends_it_after_the_window',
    ...BOTH,
    limit: LIMIT,
    async run(stage) {
      const [alice, bob, origin] = await impatientPair(stage)
      bob.patience = LONG
      await connect(alice, bob)
      await seesAndHears(bob)
      await alice.crash()
      await assertOver([bob], 'failed')
      const carol = await stage.open('caller', 'carol', { origin })
      await connect(carol, bob)
      await carol.do('hangup')
    },
  },
  {
    name: 'i15_crash_of_the_callers_tab_while_it_rings_cancels',
    pairings: ['fc'],
    async run(stage) {
      const [alice, bob] = await impatientPair(stage)
      bob.patience = LONG
      await ring(alice, bob)
      await alice.crash()
      await assertOver([bob], 'cancelled')
    },
  },
  {
    name: 'i15_crash_of_the_callees_tab_while_it_rings_is_missed',
    pairings: ['fc'],
    async run(stage) {
      const [alice, bob] = await impatientPair(stage)
      alice.patience = LONG
      await ring(alice, bob)
      await bob.crash()
      await assertOver([alice], 'missed')
    },
  },
  {
    name: 'i19_crashed_tab_that_is_loaded_again_rejoins',
    pairings: ['cc'],
    only: ['cc', 'cf'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      const { id } = await connect(alice, bob)
      await alice.crash()
      await comeBack(alice)
      await rejoin(alice, id)
      await assertOneCall([alice, bob])
      await alice.do('hangup')
      await assertOver([alice, bob], 'completed')
    },
  },
]

/** How far a call has come when the server goes. */
const STATES = {
  ringing: ring,
  // Accepted, and the callee's camera is not open yet.
  connecting: async (alice, bob) => {
    await bob.evaluate(() => window.probes.holdCapture())
    await ring(alice, bob)
    await bob.begin('accept')
    await Promise.all([alice.state('connecting'), bob.state('connecting')])
  },
  connected: connect,
}

const servers = Object.entries(STATES).flatMap(([state, reach]) =>
  ['SIGKILL', 'SIGTERM'].map((signal) => ({
    name: `i15_server_ends_by_${signal.toLowerCase()}_while_${state}`,
    pairings: [signal === 'SIGKILL' ? 'cf' : 'fc'],
    async run(stage) {
      const server = await stage.ownServer()
      const at = { origin: server.origin }
      const [alice, bob] = await stage.pair({ caller: at, callee: at })
      await reach(alice, bob)
      await server.kill(signal)
      await Promise.all([link(alice, 'reconnecting'), link(bob, 'reconnecting')])
      if (state === 'connected') {
        // Media need no server, and neither app is told of an end while it may come back.
        await Promise.all([seesAndHears(alice), seesAndHears(bob)])
        assert.deepEqual(await alice.events('error'), [])
      }
      await server.restart()
      if (state === 'connecting') await bob.evaluate(() => window.probes.releaseCapture())

      // It knows of no call any more.
      const inIt = state === 'ringing' ? [alice] : [alice, bob]
      for (const party of inIt) {
        const { endReason, cause } = await party.state('ended')
        assert.deepEqual([endReason, cause], [state === 'ringing' ? 'cancelled' : 'failed', 'server-restarted'], party.label)
      }
      for (const party of [alice, bob]) {
        await party.state('ended')
        await link(party, 'connected')
        await party.mediaFreed()
        await party.assertEndedOnce()
        await assertFree(party)
        await assertNothingUncaught(party)
      }
      await bob.assertEveryRingCameToAnEnd()
      for (const party of [alice, bob]) await party.forgetEvents()
      await connect(alice, bob)
      await assertOneCall([alice, bob])
      await alice.do('hangup')
      await assertOver([alice, bob], 'completed')
    },
  })),
)

const outages = [
  {
    name: 'i32_dispose_while_the_server_is_gone_leaves_nothing',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const server = await stage.ownServer()
      const at = { origin: server.origin, connect: false }
      const [alice, bob] = await stage.pair({ caller: at, callee: at })
      const before = await alice.held()
      await Promise.all([alice, bob].map((party) => party.do('start', { user: party.user })))
      await connect(alice, bob)
      await server.kill('SIGKILL')
      await link(alice, 'reconnecting')
      await alice.begin('toggle', { audio: false })
      await alice.do('dispose')
      await assertNothingLeft(alice, before)
      assert.ok(['disposed', 'call-ended'].includes((await alice.begun()).error.code))
    },
  },
  {
    name: 'i21_commands_given_while_the_server_is_away_are_done_once',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, proxy] = await stage.openBehindProxy('caller', 'alice')
      const bob = await stage.open('callee', 'bob')
      await connect(alice, bob)
      await proxy.refuse(502)
      proxy.cutNow()
      await link(alice, 'reconnecting')
      await bob.forgetEvents()
      await alice.begin('toggle', { audio: false })
      await proxy.admit()
      await alice.begun()
      await cameBack(alice)
      await bob.event('call:media-changed', { userId: alice.user, audio: false })
      await alice.do('hangup')
      await assertOver([alice, bob], 'completed')
      assert.equal((await bob.events('call:media-changed')).length, 1)
    },
  },
  {
    name: 'i15_hangup_while_the_server_is_away_ends_the_call_for_both',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, proxy] = await stage.openBehindProxy('caller', 'alice')
      const bob = await stage.open('callee', 'bob')
      await connect(alice, bob)
      await proxy.refuse(502)
      proxy.cutNow()
      await link(alice, 'reconnecting')
      await alice.begin('hangup')
      await alice.mediaFreed()
      await proxy.admit()
      await assertOver([bob], 'completed')
      await assertFree(alice)
    },
  },
  {
    name: 'i15_one_who_stays_away_leaves_the_call',
    pairings: ['cf', 'fc'],
    limit: LIMIT,
    async run(stage) {
      const { origin } = await stage.ownServer(SHORT)
      const [alice, proxy] = await stage.openBehindProxy('caller', 'alice', { target: origin })
      const bob = await stage.open('callee', 'bob', { origin })
      bob.patience = alice.patience = LONG
      await connect(alice, bob)
      await proxy.refuse('listener')
      proxy.cutNow()
      await assertOver([bob], 'failed')
      await proxy.admit()
      await link(alice, 'connected')
      await alice.state('ended')
      await alice.mediaFreed()
      await alice.assertEndedOnce()
      await assertFree(alice)
    },
  },
]

const silence = ['up', 'down', 'both'].map((direction) => ({
  name: `i19_socket_that_goes_silent_${direction}_is_replaced`,
  pairings: direction === 'up' ? ['cf'] : [],
  only: ['cf', 'fc'],
  limit: LIMIT,
  async run(stage) {
    const [alice, proxy] = await stage.openBehindProxy('caller', 'alice')
    const bob = await stage.open('callee', 'bob')
    alice.patience = LONG
    await connect(alice, bob)
    await alice.forgetEvents()
    proxy.silence(direction)
    proxy.heal()
    await cameBack(alice)
    assert.deepEqual(await links(alice), ['reconnecting', 'connected'])
    await assertOneCall([alice, bob])
    await bob.do('toggle', { audio: false })
    await alice.event('call:media-changed', { userId: bob.user, audio: false })
    await alice.do('hangup')
    await assertOver([alice, bob], 'completed')
  },
}))

/** How long a page does nothing. */
const FREEZE = 10_000

/** Chromium closes the sockets of a page that it freezes, and the window of a call that rings is no longer than `FREEZE`. */
const FREEZE_WHILE_RINGING = 5_000

const freezes = [
  ['computes_for_ten_seconds', { pairings: ['fc'] }, (party) => party.block(FREEZE), (party) => party.block(FREEZE)],
  // Firefox cannot be told to freeze a page.
  [
    'is_frozen',
    { pairings: ['cf'], only: ['cc', 'cf'] },
    (party) => party.freeze(FREEZE),
    (party) => party.freeze(FREEZE_WHILE_RINGING),
  ],
].flatMap(([name, pairings, freeze, freezeWhileRinging]) => [
  {
    name: `i19_page_that_${name}_stays_in_its_call`,
    ...pairings,
    async run(stage) {
      const [alice, bob] = await stage.pair()
      await connect(alice, bob)
      await assertOneCall([alice, bob])
      await freeze(alice)
      await link(alice, 'connected')
      // A browser pauses what a frozen page shows, and leaves it so.
      await alice.evaluate(() => Promise.all([...document.querySelectorAll('video')].map((video) => video.play())))
      await assertOneCall([alice, bob])
      for (const party of [alice, bob]) await assertNothingWrong(party)
      await alice.do('hangup')
      await assertOver([alice, bob], 'completed')
    },
  },
  {
    name: `i19_caller_whose_page_${name}_hears_the_answer`,
    ...pairings,
    async run(stage) {
      const [alice, bob] = await stage.pair()
      await ring(alice, bob)
      const frozen = freezeWhileRinging(alice)
      await bob.do('accept')
      await frozen
      await Promise.all([alice.state('connected'), bob.state('connected')])
      await assertOneCall([alice, bob])
      await alice.do('hangup')
      await assertOver([alice, bob], 'completed')
    },
  },
])

export const cases = [...reloads, ...crashes, ...servers, ...outages, ...silence, ...freezes]
