// One user in several tabs.

import assert from 'node:assert/strict'
import { assertOver, connect } from '../harness/calls.mjs'
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
  {
    name: 'call_on_one_tab_is_told_to_the_others_and_to_one_that_opens_meanwhile',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      const other = await stage.open('callee', 'bob', { beside: bob })
      const { id } = await connect(alice, bob, 'audio')
      await other.event('call:elsewhere', { callId: id, engaged: true })
      const third = await stage.open('callee', 'bob', { beside: bob })
      await third.event('call:elsewhere', { callId: id, engaged: true })
      const { error } = await third.attempt('call', { to: stage.user('nobody'), type: 'audio' })
      assert.equal(error.code, 'already-in-call')

      await alice.do('hangup')
      await assertOver([alice, bob], 'completed')
      for (const party of [other, third]) await party.event('call:elsewhere', { callId: id, engaged: false })
      for (const party of [alice, bob]) assert.deepEqual(await party.events('call:elsewhere'), [], party.label)
      await third.begin('call', { to: stage.user('nobody'), type: 'audio' })
      await third.until('a call', () => window.app.callId)
    },
  },
  {
    name: 'i17_every_ring_on_every_tab_is_accepted_there_or_ends',
    pairings: ['fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      const other = await stage.open('callee', 'bob', { beside: bob })
      const carol = await stage.open('caller', 'carol')
      await carol.do('call', { to: bob.user, type: 'audio' })
      await alice.do('call', { to: bob.user, type: 'audio' })
      const [hers, carols] = [await alice.callId(), await carol.callId()]
      for (const tab of [bob, other]) {
        for (const id of [hers, carols]) await tab.event('call:incoming', { id })
      }
      await bob.do('accept', hers)
      await Promise.all([alice.state('connected'), bob.event('call:state-changed', { callId: hers, state: 'connected' })])
      await carol.ended('busy')
      for (const tab of [bob, other]) await tab.event('call:state-changed', { callId: carols, endReason: 'busy' })
      await other.event('call:state-changed', { callId: hers, answeredElsewhere: true })
      for (const tab of [bob, other]) await tab.assertEveryRingCameToAnEnd()
      await other.assertEndedOnce()
      await bob.do('hangup', hers)
      await assertOver([alice], 'completed')
    },
  },
  {
    name: 'i26_signals_reach_the_tab_that_accepted_and_those_of_another_count_for_nothing',
    pairings: ['cf'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      const other = await stage.open('callee', 'bob', { beside: bob })
      const { id: callId } = await connect(alice, bob, 'audio')
      await other.state('ended')
      const at = (await other.log()).findIndex(
        ({ kind, frame }) => kind === 'received' && frame.data.state === 'ended',
      )

      const toAlice = (await alice.log()).length
      const toUserId = alice.user
      for (const [event, data] of [
        ['signal:answer', { callId, toUserId, type: 'answer', sdp: 'v=0\r\n' }],
        ['signal:ice-candidate', { callId, toUserId, candidate: '', sdpMid: '0', sdpMLineIndex: 0 }],
        ['call:media-toggle', { callId, audio: false }],
        ['call:hangup', { callId }],
      ]) {
        assert.equal((await other.say(event, data)).error?.code, 'unknown-call', event)
      }
      // The tab that accepted can still say it all.
      await bob.do('toggle', { audio: false })
      await alice.event('call:media-changed', { userId: bob.user, audio: false })
      const names = (await alice.receivedSince(toAlice)).map(({ event }) => event)
      assert.deepEqual(names.filter((name) => name !== 'signal:ice-candidate'), ['call:media-changed'])

      // What came to the other since it lost: that the user is in a call, and the replies.
      const heard = (await other.receivedSince(at + 1)).map(({ event }) => event)
      assert.deepEqual(heard, ['call:elsewhere', 'reply', 'reply', 'reply', 'reply'])
      const signals = (await bob.log()).filter(({ kind, frame }) => kind === 'received' && frame.event.startsWith('signal:'))
      assert.ok(signals.length > 1, 'the offer and candidates')
    },
  },
]
