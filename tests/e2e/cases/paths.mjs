// The ways by which media get from one home to another: straight, by STUN, and by TURN over UDP, TCP and TLS with a real coturn.

import assert from 'node:assert/strict'
import { assertOver, connect, ring } from '../harness/calls.mjs'
import { assertFlowsBy, describePair, generations, pairOf, story, typesInDescriptions, typesSent, unrelayed } from '../harness/route.mjs'
import { assertNothingWrong } from '../harness/survival.mjs'

/** A call from end to end; `holds` is asserted of the pair in use at each side, and all bytes have to pass by `way`. */
async function callBy(stage, network, parties, { way, holds }) {
  const [alice, bob] = parties
  const begin = Date.now()
  await connect(alice, bob)
  if (way === 'direct') await unrelayed(parties)
  const passed = await assertFlowsBy(network, way, parties)
  for (const party of parties) {
    const pair = await pairOf(party)
    stage.told.push(`${party.user.split('-')[0]}: ${describePair(pair)}`)
    holds(pair, party)
  }
  for (const party of parties) stage.told.push(await story(party, begin))
  stage.told.push(`bytes ${Object.entries(passed).map(([name, bytes]) => `${name} ${bytes}`).join(', ')}`)
  for (const party of parties) await assertNothingWrong(party)
  await alice.do('hangup')
  await assertOver(parties, 'completed')
}

/** Both ends are relayed. */
const relayed = ({ local, remote }, party) => {
  assert.equal(local.candidateType, 'relay', party.label)
  // Who is relayed at the other end may be met by a check before its candidate comes.
  assert.ok(['relay', 'prflx'].includes(remote.candidateType), `${party.label}: ${remote.candidateType}`)
}

/** Both ends are relayed, and each reaches coturn by this. */
const relayedBy = (protocol) => (pair, party) => {
  relayed(pair, party)
  assert.equal(pair.local.relayProtocol, protocol, party.label)
}

/** At least one of the two, as seen from both sides, is relayed, by this. */
const someRelayedBy = (protocol) => ({ local, remote }, party) => {
  assert.ok([local, remote].some(({ candidateType }) => candidateType === 'relay'), `${party.label}: ${JSON.stringify([local, remote])}`)
  if (local.candidateType === 'relay') assert.equal(local.relayProtocol, protocol, party.label)
}

const RELAY = { iceTransportPolicy: 'relay' }

/** All ways by a relay. Which of them the browsers take where there are several is theirs: a Firefox that called keeps the first that works. */
const BY_TURN = ['turn by udp', 'turn by tcp', 'turn by tls']

/** Asserts of I5 that these sent relay candidates, and no other. */
async function assertOnlyRelay(parties, since = new Map()) {
  for (const party of parties) {
    const from = since.get(party) ?? 0
    const types = await typesSent(party, from)
    assert.ok(types.length > 0, `${party.label}: candidates sent`)
    assert.deepEqual([...new Set(types)], ['relay'], `${party.label}: types sent`)
    assert.deepEqual((await typesInDescriptions(party, from)).filter((type) => type !== 'relay'), [], party.label)
  }
}

/** Has every later call of this page be made, or accepted, with these options of its own. */
async function perCall(party, options) {
  await party.evaluate(async (options) => {
    const { CallClient } = await import('/pkg/index.js')
    const { initiate, accept } = CallClient.prototype
    CallClient.prototype.initiate = function (call) {
      return initiate.call(this, { ...call, ...options })
    }
    CallClient.prototype.accept = function (id) {
      return accept.call(this, id, options)
    }
  }, options)
}

/** A pair whose server names no ICE servers, so that `start` has to give them, in a function of the page; with another password, if need be. */
async function pairWithServersOfItsOwn(stage, network, start, password) {
  const { origin } = await stage.serverAt(network, [], { port: 8445, ice: false })
  const parties = await stage.pairAtHome(network, { caller: { origin, connect: false }, callee: { origin, connect: false } })
  for (const party of parties) {
    const servers = network.iceServers(party.user).map((server) => (password && server.credential ? { ...server, credential: password } : server))
    await party.evaluate(start, party.user, await network.token(party.user), servers)
  }
  return parties
}

/** Runs in the page: the client gets the servers in its options. */
const startWithServers = (user, token, iceServers) => window.app.start({ user, options: { token, iceServers } })

/** A case of two homes between which there is no way, and what both are told of it. */
const noWay = ({ name, pairings, prepare, password, cause: expected }) => ({
  name,
  pairings,
  limit: 120_000,
  async run(stage) {
    const network = await stage.network()
    await network.blockDirect()
    await prepare?.(network)
    const parties = await pairWithServersOfItsOwn(stage, network, startWithServers, password)
    const [alice, bob] = parties
    for (const party of parties) party.patience = 60_000
    const begin = Date.now()
    await ring(alice, bob)
    await bob.do('accept')
    await assertOver(parties, 'failed')
    for (const party of parties) {
      const { cause, evidence } = await party.ended('failed')
      stage.told.push(`${await story(party, begin)}; ${JSON.stringify(evidence)}`)
      assert.equal(cause, expected, party.label)
      assert.deepEqual([evidence.online, evidence.turn], [true, true], party.label)
    }
  },
})

