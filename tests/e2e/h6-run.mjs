import { cases } from '/tmp/s5/h6/debug.mjs'
import { endAll, installSignalHandlers } from './harness/cleanup.mjs'
import { readOptions } from './harness/options.mjs'
import { plan } from './harness/plan.mjs'
import { run } from './harness/runner.mjs'
installSignalHandlers()
const options = readOptions(process.argv.slice(2), process.env)
try { console.log(await run(plan(cases, options), options)) } finally { await endAll() }
