// A client written from the seed text alone calls, and is called.

import assert from 'node:assert/strict'
import { answer, assertOver, connect, ring } from '../harness/calls.mjs'
import { seesAndHears, seesBlack } from '../harness/media.mjs'

const sdk = { kind: 'sdk' }
const stranger = { kind: 'stranger' }

export const cases = [
  ...[
    { name: 'stranger_calls_sdk', kinds: { caller: stranger, callee: sdk } },
    { name: 'sdk_calls_stranger', kinds: { caller: sdk, callee: stranger } },
    { name: 'stranger_calls_stranger', kinds: { caller: stranger, callee: stranger } },
  ].flatMap(({ name, kinds }) => [
    {
      name: `${name}_with_video_both_ways_and_the_caller_hangs_up`,
      pairings: ['cf', 'ff'],
      run: (stage) => wholeCall(stage, kinds, ([alice]) => alice),
    },
    {
      name: `${name}_with_video_both_ways_and_the_callee_hangs_up`,
      pairings: ['fc', 'cc'],
      run: (stage) => wholeCall(stage, kinds, ([, bob]) => bob),
    },
  ]),
  {
    name: 'stranger_declines_sdk',
    pairings: ['cf'],
    async run(stage) {
      const [alice, bob] = await stage.pair({ callee: stranger })
      await ring(alice, bob)
      await bob.do('reject')
      await assertOver([alice, bob], 'rejected')
    },
  },
  {
    name: 'sdk_declines_stranger',
    pairings: ['fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair({ caller: stranger })
      await ring(alice, bob)
      await bob.do('reject')
      await assertOver([alice, bob], 'rejected')
    },
  },
  {
    name: 'stranger_gives_up_calling_sdk',
    pairings: ['cf'],
    async run(stage) {
      const [alice, bob] = await stage.pair({ caller: stranger })
      await ring(alice, bob)
      // A hand-written client knows which call it is by what it is told of it.
      await alice.state('ringing')
      await alice.do('hangup')
      await assertOver([alice, bob], 'cancelled')
    },
  },
  {
    name: 'i3_stranger_hears_no_signal_while_it_rings',
    pairings: ['cc'],
    async run(stage) {
      const [alice, bob] = await stage.pair({ callee: stranger })
      await ring(alice, bob)
      await alice.until('an offer and its candidates', () => {
        const sent = window.probes.log.filter(({ kind }) => kind === 'sent').map(({ frame }) => frame.event)
        return sent.includes('signal:offer') && sent.includes('signal:ice-candidate')
      })
      await answer(alice, bob)
      const names = (await bob.events()).map(({ name, data }) => data.state ?? name)
      const connecting = names.indexOf('connecting')
      assert.ok(connecting > 0)
      assert.ok(names.every((name, index) => index > connecting || !name.startsWith('signal:')), names.join(' '))
    },
  },
  {
    name: 'camera_off_and_muting_go_both_ways_between_sdk_and_stranger',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair({ callee: stranger })
      await connect(alice, bob)
      await Promise.all([seesAndHears(alice), seesAndHears(bob)])
      await alice.do('toggle', { video: false })
      await bob.event('call:media-changed', { userId: alice.user, video: false })
      await seesBlack(bob)
      await bob.do('toggle', { audio: false, video: true, screenShare: false })
      await alice.event('call:media-changed', { userId: bob.user, audio: false })
      await alice.do('toggle', { video: true })
      await seesAndHears(bob)
    },
  },
  {
    name: 'call_ends_when_a_stranger_closes_the_tab',
    pairings: ['fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair({ callee: stranger })
      await connect(alice, bob)
      await bob.closeTab()
      await assertOver([alice], 'completed')
    },
  },
]

async function wholeCall(stage, kinds, whoHangsUp) {
  const [alice, bob] = await stage.pair(kinds)
  await connect(alice, bob)
  await Promise.all([seesAndHears(alice), seesAndHears(bob)])
  await whoHangsUp([alice, bob]).do('hangup')
  await assertOver([alice, bob], 'completed')
  if (kinds.caller === stranger) await assertHeardNothingBeyondTheSeed(alice)
  if (kinds.callee === stranger) await assertHeardNothingBeyondTheSeed(bob)
}

const SEED_EVENTS = {
  'call:incoming': undefined,
  'call:state-changed': ['callId', 'state', 'endReason'],
  'call:participant-joined': ['callId', 'participant'],
  'call:participant-left': ['callId', 'userId'],
  'call:media-changed': ['callId', 'userId', 'audio', 'video', 'screenShare'],
  'signal:offer': undefined,
  'signal:answer': undefined,
  'signal:ice-candidate': undefined,
}

/** A stranger gets no frame that the seed does not have, and none of its own code has failed. */
async function assertHeardNothingBeyondTheSeed(party) {
  const log = await party.log()
  assert.deepEqual(await party.evaluate(() => window.probes.uncaught), [], `${party.label}: uncaught`)
  for (const { frame } of log.filter(({ kind }) => kind === 'received')) {
    assert.deepEqual(Object.keys(frame).sort(), ['data', 'event'])
    assert.ok(Object.hasOwn(SEED_EVENTS, frame.event), `${party.label}: ${frame.event}`)
    const beyond = Object.keys(frame.data).filter((key) => !(SEED_EVENTS[frame.event] ?? [key]).includes(key))
    assert.deepEqual(beyond, [], `${party.label}: members of ${frame.event}`)
  }
}
