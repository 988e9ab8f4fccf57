// Faults on real packets. Each case tells how long pictures stood still at each side, and what the app was told meanwhile.

import assert from 'node:assert/strict'
import { assertOver, connect, ring, answer } from '../harness/calls.mjs'
import { MAPPING } from '../harness/network.mjs'
import { assertFlowsBy, describePair, pairOf, story, unrelayed, watchFlow } from '../harness/route.mjs'
import { assertNothingUncaught } from '../harness/survival.mjs'
import { until } from '../harness/until.mjs'

/** How long a call may take to heal, or to be given up: the 30 s of the SDK, what browsers take to notice, and slack. */
const LONG = 60_000
const LIMIT = 120_000

/** What is left where UDP is blocked. */
const BY_TCP = ['turn by tcp', 'turn by tls']

/** How long pictures may stand still before a user who is told nothing is left alone with it. ICE notices in 5 s or so. */
const SILENT = 12_000

/**
 * Does `fault` to a call in which media flow, and waits until they have stood still and flow again at both sides, by these ways.
 * `later` is done as soon as both have stood still.
 */
async function heals(stage, network, parties, ways, fault, later) {
  const flow = watchFlow(parties)
  await Promise.all(parties.map((party) => until(`pictures at ${party.label}`, () => flow.last(party))))
  const time = Date.now()
  try {
    await fault()
    if (later) {
      await stands(parties, flow)
      await later()
    }
    for (const party of parties) {
      party.patience = LONG
      const { from, to } = await until(`pictures after the fault at ${party.label}`, async () => {
        const end = (await party.events('call:state-changed')).find(({ data }) => data.state === 'ended')
        assert.equal(end, undefined, `${party.label}: the call ended`)
        return flow.pause(party, time)
      }, LONG)
      stage.told.push(`${nick(party)}: no pictures from +${seconds(from)} to +${seconds(to)}`)
    }
    await Promise.all(parties.map((party) => party.until('a connected call', () => window.app.calls()[0]?.state === 'connected')))
    const passed = await assertFlowsBy(network, ways, parties)
    for (const party of parties) stage.told.push(`${nick(party)}: ${describePair(await pairOf(party))}`)
    stage.told.push(`bytes ${Object.entries(passed).map(([name, bytes]) => `${name} ${bytes}`).join(', ')}`)
    for (const party of parties) await assertToldOf(party, time, flow.pause(party, time))
  } finally {
    for (const party of parties) stage.told.push(await story(party, time).catch((error) => error.message))
    await flow.stop()
  }
}

/** Waits until no picture has come in at any of these for a second. */
function stands(parties, flow) {
  return until('pictures to stand still', () => parties.every((party) => Date.now() - flow.last(party) > 1_000), LONG)
}

/** Asserts that the app was told of a pause that nobody overlooks, and that all is well after it; and of no end. */
async function assertToldOf(party, time, { from, to }) {
  const events = await party.evaluate(
    (time) => window.app.events.filter(({ at }) => performance.timeOrigin + at > time).map(({ name, data }) => ({ name, ...data })),
    time,
  )
  const states = events.filter(({ name }) => name === 'call:state-changed').map(({ state }) => state)
  assert.ok(states.every((state) => ['reconnecting', 'connected'].includes(state)), `${party.label}: ${states}`)
  if (to - from > SILENT) assert.ok(states.includes('reconnecting'), `${party.label} was not told of a pause of ${seconds(to - from)}`)
  if (states.length > 0) assert.equal(states.at(-1), 'connected', party.label)
}

/** A call between two homes, in a network that is as it is made, or as `prepare` leaves it. */
async function call(stage, prepare) {
  const network = await stage.network()
  await prepare?.(network)
  const parties = await stage.pairAtHome(network)
  await connect(...parties)
  return [network, parties]
}

/** Ends a call that has healed. */
async function finish([alice, bob]) {
  await alice.do('hangup')
  await assertOver([alice, bob], 'completed')
  for (const party of [alice, bob]) await assertNothingUncaught(party)
}

