// What a case is given: the parties it asks for, in the browsers of its pairing.

import { startBadServer } from '../tools/bad-server.mjs'
import { startProxy } from '../tools/proxy.mjs'
import { onEnd } from './cleanup.mjs'
import { Party } from './party.mjs'

let cases = 0

/** What a case throws that this machine cannot run. */
export class Skip extends Error {}

export class Stage {
  #browsers
  #servers
  #networks
  #parties = []
  #undos = []

  /** What the case has to tell beside whether it passed, a line each. */
  told = []

  constructor(browsers, servers, networks, pairing, long) {
    this.#browsers = browsers
    this.#servers = servers
    this.#networks = networks
    this.pairing = pairing
    /** Whether everything is to be tried, not a sample. */
    this.long = long
    this.number = cases += 1
  }

  /** A page of this kind for the user of this name, in the caller's or the callee's browser. */
  async open(side, name, { kind = 'sdk', permission, server, beside, ...rest } = {}) {
    const browser = await this.#browsers.get(this.pairing[side], side, permission)
    const { origin } = await this.#servers.get(server)
    const user = this.user(name)
    const party = await Party.open({ browser, context: beside?.context, origin, kind, user, ...rest })
    this.#parties.push(party)
    return party
  }

  /** Alice, who calls, and Bob, who is called. */
  async pair({ caller = {}, callee = {} } = {}) {
    return Promise.all([this.open('caller', 'alice', caller), this.open('callee', 'bob', callee)])
  }

  /**
   * A page whose connection goes through a proxy of its own, which is returned beside it. Before its server: this one, or that of
   * this name.
   */
  async openBehindProxy(side, name, { server, target, ...rest } = {}) {
    const proxy = await this.#keep(startProxy(target ?? (await this.#servers.get(server)).origin))
    const party = await this.open(side, name, { origin: proxy.origin, ...rest })
    return [party, proxy]
  }

  /** The network of namespaces, with nothing wrong in it. Where this machine gives none, the case is skipped. */
  async network() {
    const network = await this.#networks.get()
    if (network.reason) throw new Skip(network.reason)
    return network
  }

  /** A page in the browser at this side's home. */
  async openAtHome(network, side, name, { options, permission, origin = network.origin, kind = 'sdk', ...rest } = {}) {
    const browser = await this.#browsers.get(this.pairing[side], side, permission, network.place(side))
    const user = this.user(name)
    const token = await network.token(user)
    const party = await Party.open({ browser, origin, kind, user, options: { token, ...options }, ...rest })
    this.#parties.push(party)
    return party
  }

  /** Alice, who calls, and Bob, who is called, each at their home. */
  async pairAtHome(network, { caller = {}, callee = {} } = {}) {
    return Promise.all([
      this.openAtHome(network, 'caller', 'alice', caller),
      this.openAtHome(network, 'callee', 'bob', callee),
    ])
  }

  /** A server of this case's own in the network, with these further arguments. */
  async serverAt(network, args, options) {
    return this.#keep(network.server(args, options))
  }

  /** A server that misbehaves as `script` says, and serves the pages. */
  async badServer(script) {
    const { origin } = await this.#servers.get()
    return this.#keep(startBadServer({ pages: origin, ...script }))
  }

  /** A server of this case's own, which may be killed: `kill(signal)`, and `restart()` on the same port. */
  async ownServer(args = [], port = 0) {
    let server = await this.#servers.own(args, port)
    this.#undos.push(() => server.stop())
    const { origin } = server
    const restart = async () => void (server = await this.#servers.own(args, Number(new URL(origin).port)))
    return { origin, restart, kill: (signal) => server.kill(signal) }
  }

  /** Has what was started stopped at the end of the case, at the latest when the runner ends. */
  async #keep(starting) {
    const started = await starting
    this.#undos.push(onEnd(() => started.stop()))
    return started
  }

  /** The user of this name in this case; cases share a server and no users. */
  user(name) {
    return `${name}-${this.number}`
  }

  async dump() {
    const dumps = this.#parties.map((party) => party.dump().catch((error) => `  ${party.label}: ${error.message}`))
    return (await Promise.all(dumps)).join('\n')
  }

  async clear() {
    // The newest first: one opened beside another goes before it.
    try {
      for (const party of this.#parties.reverse()) await party.close()
    } finally {
      for (const undo of this.#undos.reverse()) await undo()
    }
  }
}
