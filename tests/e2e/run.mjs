// The browser tests: real browsers, the real server, and the package as it is published. See tests/README.md.

import { CASES } from './cases/index.mjs'
import { endAll, installSignalHandlers } from './harness/cleanup.mjs'
import { readOptions, UsageError } from './harness/options.mjs'
import { plan } from './harness/plan.mjs'
import { describePairing, run, seconds } from './harness/runner.mjs'

async function main() {
  const options = readOptions(process.argv.slice(2), process.env)
  const runs = plan(CASES, options)
  if (options.list) {
    for (const { name, pairing } of runs) console.log(`${name.padEnd(62)} ${describePairing(pairing)}`)
    return 0
  }
  const begin = Date.now()
  const { passed, failed, skipped } = await run(runs, options)
  console.log(`in ${seconds(Date.now() - begin).trim()}`)
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  return failed > 0 || passed === 0 ? 1 : 0
}

installSignalHandlers()
try {
  process.exitCode = await main()
} catch (error) {
  console.error(error instanceof UsageError ? error.message : error)
  process.exitCode = 1
} finally {
  await endAll()
}
