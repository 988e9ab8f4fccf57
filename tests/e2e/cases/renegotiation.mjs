// A call whose peer connection is negotiated anew: by the app's own tracks, by ICE by either side and by both at once.

import assert from 'node:assert/strict'
import { assertOver, connect, ring } from '../harness/calls.mjs'
import { assertExactlyFlows, assertNeverLeft, own, quiet, stops } from '../harness/negotiation.mjs'
import { assertNothingWrong } from '../harness/survival.mjs'

const options = { media: { video: { width: 160, height: 120, frameRate: 10 } } }
const PATIENT = 30_000

export const cases = [
  ...['caller', 'callee'].map((side) => ({
    name: `renegotiation_tracks_of_the_apps_own_come_and_go_at_the_${side}`,
    pairings: side === 'caller' ? ['cf'] : ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await pair(stage)
      await connect(alice, bob)
      const [one, other] = side === 'caller' ? [alice, bob] : [bob, alice]
      await assertExactlyFlows(alice, bob)
      await own(one, 'add', other.user, 'a', { kind: 'video', colour: 'red', by: 'addTrack' })
      await own(one, 'add', other.user, 'b', { kind: 'audio', by: 'addTransceiver' })
      await assertExactlyFlows(alice, bob)
      const told = (await other.events('media:remote')).map(({ data: { userId, kind, stream } }) => [userId, kind, ...stream])
      assert.deepEqual(told.map((one) => one.slice(0, 2)), [[one.user, 'camera'], [one.user, 'other'], [one.user, 'other']])
      assert.deepEqual(told.slice(1).map(([, , ...tracks]) => tracks), [['video'], ['audio']])
      await own(one, 'replace', other.user, 'a', 'blue')
      await own(one, 'add', other.user, 'c', { kind: 'video', colour: 'green', by: 'addTransceiver' })
      await assertExactlyFlows(alice, bob)
      await own(one, 'remove', other.user, 'a')
      await own(one, 'remove', other.user, 'b', stops(alice, bob))
      await assertExactlyFlows(alice, bob)
      await own(one, 'remove', other.user, 'c', stops(alice, bob))
      await own(one, 'add', other.user, 'd', { kind: 'video', colour: 'yellow', by: 'addTrack' })
      await assertExactlyFlows(alice, bob)
      await assertSent(one, other, 3)
      await over(alice, bob)
    },
  })),
  {
    name: 'renegotiation_tracks_of_the_apps_own_come_and_go_at_both_at_once',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await pair(stage)
      await connect(alice, bob)
      for (const by of ['addTrack', 'addTransceiver']) {
        await Promise.all([
          own(alice, 'add', bob.user, 'a', { kind: 'video', colour: 'red', by }),
          own(bob, 'add', alice.user, 'a', { kind: 'video', colour: 'green', by }),
        ])
        await assertExactlyFlows(alice, bob)
        await assertSent(alice, bob, 3)
        await assertSent(bob, alice, 3)
        await Promise.all([own(alice, 'remove', bob.user, 'a'), own(bob, 'remove', alice.user, 'a')])
        await assertExactlyFlows(alice, bob)
      }
      await over(alice, bob)
    },
  },
  {
    // Chromium shows pictures of such media no more, which it still decodes, once it has rolled an offer back.
    name: 'renegotiation_by_both_at_once_loses_no_picture_that_is_shown',
    pairings: ['cc', 'fc'],
    async run(stage) {
      const [alice, bob] = await pair(stage)
      await connect(alice, bob)
      await assertExactlyFlows(alice, bob)
      // The first since they met.
      await Promise.all([own(alice, 'restartIce', bob.user), own(bob, 'restartIce', alice.user)])
      await assertExactlyFlows(alice, bob)
      // He sends on what was only hers.
      await own(alice, 'add', bob.user, 'a', { kind: 'video', colour: 'red', by: 'addTransceiver' })
      await assertExactlyFlows(alice, bob)
      await Promise.all([
        own(alice, 'restartIce', bob.user),
        own(bob, 'add', alice.user, 'b', { kind: 'video', colour: 'green', by: 'addTrack' }),
      ])
      await assertExactlyFlows(alice, bob)
      await over(alice, bob)
    },
  },
  {
    name: 'renegotiation_restart_of_ice_by_either_and_by_both_at_once',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await pair(stage)
      await connect(alice, bob)
      const generations = () => Promise.all([own(alice, 'generation', bob.user), own(bob, 'generation', alice.user)])
      await assertExactlyFlows(alice, bob)
      const each = [[alice, bob], [bob, alice]]
      const turns = [...each.map((one) => [one]), each]
      for (const turn of turns) {
        const before = await generations()
        await Promise.all(turn.map(([one, other]) => own(one, 'restartIce', other.user)))
        await alice.until('another generation', (user, before) => window.own.generation(user) !== before, bob.user, before[0])
        await assertExactlyFlows(alice, bob)
        const after = await generations()
        for (const [index, fragment] of after.entries()) assert.notEqual(fragment, before[index])
      }
      await over(alice, bob)
    },
  },
  {
    name: 'renegotiation_ice_servers_of_a_function_are_awaited_and_asked_for_again_at_a_restart',
    pairings: ['cf', 'cc'],
    only: ['cf', 'cc'], // Chromium can be told that the network is another.
    async run(stage) {
      const [alice, bob] = await pair(stage, { caller: { connect: false } })
      await alice.evaluate(
        (user, options) => {
          let asked = 0
          const iceServers = () => {
            const url = `stun:127.0.0.1:${9 + asked}`
            asked += 1
            window.probes.note('ice-servers-asked', { url })
            return new Promise((resolve) => {
              window.giveIceServers = () => (window.probes.note('ice-servers-given', { url }), resolve([{ urls: url }]))
            })
          }
          return window.app.start({ user, options: { ...options, iceServers } })
        },
        alice.user,
        options,
      )
      await alice.until('the question', () => window.giveIceServers)
      await alice.begin('call', { to: bob.user, type: 'video' })
      assert.equal((await alice.held()).openPeerConnections, 0)
      await alice.evaluate(() => window.giveIceServers())
      assert.equal((await alice.begun()).error, undefined)
      const configured = (user) => window.app.connection(user).getConfiguration().iceServers.map(({ urls }) => [urls].flat()[0])
      assert.deepEqual(await alice.evaluate(configured, bob.user), ['stun:127.0.0.1:9'])
      await bob.event('call:incoming')
      await bob.do('accept')
      await Promise.all([alice.state('connected'), bob.state('connected')])
      await quiet(alice, bob)

      const before = await own(alice, 'generation', bob.user)
      await alice.changeNetwork()
      await alice.until('the second question', () => window.probes.log.filter(({ kind }) => kind === 'ice-servers-asked').length === 2)
      await alice.evaluate(() => window.giveIceServers())
      await alice.until('another generation', (user, before) => window.own.generation(user) !== before, bob.user, before)
      assert.deepEqual(await alice.evaluate(configured, bob.user), ['stun:127.0.0.1:10'])
      const steps = (await alice.log()).filter(({ kind, frame }) => /ice-servers|peer-conn/.test(kind) || (kind === 'sent' && frame.event === 'signal:offer'))
      assert.deepEqual(
        steps.map(({ kind }) => kind),
        ['ice-servers-asked', 'ice-servers-given', 'peer-connection', 'sent', 'ice-servers-asked', 'ice-servers-given', 'sent'],
      )
      await assertExactlyFlows(alice, bob)
      await over(alice, bob)
    },
  },
  {
    name: 'renegotiation_ice_servers_that_never_come_hold_a_call_up_for_some_seconds_only_and_are_used_when_they_come',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await pair(stage, { caller: { connect: false }, callee: { connect: false } })
      for (const party of [alice, bob]) {
        await party.evaluate(
          (user, options) => {
            const iceServers = () => new Promise((resolve) => { window.giveIceServers = resolve })
            return window.app.start({ user, options: { ...options, iceServers } })
          },
          party.user,
          options,
        )
      }
      await Promise.all([alice.state('connected'), bob.state('connected'), alice.do('call', { to: bob.user, type: 'video' }).then(async () => {
        await bob.event('call:incoming')
        await bob.do('accept')
      })])
      await assertExactlyFlows(alice, bob)
      const configured = (user) => window.app.connection(user).getConfiguration().iceServers.map(({ urls }) => [urls].flat()[0])
      assert.deepEqual(await alice.evaluate(configured, bob.user), [])
      await alice.evaluate(() => window.giveIceServers([{ urls: 'stun:127.0.0.1:3478' }]))
      await alice.until('the servers that came late', (user) => window.app.connection(user).getConfiguration().iceServers.length === 1, bob.user)
      await over(alice, bob)
    },
  },
  {
    name: 'renegotiation_offer_that_is_too_large_is_told_and_not_made_and_the_call_goes_on',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await pair(stage)
      const { id: callId } = await connect(alice, bob)
      await assertExactlyFlows(alice, bob)
      const offers = async () => (await alice.log()).filter(({ kind, frame }) => kind === 'sent' && frame.event === 'signal:offer').length
      const before = await offers()
      await alice.evaluate((user) => {
        const connection = window.app.connection(user)
        window.many = Array.from({ length: 40 }, () => connection.addTransceiver('video'))
      }, bob.user)
      await alice.event('error', { code: 'limit-exceeded', callId })
      await quiet(alice, bob, { unmet: true })
      assert.equal(await offers(), before)
      await assertExactlyFlows(alice, bob, { unmet: true })
      // Theirs is answered; the browser wants its own again then, in vain.
      await own(bob, 'add', alice.user, 'a', { kind: 'video', colour: 'red', by: 'addTrack' })
      await assertExactlyFlows(alice, bob, { unmet: true })
      assert.equal(await offers(), before)
      if (alice.browser.name === 'firefox') {
        // Chromium, where a transceiver is stopped that was never negotiated, says for ever that an offer is needed.
        await alice.evaluate(() => window.many.splice(1).forEach((one) => one.stop()))
        await alice.do('toggle', { audio: true })
        await alice.until('an offer', () => window.many[0].currentDirection !== null)
        assert.ok((await offers()) > before)
        await assertExactlyFlows(alice, bob)
      }
      await assertNeverLeft([alice, bob])
      await alice.do('hangup')
      for (const party of [alice, bob]) await own(party, 'end')
      await assertOver([alice, bob], 'completed')
    },
  },
  {
    name: 'relay_alone_without_a_turn_server_fails_and_says_why',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const relay = { options: { ...options, iceTransportPolicy: 'relay' } }
      const [alice, bob] = await pair(stage, { caller: relay })
      await ring(alice, bob)
      await bob.do('accept')
      for (const party of [alice, bob]) {
        const { cause, evidence } = await party.ended('failed')
        assert.equal(cause, 'no-turn-configured', party.label)
        const { online, turn, localCandidates, remoteCandidates, candidateErrors } = evidence
        assert.deepEqual([online, turn, candidateErrors], [true, false, []], party.label)
        // Who may show a relay's address alone has none to show.
        assert.deepEqual([localCandidates, remoteCandidates], party === alice ? [[], ['host']] : [['host'], []], party.label)
      }
      await assertOver([alice, bob], 'failed')
    },
  },
]

async function pair(stage, { caller, callee } = {}) {
  const parties = await stage.pair({ caller: { options, ...caller }, callee: { options, ...callee } })
  for (const party of parties) party.patience = PATIENT
  return parties
}

/** Asserts how many tracks this one sends to the other. */
async function assertSent(one, other, count) {
  assert.equal(Object.keys(await own(one, 'sends', other.user)).length, count, one.label)
}

async function over(alice, bob) {
  await assertNeverLeft([alice, bob])
  for (const party of [alice, bob]) await assertNothingWrong(party)
  await alice.do('hangup')
  for (const party of [alice, bob]) await own(party, 'end')
  await assertOver([alice, bob], 'completed')
}
