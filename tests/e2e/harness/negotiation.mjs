// What is asserted of a peer connection that is negotiated anew in a call.

import assert from 'node:assert/strict'
import { until } from './until.mjs'

/** How much more has to come for a track to flow: pictures that are shown, or the energy of a sound that is heard. */
const FLOWS = { video: 3, audio: 1e-5 }
/** How much more there may be of a track that stands still: the noise that a decoder makes for comfort. */
const NOISE = { video: 0, audio: 2e-6 }
/** How often it is looked at until what stood still before has to. */
const ROUNDS = 6

/** A word to the app's own part of the page, about the other. */
export const own = (party, method, ...args) => party.evaluate((method, args) => window.own[method](...args), method, args)

/**
 * How a transceiver is taken out for good. A Firefox that a Chromium has called takes its DTLS role from the rejected media description in
 * Chromium's answer, and offers the wrong one from then on; there the track alone is taken out.
 */
export const stops = (caller, callee) => ({ stop: caller.browser.name === 'firefox' || callee.browser.name === 'chromium' })

/** Waits until nothing is to be negotiated at either, and each sees the other connected. With `unmet`, transceivers may be left over. */
export async function quiet(alice, bob, { unmet = false } = {}) {
  const reading = async (party, other) => ({
    ...(await own(party, 'state', other.user)),
    ...(await exchanged(party)),
    directions: await own(party, 'directions', other.user),
  })
  let before
  let now
  const rests = async () => {
    before = now
    now = await Promise.all([reading(alice, bob), reading(bob, alice)])
    const stand = now.every(({ signalingState, connectionState }) => signalingState === 'stable' && connectionState === 'connected')
    const answered = now.every(({ last }) => last === 'signal:answer')
    const [here, there] = now.map(({ directions }) => directions)
    const agree = agreed(here, there, unmet) && agreed(there, here, unmet)
    return stand && answered && agree && JSON.stringify(before) === JSON.stringify(now)
  }
  await until('an end of the negotiation', rests, alice.patience).catch((error) => {
    throw new Error(`${error.message}: ${JSON.stringify(now)}`)
  })
}

/** Whether all that is to be sent here and received there is negotiated as sent. A browser may say late that it wants to negotiate. */
function agreed(here, there, unmet) {
  return here.every(({ mid, direction, currentDirection }) => {
    if (direction === 'stopped') return true
    if (mid === null) return unmet
    const other = there.find((one) => one.mid === mid)
    if (!other) return true
    const sends = other.direction !== 'stopped' && /^send/.test(direction) && /recv/.test(other.direction)
    return sends === /^send/.test(currentDirection ?? '')
  })
}

/** How many descriptions have been sent and received here, and what the last one was. */
const exchanged = (party) =>
  party.evaluate(() => {
    const all = window.probes.log.map(({ frame }) => frame?.event).filter((name) => ['signal:offer', 'signal:answer'].includes(name))
    return { count: all.length, last: all.at(-1) }
  })

/** Waits until exactly what each of the two sends comes in at the other, and asserts that nothing else does. */
export async function assertExactlyFlows(alice, bob, options) {
  await quiet(alice, bob, options)
  await Promise.all([comes(alice, bob), comes(bob, alice)])
}

/** Waits until all that `from` sends comes to `to`; what does not belong to it has to stand still meanwhile. */
async function comes(to, from) {
  const sent = await own(from, 'sends', to.user)
  const read = () => own(to, 'receives', from.user)
  let first
  let now
  /** What flows, of `first` and `now`, in the form of `sent`. */
  const flowing = () =>
    Object.fromEntries(
      Object.entries(sent).map(([mid, { kind, colour }]) => {
        const grown = (now[mid]?.amount ?? 0) > (first[mid]?.amount ?? 0) + FLOWS[kind]
        return [mid, grown && { kind: now[mid].kind, ...(colour && { colour: now[mid].colour }) }]
      }),
    )
  const all = async () => {
    now = await read()
    return JSON.stringify(flowing()) === JSON.stringify(sent)
  }
  const more = () => Object.keys(now).filter((mid) => !(mid in sent) && now[mid].amount > (first[mid]?.amount ?? 0) + NOISE[now[mid].kind])
  // Twice: when all of it has come once, nothing of what was there before is still on its way. And again where a sound fades out.
  for (let round = 0; round < 2 || (round < ROUNDS && more().length > 0); round += 1) {
    first = await read()
    await until(`what ${from.label} sends`, all, to.patience).catch((error) => {
      throw new Error(`${error.message} at ${to.label}: ${JSON.stringify({ sent, first, now })}`)
    })
  }
  assert.deepEqual(more(), [], `${to.label} gets what ${from.label} does not send: ${JSON.stringify({ sent, first, now })}`)
}

/** The call has been one all the time: one peer connection at each, which was connected from then on. */
export async function assertNeverLeft(parties) {
  for (const party of parties) {
    const log = await party.log()
    assert.equal(log.filter(({ kind }) => kind === 'peer-connection').length, 1, `${party.label}: peer connections`)
    const told = log.filter(({ kind, name }) => kind === 'event' && name === 'call:state-changed').map(({ data }) => data.state)
    assert.equal(told.at(-1), 'connected', party.label)
    assert.equal(told.filter((state) => state === 'connected').length, 1, `${party.label}: ${told}`)
  }
}
