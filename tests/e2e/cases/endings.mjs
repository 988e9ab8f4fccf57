// Every way in which a call ends without having been one.

import assert from 'node:assert/strict'
import { assertOver, connect, ring } from '../harness/calls.mjs'
import { seesAndHears } from '../harness/media.mjs'

export const cases = [
  {
    name: 'i10_rejected_by_the_callee',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      await ring(alice, bob)
      await bob.do('reject')
      await assertOver([alice, bob], 'rejected')
      await assertOpenedNothing(bob)
    },
  },
  {
    name: 'i10_cancelled_by_the_caller',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      await ring(alice, bob)
      await alice.do('hangup')
      await assertOver([alice, bob], 'cancelled')
      await assertOpenedNothing(bob)
    },
  },
  {
    name: 'i10_missed_by_the_callee',
    pairings: ['fc'],
    async run(stage) {
      const server = 'impatient'
      const [alice, bob] = await stage.pair({ caller: { server }, callee: { server } })
      await ring(alice, bob)
      await assertOver([alice, bob], 'missed')
      await assertOpenedNothing(bob)
    },
  },
  {
    name: 'i10_missed_when_the_callee_is_offline',
    pairings: ['cc', 'ff'],
    async run(stage) {
      const alice = await stage.open('caller', 'alice', { server: 'impatient' })
      await alice.do('call', { to: stage.user('nobody'), type: 'video' })
      await assertOver([alice], 'missed')
      const states = (await alice.events('call:state-changed')).map(({ data }) => data.state)
      assert.ok(!states.includes('ringing'), 'nobody was reached, so nothing rang')
    },
  },
  {
    name: 'i10_busy_leaves_the_call_that_is_alone',
    pairings: ['cf'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      await connect(alice, bob)
      const carol = await stage.open('caller', 'carol')
      await carol.begin('call', { to: bob.user, type: 'video' })
      await assertOver([carol], 'busy')
      await Promise.all([seesAndHears(alice), seesAndHears(bob)])
      assert.equal((await bob.events('call:incoming')).length, 1, 'the busy callee does not ring')
      await bob.do('hangup')
      await assertOver([alice, bob], 'completed')
    },
  },
  {
    name: 'initiate_while_in_a_call_is_refused',
    pairings: ['cc'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      await connect(alice, bob)
      const { error } = await alice.attempt('call', { to: stage.user('nobody'), type: 'audio' })
      assert.equal(error.code, 'already-in-call')
      await Promise.all([seesAndHears(alice), seesAndHears(bob)])
    },
  },
]

async function assertOpenedNothing(party) {
  const kinds = (await party.log()).map(({ kind }) => kind)
  assert.ok(!kinds.includes('capture'), `${party.label} opened no media device`)
  assert.ok(!kinds.includes('peer-connection'), `${party.label} made no peer connection`)
}
