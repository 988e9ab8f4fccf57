// A whole call, with the socket of one side cut at each of its frames in turn.

import assert from 'node:assert/strict'
import { assertOver, connect } from '../harness/calls.mjs'
import { assertFree, assertNothingWrong, assertOneCall, cameBack, link, startAnew, told } from '../harness/survival.mjs'
import { within } from '../harness/until.mjs'

/** How many cuts are tried of each kind, where not all of them are. */
const SAMPLE = 5

/** How long a case may take that tries all of them. */
const LIMIT = 900_000

/** Where the socket is cut, and how. */
const KINDS = [
  { name: 'after_a_frame_of_the_client', direction: 'up', rule: {} },
  { name: 'before_a_frame_of_the_server', direction: 'down', rule: { before: true } },
  // The frame itself is lost on its way up, and must be sent again; or came down, and must not be taken twice.
  { name: 'before_a_frame_of_the_client', direction: 'up', rule: { before: true }, long: true },
  { name: 'after_a_frame_of_the_server', direction: 'down', rule: {}, long: true },
  // The server takes the old socket for alive when the client is back.
  { name: 'unseen_by_the_server', direction: 'down', rule: { side: 'client' } },
  { name: 'closed_with_1001', direction: 'down', rule: { how: 1001 }, long: true },
]

export const cases = ['callers', 'callees'].flatMap((whose) =>
  KINDS.map(({ name, direction, rule, long }) => ({
    name: `i19_${whose}_socket_cut_${name}`,
    pairings: long ? [] : [whose === 'callers' ? 'cf' : 'fc'],
    only: ['cf', 'fc'],
    limit: LIMIT,
    run: (stage) => run(stage, whose, direction, rule),
  })),
)

async function run(stage, whose, direction, rule) {
  const [alice, ofAlice] = await stage.openBehindProxy('caller', 'alice')
  const [bob, ofBob] = await stage.openBehindProxy('callee', 'bob')
  const [victim, proxy] = whose === 'callers' ? [alice, ofAlice] : [bob, ofBob]

  // Uncut, for the number of frames and for what both are told.
  await begin(stage, 0, alice, bob, proxy)
  await wholeCall(alice, bob)
  const frames = proxy.totals[direction]
  const expected = [await told(alice), await told(bob)]
  assert.equal((await proxy.attempts).length, 1)

  let cuts = 0
  for (const k of chosen(frames, stage.long)) {
    const what = `cut ${k} of ${frames}, ${direction}`
    try {
      const cut = await begin(stage, k, alice, bob, proxy, () => proxy.cut(direction, k, rule))
      await wholeCall(alice, bob)
      // There may be fewer candidates than the last time, and so no such frame.
      if (cut.fired) {
        cuts += 1
        await within(victim.patience, 'the cut', cut.done)
        if (await wasOpen(victim)) await cameBack(victim)
      } else {
        assert.ok(proxy.totals[direction] < k, 'the frame came, and nothing was cut')
      }
      assert.deepEqual([await told(alice), await told(bob)], expected)
      for (const party of [alice, bob]) {
        await assertFree(party)
        await assertNothingWrong(party)
        await link(party, 'connected')
      }
    } catch (error) {
      const log = proxy.log.map(({ connection, direction, n, event, id, seq, fate }) =>
        [`#${connection}`, direction, n, event, id ?? '', seq ?? '', fate].join(' '),
      )
      throw new Error(`${what}: ${error.message}\nthrough the proxy:\n  ${log.join('\n  ')}`, { cause: error })
    }
  }
  assert.ok(cuts > 0, 'nothing was cut')
  stage.told.push(`cut at ${cuts} of ${frames} frames: each time one call, of which both were told the same as of the uncut one`)
}

/** Two new clients, of new users; `fault` is set before the victim's connects. */
async function begin(stage, k, alice, bob, proxy, fault) {
  const users = [stage.user(`alice-${k}`), stage.user(`bob-${k}`)]
  for (const party of [alice, bob]) await party.do('dispose')
  proxy.begin()
  const rule = fault?.()
  await Promise.all([startStubbornly(alice, users[0]), startStubbornly(bob, users[1])])
  return rule
}

/** The first connection is cut as well. That fails fast, and is the app's own to try again. */
async function startStubbornly(party, user) {
  const { error } = await startAnew(party, user)
  if (!error) return
  assert.equal(error.code, 'signaling-unreachable', party.label)
  await party.do('connect')
}

/** Whether the connection stood before it was cut. */
const wasOpen = (party) =>
  party.evaluate(() => {
    const states = window.app.events.filter(({ name }) => name === 'connection:state-changed').map(({ data }) => data.state)
    return states.indexOf('connected') >= 0 && states.indexOf('connected') < states.indexOf('reconnecting')
  })

async function wholeCall(alice, bob) {
  const { id } = await connect(alice, bob)
  await assertOneCall([alice, bob])
  assert.equal(await alice.callId(), id)
  await alice.do('toggle', { audio: false })
  await bob.event('call:media-changed', { userId: alice.user, audio: false })
  await bob.do('hangup')
  await assertOver([alice, bob], 'completed')
}

/** All of 1 … `frames`, or a few of them: the first, the last, and some in between. */
function chosen(frames, all) {
  const every = Array.from({ length: frames }, (_, index) => index + 1)
  if (all || frames <= SAMPLE) return every
  const step = (frames - 1) / (SAMPLE - 1)
  return [...new Set(Array.from({ length: SAMPLE }, (_, index) => Math.round(1 + index * step)))]
}
