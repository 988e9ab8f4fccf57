// Two call each other at once: one call, and both are in it.

import assert from 'node:assert/strict'
import { assertOver } from '../harness/calls.mjs'
import { hears, reception, sees, seesAndHears } from '../harness/media.mjs'

export const cases = [
  {
    name: 'i13_the_later_call_is_the_accept_of_the_earlier',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      const call = await meet(alice, bob, 'video', 'video')
      assert.equal(call.callerId, alice.user)
      assert.deepEqual(call.participants.map(({ userId }) => userId), [alice.user, bob.user])
      await Promise.all([seesAndHears(alice), seesAndHears(bob)])
      await bob.assertEveryRingCameToAnEnd()
      await bob.do('hangup')
      await assertOver([alice, bob], 'completed')
    },
  },
  {
    name: 'i13_two_who_call_each_other_at_once_are_in_one_call',
    pairings: ['cc', 'cf'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      const [one, other] = await Promise.all([
        alice.do('call', { to: bob.user, type: 'video' }),
        bob.do('call', { to: alice.user, type: 'video' }),
      ])
      assert.equal(one.id, other.id)
      await Promise.all([alice.state('connected'), bob.state('connected')])
      await Promise.all([seesAndHears(alice), seesAndHears(bob)])
      for (const party of [alice, bob]) {
        assert.equal((await party.do('calls')).length, 1, party.label)
        await party.assertEveryRingCameToAnEnd()
      }
      await alice.do('hangup')
      await assertOver([alice, bob], 'completed')
    },
  },
  {
    name: 'camera_opened_for_a_call_that_met_an_audio_call_is_let_go',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      const call = await meet(alice, bob, 'audio', 'video')
      assert.equal(call.type, 'audio')
      assert.deepEqual((await bob.held()).liveTracks, ['audio'])
      const { stream } = await bob.event('media:local', { callId: call.id })
      assert.deepEqual(stream, ['audio'])
      await Promise.all([hears(alice), hears(bob)])
      assert.equal((await reception(alice)).videoPackets, 0)
      for (const party of [alice, bob]) {
        const [known] = await party.do('calls')
        assert.deepEqual(known.participants.map(({ videoMuted }) => videoMuted), [true, true], party.label)
      }
      await alice.do('hangup')
      await assertOver([alice, bob], 'completed')
    },
  },
  {
    name: 'audio_call_that_met_a_video_call_opens_no_camera_until_it_is_turned_on',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      const call = await meet(alice, bob, 'video', 'audio')
      assert.equal(call.type, 'video')
      await sees(bob)
      assert.deepEqual((await bob.held()).liveTracks, ['audio'])
      const known = async (party) => (await party.do('calls'))[0].participants.find(({ userId }) => userId === bob.user)
      for (const party of [alice, bob]) assert.equal((await known(party)).videoMuted, true, party.label)
      await hears(alice)

      await bob.do('toggle', { video: true })
      await alice.event('call:media-changed', { userId: bob.user, video: true })
      await sees(alice)
      for (const party of [alice, bob]) assert.equal((await known(party)).videoMuted, false, party.label)
      await alice.do('hangup')
      await assertOver([alice, bob], 'completed')
    },
  },
  {
    name: 'one_who_calls_several_cannot_be_met',
    pairings: ['cf'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      const carol = await stage.open('callee', 'carol')
      const { id } = await alice.do('call', { to: [bob.user, carol.user], type: 'audio' })
      await bob.event('call:incoming')
      const { error } = await bob.attempt('call', { to: alice.user, type: 'audio' })
      assert.equal(error.code, 'already-ringing')
      assert.equal(error.callId, id)
      await bob.mediaFreed()
      await bob.do('accept', error.callId)
      await Promise.all([alice.state('connected'), bob.state('connected')])
      await Promise.all([hears(alice), hears(bob)])
    },
  },
  {
    name: 'i13_sdk_that_calls_a_stranger_who_is_calling_takes_their_call',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair({ caller: { kind: 'stranger' } })
      await meet(alice, bob, 'video', 'video')
      await Promise.all([seesAndHears(alice), seesAndHears(bob)])
      await bob.do('hangup')
      await assertOver([alice, bob], 'completed')
    },
  },
  {
    name: 'i13_stranger_who_calls_an_sdk_that_is_calling_takes_their_call',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair({ callee: { kind: 'stranger' } })
      await meet(alice, bob, 'video', 'video')
      await Promise.all([seesAndHears(alice), seesAndHears(bob)])
      await alice.do('hangup')
      await assertOver([alice, bob], 'completed')
    },
  },
  {
    name: 'i13_two_strangers_who_call_each_other_are_in_one_call',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair(strangers)
      await meet(alice, bob, 'video', 'video')
      await assertOneCallOfStrangers(alice, bob)
      await bob.do('hangup')
      await assertOver([alice, bob], 'completed')
    },
  },
  {
    name: 'i13_two_strangers_who_call_each_other_at_once_are_in_one_call',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair(strangers)
      await Promise.all([
        alice.do('call', { to: bob.user, type: 'video' }),
        bob.do('call', { to: alice.user, type: 'video' }),
      ])
      await Promise.all([alice.state('connected'), bob.state('connected')])
      await assertOneCallOfStrangers(alice, bob)
      await alice.do('hangup')
      await assertOver([alice, bob], 'completed')
    },
  },
]

const strangers = { caller: { kind: 'stranger' }, callee: { kind: 'stranger' } }

/** Both are in the same call and see and hear each other, and one of them has offered, the other answered. */
async function assertOneCallOfStrangers(alice, bob) {
  assert.equal(await alice.callId(), await bob.callId())
  await Promise.all([seesAndHears(alice), seesAndHears(bob)])
  const descriptions = []
  for (const party of [alice, bob]) {
    await party.assertEveryRingCameToAnEnd()
    assert.deepEqual(await party.evaluate(() => window.probes.uncaught), [], `${party.label}: uncaught`)
    const sent = (await party.log()).filter(({ kind }) => kind === 'sent').map(({ frame }) => frame.event)
    descriptions.push(sent.filter((event) => event === 'signal:offer' || event === 'signal:answer'))
  }
  assert.deepEqual(descriptions.sort(), [['signal:answer'], ['signal:offer']])
}

/**
 * Alice calls Bob; before he hears of it, he calls her. Resolves when both are connected, with what Bob's own call came to.
 */
async function meet(alice, bob, hers, his) {
  await bob.evaluate(() => window.probes.holdFrames())
  await alice.do('call', { to: bob.user, type: hers })
  await alice.state('ringing')
  await bob.begin('call', { to: alice.user, type: his })
  await bob.until('a call', () =>
    window.probes.log.some(({ kind, frame }) => kind === 'sent' && frame.event === 'call:initiate'),
  )
  await bob.evaluate(() => window.probes.releaseFrames())
  const { value, error } = (await bob.begun()) ?? {}
  assert.equal(error, undefined)
  await Promise.all([alice.state('connected'), bob.state('connected')])
  assert.equal(await alice.callId(), await bob.callId())
  return value
}
