// What is left of a client that was disposed of: nothing.

import assert from 'node:assert/strict'
import { assertOver, connect, ring } from '../harness/calls.mjs'
import { seesAndHears } from '../harness/media.mjs'

export const cases = [
  {
    name: 'i32_dispose_in_a_call_leaves_nothing',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair({ caller: { connect: false } })
      const before = await alice.held()
      await alice.do('start', { user: alice.user })
      await connect(alice, bob)
      await Promise.all([seesAndHears(alice), seesAndHears(bob)])
      await alice.do('dispose')
      await assertNothingLeft(alice, before)
      const { endReason } = await bob.state('ended')
      await assertOver([bob], endReason)

      const { error } = await alice.attempt('call', { to: bob.user, type: 'audio' })
      assert.equal(error.code, 'disposed')
      await alice.do('dispose')
    },
  },
  {
    name: 'i32_dispose_while_it_rings_leaves_nothing',
    pairings: ['cc', 'ff'],
    async run(stage) {
      const [alice, bob] = await stage.pair({ caller: { connect: false }, callee: { connect: false } })
      const before = [await alice.held(), await bob.held()]
      await Promise.all([alice.do('start', { user: alice.user }), bob.do('start', { user: bob.user })])
      await ring(alice, bob)
      await alice.do('dispose')
      await bob.ended('cancelled')
      await bob.do('dispose')
      await assertNothingLeft(alice, before[0])
      await assertNothingLeft(bob, before[1])
    },
  },
  {
    name: 'i32_dispose_of_a_preview_leaves_nothing',
    pairings: ['cc', 'ff'],
    async run(stage) {
      const alice = await stage.open('caller', 'alice', { connect: false })
      const before = await alice.held()
      await alice.do('start', { user: alice.user })
      await alice.do('preview', { audio: true, video: true })
      assert.deepEqual((await alice.held()).liveTracks, ['audio', 'video'])
      await alice.do('dispose')
      await assertNothingLeft(alice, before)
    },
  },
]

/** The page holds what it held before there was a client. A socket closes when the server has said so as well. */
async function assertNothingLeft(party, before) {
  await party.until('a closed socket', () => window.probes.held().openSockets === 0)
  assert.deepEqual(await party.held(), before, party.label)
}
