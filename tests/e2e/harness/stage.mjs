// What a case is given: the parties it asks for, in the browsers of its pairing.

import { Party } from './party.mjs'

let cases = 0

export class Stage {
  #browsers
  #servers
  #parties = []

  constructor(browsers, servers, pairing) {
    this.#browsers = browsers
    this.#servers = servers
    this.pairing = pairing
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
    for (const party of this.#parties.reverse()) await party.close()
  }
}
