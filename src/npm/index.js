// The package's face: loading the module, and the few things that are simpler in JavaScript. Importing it touches nothing.
import start, { CallClient as Core } from './lumencall.js'

let loading
let loaded = false

/**
 * Loads the WebAssembly module, once however often it is called. `input` says where it is, for a page where the file
 * beside this one will not do: a URL, a Response, the bytes, or a compiled module.
 */
export function init(input) {
  loading ??= start(input === undefined ? undefined : { module_or_path: input }).then(
    () => {
      loaded = true
    },
    (cause) => {
      // The next call tries again.
      loading = undefined
      throw unsupported('the WebAssembly module could not be loaded; does the page\'s policy allow \'wasm-unsafe-eval\'?', cause)
    },
  )
  return loading
}

export class CallClient extends Core {
  #device
  #adopted
  #fetched

  constructor(options) {
    if (!loaded) throw unsupported('call init() and await it before you make a client')
    super(options)
    this.#device = new Device(`lumencall ${options.url} ${options.token ? '' : options.userId}`)
    this.keepWith((id, secret) => this.#device.keep(id, secret))
    if (typeof options.iceServers === 'function') this.fetchWith((connection) => this.#fetch(options.iceServers, connection))
  }

  /** Gets ICE servers from the app. Where it gives none, or none in time, those that there are stay; late ones are used from then on. */
  #fetch(from, connection) {
    const used = new Promise((resolve) => resolve(from()))
      .then((servers) => this.useIceServers(Array.from(servers)))
      .catch(reportError)
    const late = new Promise((resolve) => setTimeout(resolve, FETCH_TIMEOUT))
    this.#fetched = Promise.race([used, late]).then(() => connection?.restartIce())
  }

  /** Does what needs the ICE servers once they are there; at once where the app gives no function for them. */
  #after(ask) {
    return this.#fetched ? this.#fetched.then(ask) : ask()
  }

  initiate(options) {
    return this.#after(() => super.initiate(options))
  }

  accept(callId, options) {
    return this.#after(() => super.accept(callId, options))
  }

  rejoin(callId, options) {
    return this.#after(() => super.rejoin(callId, options))
  }

  async connect() {
    this.#adopted ??= this.#device.take().then((known) => known && this.adopt(known.id, known.secret))
    await this.#adopted
    return super.connect()
  }

  on(event, listener) {
    super.on(event, listener)
    return () => this.off(event, listener)
  }

  once(event, listener) {
    super.once(event, listener)
    return () => this.off(event, listener)
  }
}

/** How long a call waits for the ICE servers that the app is asked for, in milliseconds. */
const FETCH_TIMEOUT = 5_000

/** How long a page that was reloaded waits for the one before it to be gone, in milliseconds. */
const PATIENCE = 500

/**
 * Which device this page is to the server, kept in the tab for the page that comes after it. A copy of a tab has what
 * the tab had kept, but not the lock on it, and is a device of its own.
 */
class Device {
  #key
  #id
  #release

  constructor(key) {
    this.#key = key
  }

  /** What the page before this one kept, if that page is gone. */
  async take() {
    let known
    try {
      known = JSON.parse(sessionStorage.getItem(this.#key))
    } catch {
      // There is no storage for this page, or something else is there.
    }
    return known && (await this.#hold(known.id)) ? known : undefined
  }

  keep(id, secret) {
    try {
      if (id) sessionStorage.setItem(this.#key, JSON.stringify({ id, secret }))
      else sessionStorage.removeItem(this.#key)
    } catch {
      // Without storage the next page is another device.
    }
    if (id !== this.#id) {
      this.#release?.()
      this.#release = undefined
      if (id) this.#hold(id)
    }
    this.#id = id
  }

  #hold(id) {
    return new Promise((resolve) => {
      const held = navigator.locks?.request(`lumencall ${id}`, { signal: AbortSignal.timeout(PATIENCE) }, () => {
        this.#id = id
        resolve(true)
        return new Promise((release) => {
          this.#release = release
        })
      })
      // Another page holds it, or the browser has no locks.
      Promise.resolve(held).finally(() => resolve(false)).catch(() => {})
    })
  }
}

function unsupported(message, cause) {
  const error = new Error(message, cause && { cause })
  return Object.assign(error, { name: 'CallError', code: 'unsupported-environment' })
}
