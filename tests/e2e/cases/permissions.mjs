// A camera or a microphone that may not or cannot be had.

import assert from 'node:assert/strict'
import { assertOver, ring } from '../harness/calls.mjs'

export const cases = [
  {
    name: 'denied_caller_rings_nobody',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair({ caller: { permission: 'denying' } })
      const { error } = await alice.attempt('call', { to: bob.user, type: 'video' })
      assertCallError(error, 'permission-denied')
      assert.equal(error.cause, 'NotAllowedError')
      await assertNobodyRings(alice, bob)
    },
  },
  {
    name: 'denied_callee_ends_the_call_for_both',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair({ callee: { permission: 'denying' } })
      const call = await ring(alice, bob)
      const { error } = await bob.attempt('accept')
      assertCallError(error, 'permission-denied')
      const { endReason } = await alice.state('ended')
      await assertOver([alice, bob], endReason)
      assert.equal(error.callId, call.id)
    },
  },
  {
    name: 'open_preview_rings_without_a_question_to_the_browser',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      await alice.do('preview', { audio: true, video: true })
      await alice.evaluate(() => window.probes.holdPermissions())
      await ring(alice, bob)
      await alice.do('hangup')
      await assertOver([alice, bob], 'cancelled')
    },
  },
  ...[
    ['NotFoundError', 'device-not-found'],
    ['NotReadableError', 'device-in-use'],
  ].map(([exception, code]) => ({
    // The browsers' fake devices are always there, so getUserMedia is a stub that fails.
    name: `stub_${exception}_at_the_caller_is_${code}`,
    pairings: code === 'device-in-use' ? ['fc'] : ['cf'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      await alice.evaluate((name) => window.probes.failCapture(name), exception)
      const { error } = await alice.attempt('call', { to: bob.user, type: 'video' })
      assertCallError(error, code)
      assert.equal(error.cause, exception)
      // Where permission is given already, it rings while the devices open. Then the call is given up.
      if ((await sentBy(alice)).includes('call:initiate')) {
        await assertOver([bob], 'cancelled')
      } else {
        await assertNobodyRings(alice, bob)
      }
      assert.deepEqual((await alice.held()).liveTracks, [])
    },
  })),
]

function assertCallError(error, code) {
  assert.ok(error, `it fails with ${code}`)
  assert.equal(error.isError, true)
  assert.equal(error.name, 'CallError')
  assert.equal(error.code, code)
}

/** Bob has heard nothing of Alice's. His own call to her, which she declines, is the first thing that he hears. */
async function assertNobodyRings(alice, bob) {
  assert.deepEqual(await sentBy(alice), ['session:open'])
  assert.deepEqual((await alice.held()).liveTracks, [])
  await ring(bob, alice, 'audio')
  await alice.do('reject')
  await assertOver([alice, bob], 'rejected')
  assert.deepEqual(await bob.events('call:incoming'), [])
}

const sentBy = async (party) => (await party.log()).filter(({ kind }) => kind === 'sent').map(({ frame }) => frame.event)
