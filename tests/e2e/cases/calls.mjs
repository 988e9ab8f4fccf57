// A call from its beginning to its end.

import assert from 'node:assert/strict'
import { assertOver, connect, ring } from '../harness/calls.mjs'
import { hears, reception, seesAndHears } from '../harness/media.mjs'

export const cases = [
  {
    name: 'video_call_connects_both_ways_and_the_caller_hangs_up',
    pairings: ['cc', 'ff', 'cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      const rung = await connect(alice, bob)
      assert.equal(rung.state, 'ringing')
      assert.equal(rung.type, 'video')
      assert.equal(rung.callerId, alice.user)
      assert.deepEqual(rung.calleeIds, [bob.user])
      assert.deepEqual(userIds(rung), [alice.user])

      for (const party of [alice, bob]) {
        await party.event('media:local', { callId: rung.id })
        await party.event('media:remote', { callId: rung.id })
        const calls = await party.do('calls')
        assert.equal(calls.length, 1, party.label)
        assert.equal(calls[0].id, rung.id)
        assert.equal(calls[0].state, 'connected')
        assert.deepEqual(userIds(calls[0]), [alice.user, bob.user])
        for (const participant of calls[0].participants) {
          assert.equal(participant.audioMuted, false)
          assert.equal(participant.videoMuted, false)
          assert.equal(participant.screenSharing, false)
        }
      }
      await Promise.all([seesAndHears(alice), seesAndHears(bob)])

      await alice.do('hangup')
      await assertOver([alice, bob], 'completed')
      for (const party of [alice, bob]) {
        assert.deepEqual(await party.do('calls'), [], party.label)
        const remote = await party.evaluate(
          () => document.getElementById('remote').srcObject?.getTracks().map((track) => track.readyState) ?? [],
        )
        assert.ok(remote.every((state) => state === 'ended'), `${party.label}: remote tracks ${remote}`)
      }
    },
  },
  {
    name: 'callee_hangs_up',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      await connect(alice, bob)
      await bob.do('hangup')
      await assertOver([alice, bob], 'completed')
    },
  },
  {
    name: 'both_hang_up_at_once',
    pairings: ['cc'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      await connect(alice, bob)
      await Promise.all([alice.do('hangup'), bob.do('hangup')])
      await assertOver([alice, bob], 'completed')
    },
  },
  {
    name: 'caller_hangs_up_while_it_connects',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      await ring(alice, bob)
      await bob.begin('accept')
      await alice.state('connecting')
      await alice.do('hangup')
      await assertOver([alice, bob], 'completed')
    },
  },
  {
    name: 'audio_call_opens_no_camera',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      await connect(alice, bob, 'audio')
      await Promise.all([hears(alice), hears(bob)])
      for (const party of [alice, bob]) {
        const captures = (await party.log()).filter(({ kind }) => kind === 'capture')
        assert.ok(captures.length > 0 && captures.every(({ video }) => !video), `${party.label}: captures`)
        assert.equal((await reception(party)).videoPackets, 0, `${party.label}: video packets`)
        const [call] = await party.do('calls')
        assert.deepEqual(call.participants.map(({ videoMuted }) => videoMuted), [true, true])
      }
      await alice.do('hangup')
      await assertOver([alice, bob], 'completed')
    },
  },
  {
    name: 'second_call_on_the_same_pages_works_like_the_first',
    pairings: ['cf'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      await connect(alice, bob)
      await alice.do('hangup')
      await assertOver([alice, bob], 'completed')
      // The other way round, and the events of the first call out of sight.
      for (const party of [alice, bob]) await party.forgetEvents()
      await connect(bob, alice)
      await Promise.all([seesAndHears(alice), seesAndHears(bob)])
      await alice.do('hangup')
      await assertOver([alice, bob], 'completed')
    },
  },
  {
    name: 'i33_states_come_in_order_and_before_the_participants_they_cause',
    pairings: ['fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      await connect(alice, bob)
      await alice.do('hangup')
      await assertOver([alice, bob], 'completed')
      // That the call was made comes as what `initiate` resolves with, to a client that has replies.
      assert.deepEqual(states(await alice.events()).filter((state) => state !== 'initiating'), [
        'ringing',
        'connecting',
        'connected',
        'ended',
      ])
      assert.deepEqual(states(await bob.events()), ['connecting', 'connected', 'ended'])
      const names = (await alice.events()).map(({ name, data }) => data.state ?? name)
      assert.ok(names.indexOf('connecting') < names.indexOf('call:participant-joined'), names.join(' '))
    },
  },
]

const userIds = (call) => call.participants.map(({ userId }) => userId).sort()
const states = (events) => events.filter(({ name }) => name === 'call:state-changed').map(({ data }) => data.state)
