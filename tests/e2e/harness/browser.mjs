// Real browsers with fake cameras and microphones, Chromium by CDP and Firefox by WebDriver BiDi.

import { readFileSync, readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import puppeteer from 'puppeteer-core'
import { onEnd } from './cleanup.mjs'
import { until, within } from './until.mjs'

const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
  '--use-fake-device-for-media-stream',
  // A window that another covers works on as before.
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
]

const FIREFOX_PREFS = {
  'media.navigator.streams.fake': true,
  'media.peerconnection.ice.loopback': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'media.autoplay.default': 0,
  'dom.min_background_timeout_value': 4,
}

/** What each browser is started with, by how it answers a page that asks for camera and microphone. */
const LAUNCH = {
  chromium: {
    granting: { browser: 'chrome', args: [...CHROMIUM_FLAGS, '--use-fake-ui-for-media-stream'] },
    denying: { browser: 'chrome', args: [...CHROMIUM_FLAGS, '--use-fake-ui-for-media-stream=deny'] },
  },
  firefox: {
    granting: {
      browser: 'firefox',
      extraPrefsFirefox: { ...FIREFOX_PREFS, 'media.navigator.permission.disabled': true },
    },
    denying: {
      browser: 'firefox',
      extraPrefsFirefox: { ...FIREFOX_PREFS, 'permissions.default.camera': 2, 'permissions.default.microphone': 2 },
    },
  },
}

/** The browsers that run, each a process of its own, started when first needed and used again by later cases. */
export class Browsers {
  #programs
  #running = new Map()

  constructor(programs) {
    this.#programs = programs
  }

  /** The browser of this name for this side of a call. Caller and callee never share a process. */
  async get(name, side, permission = 'granting') {
    const key = `${name} ${side} ${permission}`
    const found = this.#running.get(key)
    if (found?.connected) return found
    const browser = await launch(name, permission, this.#programs[name])
    this.#running.set(key, browser)
    return browser
  }

  /** Ends all of them, as after a case that left them in a state that nobody knows. */
  async end() {
    const browsers = [...this.#running.values()]
    this.#running.clear()
    await Promise.all(browsers.map((browser) => browser.end()))
  }
}

async function launch(name, permission, executablePath) {
  if (!executablePath) throw new Error(`${name} is not installed`)
  const folder = await mkdtemp(join(tmpdir(), 'lumencall-e2e-'))
  let launching
  const end = onEnd(async () => {
    const launched = await launching?.catch(() => undefined)
    if (launched) await close(name, launched)
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  })
  launching = puppeteer.launch({
    ...LAUNCH[name][permission],
    executablePath,
    headless: true,
    userDataDir: folder,
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    protocolTimeout: 60_000,
  })
  const browser = await launching
  return {
    name,
    get connected() {
      return browser.connected
    },
    createBrowserContext: () => browser.createBrowserContext(),
    /** Kills the processes of all its pages; it lives on itself. */
    crashPages: () => killPages(browser.process().pid),
    end,
  }
}

/** Closes the browser, and sees to it that nothing of it lives on: what it started is in its process group. */
async function close(name, browser) {
  const { pid } = browser.process()
  await within(5_000, `closing ${name}`, browser.close()).catch(() => {})
  await until(`the processes of ${name} to be gone`, () => !signalGroup(pid, 'SIGKILL') || !runs(pid))
}

/** Kills the processes of Firefox's pages in this group. */
function killPages(group) {
  const pages = readdirSync('/proc').filter((pid) => {
    if (!/^[0-9]+$/.test(pid)) return false
    try {
      return groupOf(pid) === group && /\btab[\0 ]*$/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
    } catch {
      return false // It ended while it was looked at.
    }
  })
  if (pages.length === 0) throw new Error('no process of a page was found')
  for (const pid of pages) process.kill(Number(pid), 'SIGKILL')
}

/** The process group of a process that runs; nothing of one that has ended, and that its parent took no notice of. */
function groupOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return state === 'Z' ? undefined : Number(group)
}

/**
 * Whether a process of the group still runs. One that has ended but that its parent has not taken notice of belongs to the
 * group, too, and takes signals; whoever started this runner may be such a parent, and take notice only when it ends.
 */
function runs(group) {
  let entries
  try {
    entries = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name))
  } catch {
    return true // There is no /proc: the signal is all that is known.
  }
  return entries.some((pid) => {
    try {
      return groupOf(pid) === group
    } catch {
      return false // It ended while it was looked at.
    }
  })
}

/** Sends a signal to the group; says whether there was anybody in it. */
function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal)
    return true
  } catch (error) {
    if (error.code === 'ESRCH') return false
    throw error
  }
}
