// A network of the run's own, in which caller and callee are each at home behind a router, and the servers are somewhere else:
//
//   caller ── home of the caller ──┐
//                                  ├── the world ── servers: signaling, coturn
//   callee ── home of the callee ──┘
//
// Each box is a network namespace. The homes' routers translate addresses and forget a UDP mapping of which nothing was heard
// for 30 s; the world knows no private address. What goes wrong goes wrong in nftables, in the world for everybody or at one home.

import { spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, connect as connectSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { join as joinSockets } from '../tools/forwarder.mjs'
import { makeCertificates, trust } from './certificates.mjs'
import { onEnd } from './cleanup.mjs'
import { Namespace, command, connect, ownName, removeStale, whyNoNamespaces } from './namespaces.mjs'
import { startServer } from './server.mjs'
import { startTurn, PORT as TURN, TLS_PORT as TURNS } from './turn.mjs'
import { PATIENCE, within } from './until.mjs'

const SIDES = ['caller', 'callee']

/** The servers' address, of the range that is set aside for trials of networks (RFC 2544). */
const SERVERS = '198.18.0.2'

/** Their name. Firefox verifies no certificate of a TURN server that it knows by its address alone. */
const NAME = 'servers.lumencall.test'

const SIGNALING = 8443

/** For how many seconds a home's router keeps a UDP mapping of which it hears nothing. */
export const MAPPING = 30

/** What the addresses of a side begin with, at home and in the world. */
const NETS = { caller: { home: '10.71.1', world: '198.18.1' }, callee: { home: '10.71.2', world: '198.18.2' } }

/** Files of /etc by which browsers know names. There is no server of names, and who asks for one is told so at once. */
const NAMES = {
  hosts: `127.0.0.1 localhost\n${SERVERS} ${NAME}\n`,
  'resolv.conf': 'nameserver 127.0.0.1\n',
}

/** What the servers offer to who looks for a path. */
const ICE = [`stun:${SERVERS}`, `turn:${SERVERS}`, `turn:${SERVERS}?transport=tcp`, `turns:${NAME}:${TURNS}?transport=tcp`]

const TURN_SECRET = 'north'

const FORWARDER = fileURLToPath(new URL('../tools/forwarder.mjs', import.meta.url))

/** Nothing begins from outside that was not asked for, as at any home. What arrives before it was asked for leaves no trace. */
const HOME = `table ip home {
  chain faults {}
  chain guard {}
  chain through {
    type filter hook forward priority 0
    jump faults
    jump guard
  }
  chain into {
    type filter hook input priority 0
    iifname "world" ct state new,invalid drop
  }
  chain translate {
    type nat hook postrouting priority 100
  }
}`

/** By which way bytes pass through the world. */
const WAYS = {
  direct: ['iifname { "caller", "callee" } oifname { "caller", "callee" }'],
  'turn by udp': [`udp dport ${TURN}`, `udp sport ${TURN}`],
  'turn by tcp': [`tcp dport ${TURN}`, `tcp sport ${TURN}`],
  'turn by tls': [`tcp dport ${TURNS}`, `tcp sport ${TURNS}`],
}

const WORLD = `table ip world {
${Object.keys(WAYS).map((way) => `  counter ${counterOf(way)} {}`).join('\n')}
  chain faults {}
  chain through {
    type filter hook forward priority 0
    jump faults
${Object.entries(WAYS).flatMap(([way, rules]) => rules.map((rule) => `    ${rule} counter name ${counterOf(way)}`)).join('\n')}
  }
}`

function counterOf(way) {
  return way.replaceAll(' ', '_')
}

/** The network of a run, made when it is first asked for. */
export class Networks {
  #options
  #lane
  #making

  /** Those of this lane; each lane has its own. */
  constructor(options, lane) {
    this.#options = options
    this.#lane = lane
  }

  /** It, as it is when nothing is wrong; or `{ reason }` why there is none here. */
  async get() {
    this.#making ??= make(this.#options, this.#lane)
    const made = await this.#making
    if (!made.reason) await made.restore()
    return made
  }

  async said() {
    const made = await this.#making?.catch(() => undefined)
    return made?.said?.() ?? []
  }
}

async function make(options, lane) {
  const reason = await firstLook()
  if (reason) return { reason }
  const network = new Network(options, lane)
  await network.start()
  return network
}

/** Why there can be no networks here, found out once for all lanes; what earlier runs left behind is removed. */
let looking
function firstLook() {
  looking ??= removeStale().then(whyNoNamespaces)
  return looking
}

export class Network {
  #options
  #spaces
  #folder
  #certificates
  #server
  #turn
  #hosts = { caller: 2, callee: 2 }
  #translates = true

  constructor(options, lane) {
    this.#options = options
    const boxes = ['world', 'servers', ...SIDES.flatMap((side) => [side, `${side}-home`])]
    this.#spaces = Object.fromEntries(boxes.map((what) => [what, new Namespace(`${what}-${lane}`)]))
  }

  async start() {
    this.#folder = await mkdtemp(join(tmpdir(), ownName('network-')))
    onEnd(async () => {
      for (const space of Object.values(this.#spaces)) await space.remove()
      await rm(this.#folder, { recursive: true, force: true })
    })
    const { world, servers } = this.#spaces
    await Promise.all(Object.values(this.#spaces).map((space) => space.make()))
    await connect([world, 'servers', '198.18.0.1/24'], [servers, 'world', `${SERVERS}/24`])
    await servers.ip('route add default via 198.18.0.1')
    await world.set({ 'net.ipv4.ip_forward': 1 })
    await world.rules(WORLD)
    for (const side of SIDES) await this.#furnish(side)
    this.#certificates = await makeCertificates(this.#folder, SERVERS, NAME)
    for (const [name, text] of Object.entries(NAMES)) await writeFile(join(this.#folder, name), text)
    await writeFile(join(this.#folder, 'key'), 'a secret of the tests, long enough for HS256')
    await writeFile(join(this.#folder, 'turn-secret'), TURN_SECRET)
    this.#server = await this.server()
    await this.restore()
  }

  async #furnish(side) {
    const [peer, router] = [this.#spaces[side], this.#spaces[`${side}-home`]]
    const { home, world } = NETS[side]
    await connect([peer, 'home', `${home}.2/24`], [router, 'home', `${home}.1/24`])
    await connect([this.#spaces.world, side, `${world}.1/24`], [router, 'world', `${world}.2/24`])
    await peer.ip(`route add default via ${home}.1`)
    await router.ip(`route add default via ${world}.1`)
    await router.set({ 'net.ipv4.ip_forward': 1 })
    await router.rules(HOME)
    // These variables are there once something of the namespace asks for the state of connections.
    await router.set({
      'net.netfilter.nf_conntrack_udp_timeout': MAPPING,
      'net.netfilter.nf_conntrack_udp_timeout_stream': MAPPING,
    })
  }

  /** A server among the servers, with these further arguments; `port` tells several apart. Without `ice` it names no ICE server. */
  async server(args = [], { port = SIGNALING, ice = true } = {}) {
    const { certificate, key } = this.#certificates
    const origin = `https://${SERVERS}:${port}`
    const named = ['--turn-secret', join(this.#folder, 'turn-secret'), ...ICE.flatMap((url) => ['--ice-server', url])]
    const fixed = [
      '--auth', 'jwt', '--key', join(this.#folder, 'key'), '--allow-origin', origin,
      '--tls-cert', certificate, '--tls-key', key, ...(ice ? named : []),
    ]
    const { prefix } = this.#spaces.servers
    return { ...(await startServer(this.#options, [...fixed, ...args], port, { address: SERVERS, prefix })), origin }
  }

  /** The ICE servers with a password of this user's, as an app's own server makes them. */
  iceServers(user) {
    const username = `${Math.floor(Date.now() / 1000) + 3600}:${user}`
    const credential = createHmac('sha1', TURN_SECRET).update(username).digest('base64')
    return ICE.map((urls) => (urls.startsWith('turn') ? { urls, username, credential } : { urls }))
  }

  /** Where the pages are. */
  get origin() {
    return this.#server.origin
  }

  /** What a user shows to the servers. */
  async token(user) {
    const args = ['token', '--user', user, '--ttl', '1h', '--key', join(this.#folder, 'key')]
    return (await command(this.#options.serverProgram, args)).trim()
  }

  said() {
    return [...this.#server.said, ...(this.#turn?.said ?? []).slice(-40)]
  }

  // Browsers.

  /** Where the browser of this side is, for who starts it. */
  place(side) {
    const space = this.#spaces[side]
    return {
      name: space.name,

      /** A program that starts this one in the namespace, as the same process. */
      program: async (program, folder) => {
        const path = join(folder, 'start')
        // `ip netns exec` gives it mounts of its own.
        const mounts = Object.keys(NAMES).map((name) => `mount --bind '${join(this.#folder, name)}' /etc/${name}`)
        const inside = `${mounts.join(' && ')} && exec '${program}' "$@"`
        await writeFile(path, `#!/bin/sh\nexec ${space.prefix.join(' ')} sh -c "${inside.replaceAll(/["$]/g, '\\$&')}" sh "$@"\n`)
        await chmod(path, 0o755)
        return path
      },

      trust: (browser, profile) => trust(this.#certificates.authority, browser, profile),

      /** A port of this machine's loopback address that leads to the same port of the namespace's. */
      door: (folder) => openDoor(space, folder),
    }
  }

  // What can go wrong.

  /** All is well again: no fault, addresses as at the beginning, a coturn that runs, routers that translate and remember nothing. */
  async restore() {
    this.#turn ??= await this.#startTurn()
    for (const side of SIDES) {
      if (this.#hosts[side] !== 2) await this.#moveTo(side, 2)
    }
    await this.mend()
    await this.translate(true)
  }

  /** No rule drops anything any more. */
  async mend() {
    await this.#spaces.world.rules('flush chain ip world faults')
    for (const side of SIDES) await this.#spaces[`${side}-home`].rules('flush chain ip home faults')
  }

  /** Whether homes have addresses of their own, which nobody outside knows. If not, anybody reaches anybody. */
  async translate(on) {
    for (const side of SIDES) {
      const router = this.#spaces[`${side}-home`]
      const rules = on
        ? 'add rule ip home guard iifname "world" ct state new,invalid drop\nadd rule ip home translate oifname "world" masquerade'
        : ''
      await router.rules(`flush chain ip home guard\nflush chain ip home translate\n${rules}`)
      const { home, world } = NETS[side]
      const { world: outside } = this.#spaces
      if (on) await outside.ip(`route replace blackhole ${home}.0/24`)
      else await outside.ip(`route replace ${home}.0/24 via ${world}.2`)
    }
    this.#translates = on
    await this.forgetMappings()
  }

  /** The routers forget every connection. */
  async forgetMappings(sides = SIDES) {
    for (const side of sides) await this.#spaces[`${side}-home`].run('conntrack', ['-F'])
  }

  /** Nothing passes between the homes: they have nothing in common but the servers. */
  async blockDirect() {
    await this.#fault('iifname { "caller", "callee" } oifname { "caller", "callee" } drop')
  }

  /** No UDP passes; with a side, none to and from it. */
  async blockUdp(side) {
    await this.#fault('meta l4proto udp drop', side)
  }

  /** Nothing passes to coturn's port for TLS. */
  async blockTls() {
    await this.#fault(`tcp dport ${TURNS} drop`)
  }

  /** No UDP passes to and from coturn's port. */
  async blockUdpToTurn() {
    await this.#fault(`udp dport ${TURN} drop`)
    await this.#fault(`udp sport ${TURN} drop`)
  }

  /** Nothing passes but TCP to port 443 and to signaling, as in a strict office. */
  async tlsOnly(signaling = SIGNALING) {
    await this.#fault(`tcp dport { ${TURNS}, ${signaling} } return`)
    await this.#fault(`tcp sport { ${TURNS}, ${signaling} } return`)
    await this.#fault('drop')
  }

  /** This part of the UDP packets gets lost, either way, at random. */
  async lose(part) {
    await this.#fault(`meta l4proto udp numgen random mod 100 < ${Math.round(part * 100)} drop`)
  }

  #fault(rule, side) {
    return side
      ? this.#spaces[`${side}-home`].rules(`add rule ip home faults ${rule}`)
      : this.#spaces.world.rules(`add rule ip world faults ${rule}`)
  }

  /** The side has another address from now on, as after a change of networks, and its router knows nothing of the old one. */
  async changeAddress(side) {
    await this.#moveTo(side, this.#hosts[side] + 1)
  }

  async #moveTo(side, host) {
    const { home } = NETS[side]
    const peer = this.#spaces[side]
    await peer.ip(`address del ${home}.${this.#hosts[side]}/24 dev home`)
    await peer.ip(`address add ${home}.${host}/24 dev home`)
    await peer.ip(`route replace default via ${home}.1`)
    this.#hosts[side] = host
    await this.forgetMappings([side])
  }

  /** The side's address at home. */
  addressAtHome(side) {
    return `${NETS[side].home}.${this.#hosts[side]}`
  }

  /** The address by which the world knows the side. */
  addressInTheWorld(side) {
    return this.#translates ? `${NETS[side].world}.2` : this.addressAtHome(side)
  }

  /** The address of coturn, and of what it relays. */
  get turnAddress() {
    return SERVERS
  }

  /** coturn dies, with every allocation. */
  async killTurn() {
    await this.#turn.stop()
    this.#turn = undefined
  }

  async startTurn() {
    this.#turn ??= await this.#startTurn()
  }

  #startTurn() {
    const { certificate, key } = this.#certificates
    return startTurn({ space: this.#spaces.servers, address: SERVERS, secret: TURN_SECRET, certificate, key, folder: this.#folder })
  }

  /** How many bytes have passed through the world by each way, as the world counted them. */
  async meter() {
    const { nftables } = JSON.parse(await this.#spaces.world.run('nft', ['-j', 'list', 'counters', 'table', 'ip', 'world']))
    const counters = nftables.flatMap(({ counter }) => counter ?? [])
    return Object.fromEntries(
      Object.keys(WAYS).map((way) => [way, counters.find(({ name }) => name === counterOf(way)).bytes]),
    )
  }
}

/** Carries a port of this machine to the same port of the namespace, by way of a file. */
async function openDoor(space, folder) {
  const path = join(folder, 'door')
  const server = createServer((socket) => joinSockets(socket, connectSocket(path)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  const [program, ...rest] = [...space.prefix, process.execPath, FORWARDER, path, String(port)]
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
  const close = onEnd(async () => {
    server.close()
    child.kill('SIGKILL')
  })
  await within(PATIENCE, 'opening a door to the namespace', once(child.stdout, 'data'))
  return { port, close }
}
