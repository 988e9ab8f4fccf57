// By which way media really flow: what the browsers say of the candidate pair in use, and how it goes after a fault.

import assert from 'node:assert/strict'
import { hearsSound, reception, sees } from './media.mjs'
import { until } from './until.mjs'

/**
 * The candidate pair that each connected peer connection of the party sends on: both candidates, and the bytes so far on all its pairs. The
 * other may send on another that works: Firefox nominates more than one, and takes the best of them; Chromium need not choose the same.
 */
export function pairs(party) {
  return party.evaluate(async () => {
    const found = []
    for (const connection of window.probes.peerConnections) {
      if (connection.signalingState === 'closed' || connection.connectionState !== 'connected') continue
      const reports = await connection.getStats()
      const all = [...reports.values()]
      // Firefox has no transport reports, and marks the pair.
      const chosen = all.find(({ type }) => type === 'transport')?.selectedCandidatePairId
      const pair = chosen ? reports.get(chosen) : all.find(({ type, selected }) => type === 'candidate-pair' && selected)
      if (!pair) continue
      const candidate = (id) => {
        const { candidateType, protocol, relayProtocol, address, port } = reports.get(id) ?? {}
        return { candidateType, protocol, relayProtocol, address, port }
      }
      const every = all.filter(({ type }) => type === 'candidate-pair')
      const sum = (bytes) => every.reduce((before, report) => before + (report[bytes] ?? 0), 0)
      found.push({
        local: candidate(pair.localCandidateId),
        remote: candidate(pair.remoteCandidateId),
        bytesSent: sum('bytesSent'),
        bytesReceived: sum('bytesReceived'),
      })
    }
    return found
  })
}

/** The one pair in use, once there is one of which this holds. */
export async function pairOf(party, what = 'a candidate pair in use', holds = () => true) {
  let last
  try {
    return await until(`${what} at ${party.label}`, async () => {
      last = await pairs(party)
      return last.length === 1 && holds(last[0]) && last[0]
    }, party.patience)
  } catch (error) {
    throw new Error(`${error.message}; there is ${JSON.stringify(last)}`)
  }
}

/** Waits until none of these uses a relay: one may do for the first moments, since its checks were done first. */
export function unrelayed(parties) {
  const free = ({ local, remote }) => ![local, remote].some(({ candidateType }) => candidateType === 'relay')
  return Promise.all(parties.map((party) => pairOf(party, 'a pair without a relay', free)))
}

/** A pair in few words, for people. */
export function describePair({ local, remote }) {
  const words = ({ candidateType, protocol, relayProtocol }) =>
    [candidateType, protocol, relayProtocol && `by ${relayProtocol}`].filter(Boolean).join(' ')
  return `${words(local)} – ${words(remote)}`
}

/**
 * Asserts that pictures move, that there are sounds, and that bytes pass both ways on the connection of both sides. What passes
 * through the world has to pass by this way, and by no other; where several will do, each side may have one.
 */
export async function assertFlowsBy(network, ways, parties) {
  const wanted = [ways].flat()
  const sum = (passed, counts) => Object.entries(passed).reduce((bytes, [name, more]) => bytes + (counts(name) ? more : 0), 0)
  let passed
  // In the first moments media go by whichever pair worked first, and checks of the others are still under way.
  await until(`bytes by ${ways} alone`, async () => {
    passed = await flow(network, parties)
    const right = sum(passed, (name) => wanted.includes(name))
    // Keepalives of TURN and STUN and consent checks are small; media are not.
    return right > 10_000 && right > 2 * (sum(passed, () => true) - right)
  }, parties[0].patience).catch((error) => assert.fail(`${error.message}; the last time there were ${JSON.stringify(passed)}`))
  return passed
}

/** The bytes that pass by each way while pictures move, sounds are heard and bytes come and go at all of these. */
async function flow(network, parties) {
  const begin = await network.meter()
  const before = await Promise.all(parties.map((party) => pairOf(party)))
  await Promise.all(parties.flatMap((party) => [sees(party), hearsSound(party)]))
  for (const [n, party] of parties.entries()) {
    await pairOf(
      party,
      'bytes both ways',
      ({ bytesSent, bytesReceived, local }) =>
        local.port !== before[n].local.port ||
        (bytesSent > before[n].bytesSent + 5_000 && bytesReceived > before[n].bytesReceived + 5_000),
    )
  }
  const end = await network.meter()
  return Object.fromEntries(Object.entries(end).map(([name, bytes]) => [name, bytes - begin[name]]))
}

/** The candidates that the page has sent since this entry of its log, as their types; ends of candidates left out. */
export async function typesSent(party, since = 0) {
  const log = await party.log()
  return log
    .slice(since)
    .filter(({ kind, frame }) => kind === 'sent' && frame.event === 'signal:ice-candidate' && frame.data.candidate)
    .map(({ frame }) => / typ (\w+)/.exec(frame.data.candidate)[1])
}

/** The types of candidates in the descriptions that the page has sent since this entry of its log. */
export async function typesInDescriptions(party, since = 0) {
  const log = await party.log()
  return log
    .slice(since)
    .filter(({ kind, frame }) => kind === 'sent' && ['signal:offer', 'signal:answer'].includes(frame.event))
    .flatMap(({ frame }) => [...frame.data.sdp.matchAll(/^a=candidate:.* typ (\w+)/gm)].map(([, type]) => type))
}

/** How many ICE generations the page has described so far, by the user fragments of its descriptions. */
export async function generations(party) {
  const log = await party.log()
  const fragments = log
    .filter(({ kind, frame }) => kind === 'sent' && ['signal:offer', 'signal:answer'].includes(frame.event))
    .map(({ frame }) => /^a=ice-ufrag:(\S+)/m.exec(frame.data.sdp)?.[1])
  return new Set(fragments).size
}

/** Watches from now on when pictures come in at each of these. `stop` has to be called. */
export function watchFlow(parties) {
  let stopped = false
  const arrivals = new Map(parties.map((party) => [party, []]))
  const watching = parties.map(async (party) => {
    let before = await reception(party)
    while (!stopped) {
      const now = await reception(party)
      if (now.framesDecoded > before.framesDecoded) arrivals.get(party).push(Date.now())
      before = now
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  })
  // One that fails is told by `stop`.
  for (const one of watching) one.catch(() => {})
  return {
    /** The first pause of more than a second in the pictures at a party that ends after `time`, in milliseconds from then on. */
    pause(party, time) {
      const all = arrivals.get(party)
      const index = all.findIndex((arrival, n) => arrival - (all[n - 1] ?? arrival) > 1_000 && arrival > time)
      return index < 0 ? undefined : { from: all[index - 1] - time, to: all[index] - time }
    },
    /** When the last picture came in. */
    last: (party) => arrivals.get(party).at(-1),
    async stop() {
      stopped = true
      await Promise.all(watching)
    },
  }
}

/** What the party was told since `time` (of this machine's clock), with seconds since then. */
export async function story(party, time) {
  const words = await party.evaluate((time) => {
    const told = []
    for (const { name, at, data } of window.app.events) {
      const after = performance.timeOrigin + at - time
      if (after < 0) continue
      const what = {
        'call:state-changed': [data.state, data.endReason, data.cause],
        'call:participant-changed': ['the other', data.connection],
        'connection:state-changed': ['link', data.state],
        error: ['error', data.code],
      }[name]
      if (what) told.push(`${what.filter(Boolean).join(' ')} +${(after / 1000).toFixed(1)} s`)
    }
    return told
  }, time)
  return `${party.user.split('-')[0]} was told: ${words.join(', ') || 'nothing'}`
}
