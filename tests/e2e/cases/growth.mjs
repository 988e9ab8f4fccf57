// Many calls in one page: nothing grows.

import assert from 'node:assert/strict'
import { answer, ring } from '../harness/calls.mjs'

/** After how many calls what there is counts as the ground. */
const WARM = 20

export const cases = [
  {
    name: 'i32_many_calls_in_one_page_leave_nothing_and_memory_where_it_was',
    pairings: ['cf'],
    only: ['cc', 'ff'],
    limit: 3_600_000,
    async run(stage) {
      const [alice, bob] = await stage.pair()
      const parties = [alice, bob]
      const measure = () =>
        Promise.all(parties.map(async (party) => ({ ...(await party.held()), memory: await party.evaluate(() => window.probes.memory()) })))
      let ground
      const calls = stage.long ? 1_000 : WARM + 10
      for (let n = 1; n <= calls; n += 1) {
        const [caller, callee] = n % 2 ? parties : [bob, alice]
        await ring(caller, callee, 'audio')
        await answer(caller, callee)
        await caller.do('hangup')
        await Promise.all(parties.map((party) => party.ended('completed')))
        await Promise.all(parties.map((party) => party.mediaFreed()))
        for (const party of parties) {
          await party.forgetEvents()
          await party.evaluate(() => window.probes.forget())
        }
        if (n === WARM) ground = await measure()
      }
      assert.deepEqual(await measure(), ground)
      console.log(`  ${calls} calls; the module's memory has ${ground.map(({ memory }) => memory).join(' and ')} bytes`)
    },
  },
]