/** The pair at a server whose passwords for TURN are good for a few seconds; and what waits until those that they have had are not. */
async function withShortPasswords(stage, network) {
  const { origin } = await stage.serverAt(network, ['--turn-ttl', '8s'], { port: 8444 })
  const pair = await stage.pairAtHome(network, { caller: { origin }, callee: { origin } })
  return [pair, () => Promise.all(pair.map(passwordsExpire))]
}

/** Waits until the passwords that the page has had so far can be used no longer. */
async function passwordsExpire(party) {
  const expires = (await party.log())
    .filter(({ kind, frame }) => kind === 'received' && JSON.stringify(frame).includes('"credential"'))
    .flatMap(({ frame }) => [...JSON.stringify(frame).matchAll(/"username":"(\d+):/g)].map(([, second]) => Number(second)))
  assert.ok(expires.length > 0, `${party.label}: passwords`)
  await until('the passwords to expire', () => Date.now() / 1_000 > Math.max(...expires) + 1)
}

const nick = (party) => party.user.split('-')[0]
const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(1)} s`

const SIDES = ['caller', 'callee']

export const cases = [
  {
    name: 'network_udp_blocked_in_a_call_goes_on_by_tcp',
    pairings: ['cf'],
    limit: LIMIT,
    async run(stage) {
      const [network, parties] = await call(stage)
      await heals(stage, network, parties, BY_TCP, () => network.blockUdp())
      await finish(parties)
    },
  },
  {
    name: 'network_only_port_443_left_in_a_call_goes_on_by_tls',
    pairings: [],
    limit: LIMIT,
    async run(stage) {
      const [network, parties] = await call(stage)
      await heals(stage, network, parties, 'turn by tls', () => network.tlsOnly())
      await finish(parties)
    },
  },
  ...SIDES.map((side) => ({
    name: `network_${side}_changes_address_in_a_call`,
    pairings: side === 'caller' ? ['cc'] : [],
    limit: LIMIT,
    async run(stage) {
      const [network, parties] = await call(stage)
      const before = network.addressAtHome(side)
      await heals(stage, network, parties, 'direct', () => network.changeAddress(side))
      assert.notEqual(network.addressAtHome(side), before)
      await finish(parties)
    },
  })),
  {
    name: 'network_routers_that_forget_a_call_do_not_end_it',
    pairings: [],
    limit: LIMIT,
    async run(stage) {
      const [network, parties] = await call(stage)
      // What is sent makes a new mapping at once, with the same port: nobody notices.
      await unrelayed(parties)
      await assertFlowsBy(network, 'direct', parties)
      const time = Date.now()
      await network.forgetMappings()
      await assertFlowsBy(network, 'direct', parties)
      for (const party of parties) stage.told.push(await story(party, time))
      await finish(parties)
    },
  },
  {
    name: 'network_turn_blocked_by_udp_in_a_call_goes_on_by_tcp',
    pairings: [],
    limit: LIMIT,
    async run(stage) {
      const [network, parties] = await call(stage, (network) => network.blockDirect())
      await heals(stage, network, parties, BY_TCP, () => network.blockUdpToTurn())
      await finish(parties)
    },
  },
  {
    name: 'network_turn_gone_is_not_noticed_by_a_call_without_it',
    pairings: ['cc'],
    async run(stage) {
      const [network, parties] = await call(stage)
      await unrelayed(parties)
      const time = Date.now()
      await network.killTurn()
      await assertFlowsBy(network, 'direct', parties)
      for (const party of parties) {
        stage.told.push(await story(party, time))
        const events = await party.events('call:state-changed')
        assert.equal(events.at(-1).data.state, 'connected', party.label)
        assert.ok(events.every(({ data }) => data.state !== 'reconnecting'), party.label)
      }
      await finish(parties)
    },
  },
  {
    name: 'network_turn_restarted_in_a_call_by_turn',
    pairings: ['cf'],
    limit: LIMIT,
    async run(stage) {
      const [network, parties] = await call(stage, (network) => network.blockDirect())
      await heals(stage, network, parties, 'turn by udp', () => network.killTurn(), () => network.startTurn())
      await finish(parties)
    },
  },
  {
    name: 'network_turn_gone_for_good_ends_a_call_by_turn_as_failed',
    pairings: [],
    limit: LIMIT,
    async run(stage) {
      const [network, parties] = await call(stage, (network) => network.blockDirect())
      for (const party of parties) party.patience = LONG
      await assertFlowsBy(network, 'turn by udp', parties)
      const time = Date.now()
      try {
        await network.killTurn()
        await Promise.all(parties.map((party) => party.state('reconnecting')))
        await assertOver(parties, 'failed')
      } finally {
        for (const party of parties) stage.told.push(await story(party, time))
      }
      for (const party of parties) {
        const { cause } = await party.state('ended')
        assert.ok(['turn-unreachable', 'no-path'].includes(cause), `${party.label}: the cause ${cause}`)
      }
    },
  },
  {
    name: 'network_turn_passwords_expired_before_a_call',
    pairings: ['cf'],
    async run(stage) {
      const network = await stage.network()
      await network.blockDirect()
      const [parties, expired] = await withShortPasswords(stage, network)
      await expired()
      await connect(...parties)
      await assertFlowsBy(network, 'turn by udp', parties)
      for (const party of parties) stage.told.push(`${nick(party)}: ${describePair(await pairOf(party))}`)
      await finish(parties)
    },
  },
  {
    name: 'network_turn_passwords_expired_in_a_call',
    pairings: [],
    limit: LIMIT,
    async run(stage) {
      const network = await stage.network()
      await network.blockDirect()
      const [parties, expired] = await withShortPasswords(stage, network)
      await connect(...parties)
      await expired()
      // A coturn that knows nobody asks for everything anew.
      await heals(stage, network, parties, 'turn by udp', () => network.killTurn(), () => network.startTurn())
      await finish(parties)
    },
  },
  {
    name: 'network_that_loses_a_fifth_of_all_packets',
    pairings: [],
    limit: LIMIT,
    async run(stage) {
      const network = await stage.network()
      await network.lose(0.2)
      // No relay: to one by TCP nothing is lost, and by one packets pass twice through what loses them.
      const [{ urls }] = network.iceServers('nobody')
      const { origin } = await stage.serverAt(network, ['--ice-server', urls], { port: 8446, ice: false })
      const parties = await stage.pairAtHome(network, { caller: { origin }, callee: { origin } })
      for (const party of parties) party.patience = LONG
      const time = Date.now()
      await connect(...parties)
      for (let round = 0; round < 3; round += 1) await assertFlowsBy(network, 'direct', parties)
      for (const party of parties) {
        const { lost, received } = await party.until('enough packets', loss)
        stage.told.push(`${nick(party)}: ${lost} of ${lost + received} packets of audio lost`)
        assert.ok(lost / (lost + received) > 0.08 && lost / (lost + received) < 0.35, `${party.label}: ${lost} of ${lost + received}`)
        stage.told.push(await story(party, time))
      }
      await finish(parties)
    },
  },
  {
    name: 'network_whose_routers_forget_while_a_call_rings_for_55_s',
    pairings: [],
    limit: 150_000,
    async run(stage) {
      const network = await stage.network()
      const [alice, bob] = await stage.pairAtHome(network)
      await ring(alice, bob)
      const begin = Date.now()
      await until('55 s of ringing', () => Date.now() - begin > 55_000, 60_000)
      assert.ok(MAPPING < 55)
      await answer(alice, bob)
      await unrelayed([alice, bob])
      const connected = await assertFlowsBy(network, 'direct', [alice, bob])
      for (const party of [alice, bob]) stage.told.push(`${nick(party)}: ${describePair(await pairOf(party))}`, await story(party, begin))
      stage.told.push(`bytes ${JSON.stringify(connected)}`)
      await finish([alice, bob])
    },
  },
]

/** Of the packets of audio that were sent to this page, how many came in and how many did not; nothing before there are enough. */
async function loss() {
  for (const connection of window.probes.peerConnections) {
    for (const report of (await connection.getStats()).values()) {
      if (report.type !== 'inbound-rtp' || report.kind !== 'audio' || report.packetsReceived < 200) continue
      return { lost: report.packetsLost, received: report.packetsReceived }
    }
  }
  return undefined
}