export const cases = [
  noWay({
    name: 'path_by_turn_that_refuses_the_passwords_fails_and_says_so',
    pairings: ['cf'],
    password: 'not the password',
    cause: 'turn-unauthorized',
  }),
  noWay({
    name: 'path_by_turn_that_is_gone_fails_and_says_so',
    pairings: [],
    prepare: (network) => network.killTurn(),
    cause: 'turn-unreachable',
  }),
  {
    name: 'path_direct_where_nothing_is_between',
    pairings: ['cc'],
    async run(stage) {
      const network = await stage.network()
      await network.translate(false)
      const parties = await stage.pairAtHome(network)
      await callBy(stage, network, parties, {
        way: 'direct',
        holds: ({ local, remote }, party) => {
          assert.equal(local.candidateType, 'host', party.label)
          assert.ok(['host', 'prflx'].includes(remote.candidateType), `${party.label}: ${remote.candidateType}`)
          assert.equal(local.protocol, 'udp', party.label)
        },
      })
    },
  },
  {
    name: 'path_by_stun_through_two_routers_that_translate',
    pairings: ['cf'],
    async run(stage) {
      const network = await stage.network()
      const parties = await stage.pairAtHome(network)
      await callBy(stage, network, parties, {
        way: 'direct',
        holds: ({ local, remote }, party) => {
          assert.equal(local.candidateType, 'srflx', party.label)
          assert.ok(['srflx', 'prflx'].includes(remote.candidateType), `${party.label}: ${remote.candidateType}`)
        },
      })
      for (const party of parties) assert.ok((await typesSent(party)).includes('srflx'), party.label)
    },
  },
  {
    name: 'path_by_turn_over_udp_where_homes_cannot_reach_each_other',
    pairings: ['cf'],
    async run(stage) {
      const network = await stage.network()
      await network.blockDirect()
      const parties = await stage.pairAtHome(network)
      await callBy(stage, network, parties, { way: 'turn by udp', holds: someRelayedBy('udp') })
    },
  },
  {
    name: 'path_by_turn_over_tcp_where_udp_is_blocked',
    pairings: ['cf'],
    async run(stage) {
      const network = await stage.network()
      await network.blockUdp()
      await network.blockTls()
      const parties = await stage.pairAtHome(network)
      await callBy(stage, network, parties, { way: 'turn by tcp', holds: relayedBy('tcp') })
    },
  },
  {
    name: 'path_by_turn_over_tls_where_only_port_443_is_open',
    pairings: ['cf'],
    async run(stage) {
      const network = await stage.network()
      await network.tlsOnly()
      const parties = await stage.pairAtHome(network)
      await callBy(stage, network, parties, { way: 'turn by tls', holds: relayedBy('tls') })
    },
  },
  {
    name: 'path_by_ice_servers_of_the_options',
    pairings: [],
    async run(stage) {
      const network = await stage.network()
      await network.blockUdp()
      await network.blockTls()
      const parties = await pairWithServersOfItsOwn(stage, network, startWithServers)
      await callBy(stage, network, parties, { way: 'turn by tcp', holds: relayedBy('tcp') })
    },
  },
  {
    name: 'path_by_ice_servers_of_a_function_of_the_app',
    pairings: ['cf'],
    async run(stage) {
      const network = await stage.network()
      await network.blockUdp()
      await network.blockTls()
      const parties = await pairWithServersOfItsOwn(stage, network, (user, token, servers) => {
        window.asked = 0
        const iceServers = async () => {
          window.asked += 1
          return servers
        }
        return window.app.start({ user, options: { token, iceServers } })
      })
      await callBy(stage, network, parties, { way: 'turn by tcp', holds: relayedBy('tcp') })
      for (const party of parties) assert.ok((await party.evaluate(() => window.asked)) > 0, party.label)
    },
  },
  {
    name: 'i5_policy_of_the_client_sends_relay_candidates_alone',
    pairings: ['cf'],
    async run(stage) {
      const network = await stage.network()
      const parties = await stage.pairAtHome(network, { caller: { options: RELAY }, callee: { options: RELAY } })
      await callBy(stage, network, parties, { way: BY_TURN, holds: relayed })
      await assertOnlyRelay(parties)
    },
  },
  {
    name: 'i5_policy_of_one_call_sends_relay_candidates_alone',
    pairings: ['cf'],
    async run(stage) {
      const network = await stage.network()
      const parties = await stage.pairAtHome(network)
      for (const party of parties) await perCall(party, RELAY)
      await callBy(stage, network, parties, { way: BY_TURN, holds: relayed })
      await assertOnlyRelay(parties)
    },
  },
  {
    name: 'i5_policy_holds_after_an_ice_restart',
    pairings: ['cf'],
    async run(stage) {
      const network = await stage.network()
      const parties = await stage.pairAtHome(network, { caller: { options: RELAY }, callee: { options: RELAY } })
      const [alice, bob] = parties
      for (const party of parties) party.patience = 30_000
      await connect(alice, bob)
      const before = await generations(alice)
      const since = new Map()
      for (const party of parties) since.set(party, (await party.log()).length)
      // What was allocated is gone with coturn, and the one that comes after it knows nothing of it.
      await network.killTurn()
      await network.startTurn()
      await Promise.all(parties.map((party) => party.until('a new ICE generation', (begin) => window.probes.log
        .slice(begin)
        .some(({ kind, frame }) => kind === 'sent' && frame.event === 'signal:ice-candidate' && frame.data.candidate), since.get(party))))
      assert.ok((await generations(alice)) > before)
      await assertFlowsBy(network, BY_TURN, parties)
      await assertOnlyRelay(parties, since)
      await alice.do('hangup')
      await assertOver(parties, 'completed')
    },
  },
]
