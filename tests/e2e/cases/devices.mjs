// One user in several tabs.

import assert from 'node:assert/strict'
import { assertOver } from '../harness/calls.mjs'
import { seesAndHears } from '../harness/media.mjs'

export const cases = [
  {
    name: 'i8_both_tabs_ring_and_the_loser_hears_answered_elsewhere',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      const other = await stage.open('callee', 'bob', { beside: bob })
      await alice.do('call', { to: bob.user, type: 'video' })
      await Promise.all([bob.event('call:incoming'), other.event('call:incoming')])

      await bob.do('accept')
      const ended = await other.ended('completed')
      assert.equal(ended.answeredElsewhere, true)
      await Promise.all([alice.state('connected'), bob.state('connected')])
      await Promise.all([seesAndHears(alice), seesAndHears(bob)])
      const kinds = (await other.log()).map(({ kind }) => kind)
      assert.ok(!kinds.includes('capture') && !kinds.includes('peer-connection'), 'the loser opened nothing')
      assert.deepEqual(await other.do('calls'), [])
      const { error } = await other.attempt('accept', await bob.callId())
      assert.ok(error, 'what was lost cannot be accepted')

      await alice.do('hangup')
      await assertOver([alice, bob], 'completed')
      await other.assertEndedOnce()
    },
  },
  {
    name: 'decline_in_one_tab_stops_the_other',
    pairings: ['cc'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      const other = await stage.open('callee', 'bob', { beside: bob })
      await alice.do('call', { to: bob.user, type: 'video' })
      await Promise.all([bob.event('call:incoming'), other.event('call:incoming')])
      await other.do('reject')
      await assertOver([alice, bob, other], 'rejected')
    },
  },
  {
    name: 'tab_that_opens_while_it_rings_rings_too',
    pairings: ['fc'],
    async run(stage) {
      const alice = await stage.open('caller', 'alice')
      await alice.do('call', { to: stage.user('bob'), type: 'video' })
      const bob = await stage.open('callee', 'bob')
      await bob.event('call:incoming')
      await alice.state('ringing')
      await bob.do('accept')
      await Promise.all([alice.state('connected'), bob.state('connected')])
      await Promise.all([seesAndHears(alice), seesAndHears(bob)])
    },
  },
]
