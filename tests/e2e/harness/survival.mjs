// What the cases about broken connections have in common.

import assert from 'node:assert/strict'
import { seesAndHears } from './media.mjs'

/** Begins again in the same page with a client of its own, as this user; the page forgets what happened before. */
export async function startAnew(party, user, options) {
  await party.do('dispose')
  await party.until('a closed socket', () => window.probes.held().openSockets === 0)
  await party.forgetEvents()
  await party.evaluate(() => {
    window.probes.log.length = 0
    window.probes.uncaught.length = 0
  })
  party.user = user
  return party.attempt('start', { user, options })
}

/** Waits until the connection to the server stands so. */
export async function link(party, state) {
  await party.until(`the link to be ${state}`, (state) => window.app.connectionState() === state, state)
}

/** Waits until this party has lost the connection, by its own word, and has it again. */
export async function cameBack(party) {
  await party.event('connection:state-changed', { state: 'reconnecting' })
  await link(party, 'connected')
}

/** The states of the link that the app was told of, in order. */
export async function links(party) {
  return (await party.events('connection:state-changed')).map(({ data }) => data.state)
}

/** What the app was told of its calls, in an order that does not depend on who was faster, without ids. */
export async function told(party) {
  const events = await party.events()
  return events
    .filter(({ name }) => name.startsWith('call:'))
    .map(({ name, data: { state, endReason, audio, video, outcome, connection } }) =>
      [name, state, endReason, audio, video, outcome, connection].filter((word) => word !== undefined).join(' '),
    )
    .sort()
}

/** Asserts that nobody was told of an error, and that nothing was thrown where nobody caught it. */
export async function assertNothingWrong(party) {
  assert.deepEqual(await party.events('error'), [], `${party.label}: errors`)
  await assertNothingUncaught(party)
}

export async function assertNothingUncaught(party) {
  assert.deepEqual(await party.evaluate(() => window.probes.uncaught), [], `${party.label}: uncaught`)
}

/** Asserts that all of them are in one call, the same, which is connected, and that media flow both ways. */
export async function assertOneCall(parties) {
  for (const party of parties) {
    await party.until('a connected call', () => window.app.calls().some(({ state }) => state === 'connected'))
  }
  const lists = await Promise.all(parties.map((party) => party.do('calls')))
  const ids = new Set(lists.flatMap((calls) => calls.map(({ id }) => id)))
  assert.equal(ids.size, 1, `one call for all: ${[...ids]}`)
  for (const [n, calls] of lists.entries()) {
    const [{ state, participants }] = calls
    assert.equal(state, 'connected', parties[n].label)
    assert.deepEqual(participants.map(({ userId }) => userId).sort(), parties.map(({ user }) => user).sort(), parties[n].label)
  }
  await Promise.all(parties.map(seesAndHears))
}

/** Asserts that the app knows of no call, and that a new one is possible with this party. */
export async function assertFree(party) {
  await party.until('no call to be left', () => window.app.calls().length === 0)
}

/** The page holds what it held before there was a client. A socket closes when the server has said so as well. */
export async function assertNothingLeft(party, before) {
  await party.until('a closed socket', () => window.probes.held().openSockets === 0)
  await party.until('the end of every timer', (timers) => window.probes.held().timers <= timers, before.timers)
  assert.deepEqual(await party.held(), before, party.label)
}
