// What the bench is told: its arguments and its environment.

import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { CONTENDERS } from './contenders.mjs'

const USAGE = `usage: node tests/bench/setup.mjs [--rounds N] [--seed N] [--delays 0,50] [--only NAMES] [--out FILE]
       node tests/bench/setup.mjs --trace NAME [--delays 50]
       node tests/bench/setup.mjs --report FILE [--save]

  --rounds N       rounds of each contender with each delay (default 15)
  --seed N         what the order is made from (default 1)
  --delays LIST    milliseconds between each client and its server, each way (default 0,50)
  --only NAMES     some of ${Object.keys(CONTENDERS).join(', ')}
  --out FILE       where the raw numbers go
  --report FILE    measure nothing; tell of these raw numbers
  --save           put table and plot into docs/performance.md
  --trace NAME     one call of this contender, step by step

environment:
  LUMENCALL_SERVER_BIN the server's program
  LUMENCALL_PKG        the folder of the built package
  LUMENCALL_CHROMIUM   Chromium's program, if it is not in PATH as chromium`

/** Something that the person who started the bench has to put right. */
export class UsageError extends Error {}

export function readOptions(args, env) {
  const options = { rounds: 15, seed: 1, delays: [0, 50], only: Object.keys(CONTENDERS), save: false }
  const rest = [...args]
  while (rest.length > 0) {
    const arg = rest.shift()
    if (arg === '--rounds') options.rounds = number(arg, rest.shift(), 1)
    else if (arg === '--seed') options.seed = number(arg, rest.shift(), 0)
    else if (arg === '--delays') options.delays = list(arg, rest.shift()).map((text) => number(arg, text, 0))
    else if (arg === '--only') options.only = list(arg, rest.shift()).map(contender)
    else if (arg === '--trace') options.trace = contender(rest.shift())
    else if (arg === '--out') options.out = resolve(text(arg, rest.shift()))
    else if (arg === '--report') options.report = resolve(text(arg, rest.shift()))
    else if (arg === '--save') options.save = true
    else throw new UsageError(arg === '--help' ? USAGE : `unknown argument ${arg}\n\n${USAGE}`)
  }
  if (options.trace) options.only = [options.trace]
  if (options.report) return options
  return {
    ...options,
    serverProgram: required(env, 'LUMENCALL_SERVER_BIN'),
    packageFolder: required(env, 'LUMENCALL_PKG'),
    programs: { chromium: env.LUMENCALL_CHROMIUM ?? inPath(env, 'chromium') },
  }
}

function text(arg, value) {
  if (!value) throw new UsageError(`${arg} needs a value\n\n${USAGE}`)
  return value
}

const list = (arg, value) => text(arg, value).split(',')

function number(arg, value, least) {
  const number = Number(text(arg, value))
  if (!Number.isSafeInteger(number) || number < least) throw new UsageError(`${arg}: ${value} is no number from ${least}`)
  return number
}

function contender(name) {
  if (!CONTENDERS[name]) throw new UsageError(`there is no ${name}; there are ${Object.keys(CONTENDERS).join(', ')}`)
  return name
}

function required(env, name) {
  const path = env[name]
  if (!path) throw new UsageError(`${name} is not set\n\n${USAGE}`)
  if (!existsSync(path)) throw new UsageError(`${name}: there is no ${path}`)
  return resolve(path)
}

function inPath(env, name) {
  const paths = (env.PATH ?? '').split(delimiter).map((folder) => join(folder, name))
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
