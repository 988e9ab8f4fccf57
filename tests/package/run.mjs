// The npm package as Node sees it: what a server that renders pages imports, and what `npm publish` would send.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const folder = process.env.LUMENCALL_PKG ?? new URL('../../pkg', import.meta.url).pathname
const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))

/** Global names that code for browsers reaches for. Importing the package must reach for none of them. */
const BROWSER = [
  'window', 'self', 'document', 'navigator', 'location', 'WebSocket', 'RTCPeerConnection', 'MediaStream', 'fetch', 'Worker',
  'localStorage', 'sessionStorage', 'addEventListener', 'setTimeout', 'setInterval', 'queueMicrotask', 'requestAnimationFrame',
]

/** Runs `action` while each use of a name in BROWSER is noted; returns the names used. */
async function watchGlobals(action) {
  const used = new Set()
  const before = new Map(BROWSER.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]))
  for (const name of BROWSER) {
    Object.defineProperty(globalThis, name, {
      configurable: true,
      get() {
        // Node's own loader uses a few of them.
        const caller = new Error().stack.split('\n')[2] ?? ''
        if (!caller.includes('node:')) used.add(name)
        const descriptor = before.get(name)
        return descriptor?.get ? descriptor.get.call(globalThis) : descriptor?.value
      },
    })
  }
  try {
    await action()
  } finally {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor)
      else delete globalThis[name]
    }
  }
  return [...used]
}

/** A folder of a project that has the package installed. */
function project() {
  const root = mkdtempSync(join(tmpdir(), 'lumencall-package-'))
  mkdirSync(join(root, 'node_modules'))
  symlinkSync(folder, join(root, 'node_modules/lumencall'))
  return root
}

const tests = {
  async 'the watch over globals notices a use'() {
    assert.deepEqual(await watchGlobals(() => globalThis.navigator), ['navigator'])
  },

  async 'importing it touches nothing of the browser'() {
    const before = process.getActiveResourcesInfo().length
    const entry = pathToFileURL(join(folder, manifest.exports['.'].default)).href
    let module
    const used = await watchGlobals(async () => {
      module = await import(entry)
    })
    assert.deepEqual(used, [])
    assert.equal(process.getActiveResourcesInfo().length, before, 'it left a timer, a socket or a file open')
    assert.equal(typeof module.init, 'function')
    assert.equal(typeof module.CallClient, 'function')
  },

  'a program of another project imports it by its name'() {
    const root = project()
    try {
      const program = "import { init, CallClient } from 'lumencall'; console.log(typeof init, typeof CallClient)"
      const options = { cwd: root, encoding: 'utf8' }
      const said = execFileSync(process.execPath, ['--input-type=module', '--eval', program], options)
      assert.equal(said.trim(), 'function function')
    } finally {
      rmSync(root, { recursive: true })
    }
  },

  'every file that the manifest names is there'() {
    const entries = Object.values(manifest.exports).flatMap((entry) => (typeof entry === 'string' ? [entry] : Object.values(entry)))
    for (const file of [manifest.main, manifest.types, ...manifest.files, ...entries]) {
      assert.ok(existsSync(join(folder, file)), `${file} is missing`)
    }
  },

  'npm would publish these files and no others'() {
    const said = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const packed = JSON.parse(said)[0].files.map((file) => file.path)
    const expected = [
      'LICENSE-APACHE', 'LICENSE-MIT', 'README.md', 'index.d.ts', 'index.js', 'lumencall.d.ts', 'lumencall.js',
      'lumencall_bg.wasm', 'package.json',
    ]
    assert.deepEqual(packed.filter((path) => !path.startsWith('snippets/')).sort(), expected)
  },

  'the module is WebAssembly that this Node can compile'() {
    const bytes = readFileSync(join(folder, 'lumencall_bg.wasm'))
    assert.ok(WebAssembly.validate(bytes))
    const sections = WebAssembly.Module.customSections(new WebAssembly.Module(bytes), 'producers')
    assert.equal(sections.length, 0, 'it names the tools that built it')
  },
}

let passed = 0
let failed = 0
for (const [name, test] of Object.entries(tests)) {
  try {
    await test()
    passed += 1
    console.log(`ok      ${name}`)
  } catch (error) {
    failed += 1
    console.log(`FAILED  ${name}\n${error.stack}`)
  }
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
