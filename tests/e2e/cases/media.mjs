// What is off is really off, and the other side is told.

import assert from 'node:assert/strict'
import { answer, assertOver, connect, ring } from '../harness/calls.mjs'
import { hearsSilence, hearsSound, sees, seesBlack } from '../harness/media.mjs'

export const cases = [
  {
    name: 'muted_microphone_is_told_and_silent_and_comes_back',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      await connect(alice, bob)
      await hearsSound(bob)

      await alice.do('toggle', { audio: false })
      await bob.event('call:media-changed', { userId: alice.user, audio: false })
      await hearsSilence(bob)
      await sees(bob)
      for (const party of [alice, bob]) assert.equal((await participant(party, alice)).audioMuted, true, party.label)

      await alice.do('toggle', { audio: true })
      await bob.event('call:media-changed', { userId: alice.user, audio: true })
      await hearsSound(bob)
      for (const party of [alice, bob]) assert.equal((await participant(party, alice)).audioMuted, false, party.label)

      await alice.do('hangup')
      await assertOver([alice, bob], 'completed')
    },
  },
  {
    name: 'camera_off_is_told_and_black_and_frees_the_camera_and_comes_back',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      await connect(alice, bob)
      await sees(alice)

      // Thrice, since a black frame may be lost now and then where it is sent only once.
      for (let round = 0; round < 3; round += 1) {
        await alice.forgetEvents()
        await bob.do('toggle', { video: false })
        await alice.event('call:media-changed', { userId: bob.user, video: false })
        await seesBlack(alice)
        await bob.until('a free camera', () => window.probes.held().liveTracks.join() === 'audio')
        await hearsSound(alice)
        for (const party of [alice, bob]) assert.equal((await participant(party, bob)).videoMuted, true, party.label)

        await bob.do('toggle', { video: true })
        await alice.event('call:media-changed', { userId: bob.user, video: true })
        await sees(alice)
        assert.deepEqual((await bob.held()).liveTracks, ['audio', 'video'])
        for (const party of [alice, bob]) assert.equal((await participant(party, bob)).videoMuted, false, party.label)
      }

      await bob.do('hangup')
      await assertOver([alice, bob], 'completed')
    },
  },
  {
    name: 'caller_muted_while_it_rings_is_muted_from_the_start',
    pairings: ['fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      await ring(alice, bob)
      await alice.do('toggle', { audio: false })
      await answer(alice, bob)
      await hearsSilence(bob)
      assert.equal((await participant(bob, alice)).audioMuted, true)
      await alice.do('toggle', { audio: true })
      await hearsSound(bob)
    },
  },
]

/** How `party` has `whom` among the participants of its call. */
async function participant(party, whom) {
  const [call] = await party.do('calls')
  return call.participants.find(({ userId }) => userId === whom.user)
}
