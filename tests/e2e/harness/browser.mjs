// Real browsers with fake cameras and microphones, Chromium by CDP and Firefox by WebDriver BiDi.

import { readFileSync, readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import puppeteer from 'puppeteer-core'
import { onEnd } from './cleanup.mjs'
import { startDisplay } from './display.mjs'
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

/** What each browser is started with, by how it answers a page that asks for camera, microphone or screen. */
const LAUNCH = {
  chromium: {
    granting: { browser: 'chrome', args: [...CHROMIUM_FLAGS, '--use-fake-ui-for-media-stream'] },
    denying: { browser: 'chrome', args: [...CHROMIUM_FLAGS, '--use-fake-ui-for-media-stream=deny'] },
    // Asked for a screen, its user picks the tab of `pages/screen.html`, with its sound.
    sharing: {
      browser: 'chrome',
      args: [
        ...CHROMIUM_FLAGS,
        '--auto-accept-camera-and-microphone-capture',
        '--auto-select-tab-capture-source-by-title=what is shared',
      ],
      // Who drives it would have it muted, and what it captures of a tab with it.
      ignoreDefaultArgs: ['--mute-audio'],
    },
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
    // Asked for a screen, its user picks the whole of it. Firefox has screens only where it has a display, and never their sound.
    sharing: {
      browser: 'firefox',
      display: true,
      extraPrefsFirefox: { ...FIREFOX_PREFS, 'media.navigator.permission.disabled': true },
    },
    refusing: {
      browser: 'firefox',
      display: true,
      extraPrefsFirefox: {
        ...FIREFOX_PREFS,
        'permissions.default.camera': 1,
        'permissions.default.microphone': 1,
        'permissions.default.screen': 2,
      },
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

  /** The browser of this name for this side of a call, in this place of a network. Caller and callee never share a process. */
  async get(name, side, permission = 'granting', place) {
    const key = `${name} ${side} ${permission} ${place?.name ?? ''}`
    const found = this.#running.get(key)
    if (found?.connected) return found
    const browser = await launch(name, permission, this.#programs[name], place)
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

async function launch(name, permission, program, place) {
  if (!program) throw new Error(`${name} is not installed`)
  const folder = await mkdtemp(join(tmpdir(), 'lumencall-e2e-'))
  let launching
  let door
  let display
  const end = onEnd(async () => {
    const launched = await launching?.catch(() => undefined)
    if (launched) await close(name, launched)
    await door?.close()
    await display?.stop()
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  })
  const { display: needsDisplay, ...answers } = LAUNCH[name][permission]
  let settings = { ...answers, executablePath: program, headless: !needsDisplay }
  if (needsDisplay) {
    display = await startDisplay()
    settings.env = { ...process.env, DISPLAY: display.name }
  }
  if (place) {
    // Chromium is spoken to by a pipe, which leads into any namespace, and Firefox at a port.
    if (name === 'firefox') door = await place.door(folder)
    settings = { ...settings, ...settingsFor(name, settings, door) }
    settings.executablePath = await place.program(program, folder)
    settings.env = { ...process.env, ...(await place.trust(name, folder)) }
  }
  launching = puppeteer.launch({
    ...settings,
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

/** What a browser in a network of namespaces is started with beside, or in place of, the usual. */
function settingsFor(name, { args, extraPrefsFirefox }, door) {
  return name === 'firefox'
    ? { debuggingPort: door.port, extraPrefsFirefox: { ...extraPrefsFirefox, 'media.peerconnection.ice.loopback': false } }
    : { pipe: true, args: [...args, '--disable-features=WebRtcHideLocalIpsWithMdns'] }
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
