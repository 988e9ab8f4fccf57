// Network namespaces of a run's own: each is a machine of its own as far as packets go.

import { execFile } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** All names begin so; then comes who made them, by process id and start. */
const PREFIX = 'lumencall-'

/** Where `ip netns` keeps them. */
const FOLDER = '/run/netns'

/** What the networks are made with, and the Debian package that brings it. */
const PROGRAMS = [
  ['ip', 'iproute2'],
  ['nft', 'nftables'],
  ['conntrack', 'conntrack'],
  ['turnserver', 'coturn'],
  ['openssl', 'openssl'],
  ['certutil', 'libnss3-tools'],
]

/** Some of everything that the networks' rules are made of. */
const TRIAL = `table ip trial {
  counter count {}
  chain through {
    type filter hook forward priority 0
    ct state new numgen random mod 100 < 20 counter name count drop
  }
  chain out {
    type nat hook postrouting priority 100
    masquerade
  }
}`

/** Runs a program; what it said is in the error where it fails. */
export async function command(program, args, { input } = {}) {
  const running = run(program, args)
  if (input !== undefined) running.child.stdin.end(input)
  try {
    return (await running).stdout
  } catch (error) {
    throw new Error(`${program} ${args.join(' ')}: ${(error.stderr || error.message).trim()}`)
  }
}

/** Why there can be no networks here, in a line; nothing where there can. It is found out by making one. */
export async function whyNoNamespaces() {
  if (process.getuid?.() !== 0) return 'network namespaces can be made by root alone'
  for (const [program, debianPackage] of PROGRAMS) {
    const found = await run('which', [program]).catch(() => undefined)
    if (!found) return `there is no ${program} (Debian: ${debianPackage})`
  }
  const space = new Namespace('trial')
  try {
    await space.make()
    await connect([space, 'one', '198.18.8.1/24'], [space, 'other', '198.18.9.1/24'])
    await space.rules(TRIAL)
    await space.set({ 'net.ipv4.ip_forward': 1, 'net.netfilter.nf_conntrack_udp_timeout': 30 })
    return undefined
  } catch (error) {
    return `this machine gives no network namespaces with NAT: ${error.message.split('\n')[0]}`
  } finally {
    await space.remove()
  }
}

/** Removes what runs left behind that were killed. */
export async function removeStale() {
  const stale = (name) => {
    const [, pid, start] = new RegExp(`^${PREFIX}(\\d+)-(\\d+)-`).exec(name) ?? []
    return pid && startOf(pid) !== start
  }
  const spaces = existsSync(FOLDER) ? readdirSync(FOLDER) : []
  for (const name of spaces.filter(stale)) await removeNamed(name)
  for (const name of readdirSync(tmpdir()).filter(stale)) await rm(join(tmpdir(), name), { recursive: true, force: true })
}

/** A name that tells whose it is. */
export function ownName(what) {
  return `${PREFIX}${process.pid}-${startOf(process.pid)}-${what}`
}

/** When a process was started, in the kernel's ticks: a process id comes back, the two together do not. */
function startOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined // There is no such process.
  }
}

async function removeNamed(name) {
  const pids = await command('ip', ['netns', 'pids', name]).catch(() => '')
  for (const pid of pids.split('\n').filter(Boolean)) {
    try {
      process.kill(Number(pid), 'SIGKILL')
    } catch {
      // It ended by itself.
    }
  }
  await command('ip', ['netns', 'delete', name]).catch((error) => {
    if (existsSync(`${FOLDER}/${name}`)) throw error
  })
}

export class Namespace {
  constructor(what) {
    this.name = ownName(what)
  }

  /** Makes it, with a loopback interface and nothing of IPv6. */
  async make() {
    await command('ip', ['netns', 'add', this.name])
    await this.ip('link set lo up')
    await this.set({ 'net.ipv6.conf.all.disable_ipv6': 1, 'net.ipv6.conf.default.disable_ipv6': 1 })
  }

  /** Removes it, with what still runs in it. */
  remove() {
    return removeNamed(this.name)
  }

  /** The words that have a program run in it, to be put before the program's name. */
  get prefix() {
    return ['ip', 'netns', 'exec', this.name]
  }

  /** Runs a program in it. */
  run(program, args, options) {
    const [first, ...rest] = [...this.prefix, program, ...args]
    return command(first, rest, options)
  }

  /** `ip` in it. */
  ip(words) {
    return command('ip', ['-n', this.name, ...words.split(' ')])
  }

  /** Sets variables of the kernel. */
  set(variables) {
    return this.run('sysctl', ['-qw', ...Object.entries(variables).map(([name, value]) => `${name}=${value}`)])
  }

  /** Carries out these lines of nftables, all or none of them. */
  rules(lines) {
    return this.run('nft', ['-f', '-'], { input: `${lines}\n` })
  }
}

/** A cable between two of them: at each end an interface of this name with this address. */
export async function connect([one, oneName, oneAddress], [other, otherName, otherAddress]) {
  const ends = ['type', 'veth', 'peer', 'name', otherName, 'netns', other.name]
  await command('ip', ['link', 'add', oneName, 'netns', one.name, ...ends])
  for (const [space, name, address] of [
    [one, oneName, oneAddress],
    [other, otherName, otherAddress],
  ]) {
    await space.ip(`address add ${address} dev ${name}`)
    await space.ip(`link set ${name} up`)
  }
}
