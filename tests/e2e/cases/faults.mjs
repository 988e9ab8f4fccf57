// Broken apps and tabs that go away.

import assert from 'node:assert/strict'
import { assertOver, connect } from '../harness/calls.mjs'
import { sees, seesAndHears } from '../harness/media.mjs'

export const cases = [
  {
    name: 'i4_listeners_that_throw_are_reported_and_harm_nothing',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      await Promise.all([alice.do('breakListeners'), bob.do('breakListeners')])
      await connect(alice, bob)
      await Promise.all([seesAndHears(alice), seesAndHears(bob)])
      await bob.do('hangup')
      await assertOver([alice, bob], 'completed')
      for (const party of [alice, bob]) {
        const uncaught = await party.evaluate(() => window.probes.uncaught)
        for (const name of ['call:state-changed', 'media:local', 'media:remote']) {
          assert.ok(
            uncaught.some((message) => message.includes(`listener for ${name} is broken`)),
            `${party.label}: ${name} in ${JSON.stringify(uncaught)}`,
          )
        }
      }
    },
  },
  {
    name: 'i4_call_ends_when_the_other_closes_the_tab',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const { origin } = await stage.ownServer(['--resume-timeout', '6s'])
      const [alice, bob] = await stage.pair({ caller: { origin }, callee: { origin } })
      // Firefox closes the sockets of a page that is left before the page can say that it goes: it has its whole window.
      alice.patience = 30_000
      await connect(alice, bob)
      await bob.closeTab()
      const { endReason } = await alice.state('ended')
      assert.ok(['completed', 'failed'].includes(endReason), endReason)
      await assertOver([alice], endReason)
    },
  },
  {
    name: 'i15_ring_ends_when_the_caller_closes_the_tab',
    pairings: ['cc'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      await alice.do('call', { to: bob.user, type: 'video' })
      await bob.event('call:incoming')
      await alice.closeTab()
      await assertOver([bob], 'cancelled')
    },
  },
  {
    name: 'i4_tracks_end_at_pagehide',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const { origin } = await stage.ownServer(['--resume-timeout', '6s'])
      const [alice, bob] = await stage.pair({ caller: { origin }, callee: { origin } })
      // Firefox closes the sockets of a page that is left before the page can say that it goes: it has its whole window.
      bob.patience = 30_000
      await connect(alice, bob)
      await sees(bob)
      await alice.evaluate(() => window.probes.reportOnPagehide())
      const here = await alice.evaluate(() => location.href)
      await alice.goto(here.replace('sdk.html', 'stranger.html'))
      const held = JSON.parse(await alice.evaluate(() => sessionStorage.getItem('held-at-pagehide')))
      assert.deepEqual(held.liveTracks, [])
      const { endReason } = await bob.state('ended')
      assert.ok(['completed', 'failed'].includes(endReason), endReason)
      await assertOver([bob], endReason)
    },
  },
]
