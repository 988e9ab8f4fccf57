// How long a call takes to set up, for this SDK and for others, in one browser in one run. See docs/performance.md.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { Browsers } from '../e2e/harness/browser.mjs'
import { endAll, installSignalHandlers } from '../e2e/harness/cleanup.mjs'
import { measure, openStage } from './harness/measure.mjs'
import { readOptions, UsageError } from './harness/options.mjs'
import { save, tables } from './harness/report.mjs'
import { timeline } from './harness/timeline.mjs'

async function main() {
  const options = readOptions(process.argv.slice(2), process.env)
  if (options.report) return tell(JSON.parse(readFileSync(options.report, 'utf8')), options)
  const browser = await new Browsers(options.programs).get('chromium', 'bench')
  if (options.trace) {
    console.log(await timeline(await openStage(browser, options), options))
    return 0
  }
  const result = await measure(browser, options, (line) => console.log(line))
  if (options.out) {
    mkdirSync(dirname(options.out), { recursive: true })
    writeFileSync(options.out, `${JSON.stringify(result, undefined, 1)}\n`)
  }
  return tell(result, options)
}

function tell(result, options) {
  console.log(`\n${tables(result)}`)
  if (options.save) save(result)
  return result.samples.some(({ failed }) => failed) ? 1 : 0
}

installSignalHandlers()
try {
  process.exitCode = await main()
} catch (error) {
  console.error(error instanceof UsageError ? error.message : error)
  process.exitCode = 1
} finally {
  await endAll()
  // PeerJS's server has timers that it does not end.
  process.exit()
}
