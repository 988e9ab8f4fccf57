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
  constructor(options) {
    if (!loaded) throw unsupported('call init() and await it before you make a client')
    super(options)
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

function unsupported(message, cause) {
  const error = new Error(message, cause && { cause })
  return Object.assign(error, { name: 'CallError', code: 'unsupported-environment' })
}
