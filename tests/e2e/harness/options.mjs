// What the runner is told: its arguments and its environment.

import { accessSync, constants, existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { delimiter, join, resolve } from 'node:path'

export const BROWSERS = ['chromium', 'firefox']

const USAGE = `usage: node tests/e2e/run.mjs [--long] [--only PATTERN] [--browsers chromium,firefox] [--lanes N] [--list]

  --long               every case in every pairing of browsers, not in a sample of them
  --only PATTERN       the cases whose name matches this regular expression
  --browsers NAMES     the pairings of these browsers alone
  --lanes N            how many cases run at a time; by default two, and one where there is one processor
  --list               print what would run, and run nothing

environment:
  LUMENCALL_SERVER_BIN the server's program
  LUMENCALL_PKG        the folder of the built package
  LUMENCALL_CHROMIUM   Chromium's program, if it is not in PATH as chromium
  LUMENCALL_FIREFOX    Firefox's program, if it is not in PATH as firefox-esr or firefox`

/** Something that the person who started the runner has to put right. */
export class UsageError extends Error {}

export function readOptions(args, env) {
  const options = { long: false, only: /(?:)/, browsers: BROWSERS, lanes: Math.min(2, availableParallelism()), list: false }
  const rest = [...args]
  while (rest.length > 0) {
    const arg = rest.shift()
    if (arg === '--long') options.long = true
    else if (arg === '--list') options.list = true
    else if (arg === '--only') options.only = new RegExp(value(arg, rest))
    else if (arg === '--browsers') options.browsers = value(arg, rest).split(',')
    else if (arg === '--lanes') options.lanes = count(arg, value(arg, rest))
    else throw new UsageError(arg === '--help' ? USAGE : `unknown argument ${arg}\n\n${USAGE}`)
  }
  for (const name of options.browsers) {
    if (!BROWSERS.includes(name)) throw new UsageError(`unknown browser ${name}; there are ${BROWSERS.join(' and ')}`)
  }
  if (options.list) return options
  return {
    ...options,
    serverProgram: required(env, 'LUMENCALL_SERVER_BIN'),
    packageFolder: required(env, 'LUMENCALL_PKG'),
    programs: {
      chromium: env.LUMENCALL_CHROMIUM ?? inPath(env, 'chromium'),
      firefox: env.LUMENCALL_FIREFOX ?? inPath(env, 'firefox-esr', 'firefox'),
    },
  }
}

function value(arg, rest) {
  if (rest.length === 0) throw new UsageError(`${arg} needs a value\n\n${USAGE}`)
  return rest.shift()
}

function count(arg, text) {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1) throw new UsageError(`${arg} needs a whole number of at least 1, not ${text}`)
  return number
}

function required(env, name) {
  const path = env[name]
  if (!path) throw new UsageError(`${name} is not set\n\n${USAGE}`)
  if (!existsSync(path)) throw new UsageError(`${name}: there is no ${path}`)
  return resolve(path)
}

function inPath(env, ...names) {
  const paths = names.flatMap((name) => (env.PATH ?? '').split(delimiter).map((folder) => join(folder, name)))
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
