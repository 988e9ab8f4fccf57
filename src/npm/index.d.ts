import type { InitInput } from './lumencall.js'

/** Loads the WebAssembly module, once however often it is called. */
export function init(input?: InitInput | Promise<InitInput>): Promise<void>

export * from './lumencall.js'
