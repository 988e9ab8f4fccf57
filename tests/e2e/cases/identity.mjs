// Who a page is to the server: by a token, or as a device of its own.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { assertOver, connect } from '../harness/calls.mjs'
import { seesAndHears } from '../harness/media.mjs'
import { assertNothingUncaught, assertNothingWrong, assertOneCall, link, links } from '../harness/survival.mjs'

const SECRET = 'a secret of the tests, long enough for HS256'

/** A server that asks for tokens, and what makes them. Differences of clocks are not forgiven. */
async function withTokens(stage, run) {
  const folder = await mkdtemp(join(tmpdir(), 'lumencall-key-'))
  try {
    const [key, other] = [join(folder, 'key'), join(folder, 'other')]
    await writeFile(key, SECRET)
    await writeFile(other, SECRET.toUpperCase())
    const port = await freePort()
    const origin = `http://127.0.0.1:${port}`
    const args = ['--auth', 'jwt', '--key', key, '--leeway', '0s', '--allow-origin', origin]
    const server = await stage.ownServer(args, port)
    const token = async (user, ttl, file = key) => {
      const asked = ['token', '--user', user, '--ttl', ttl, '--key', file]
      return (await promisify(execFile)(process.env.LUMENCALL_SERVER_BIN, asked)).stdout.trim()
    }
    await run({ origin, token, otherKey: other, server })
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

export const cases = [
  {
    name: 'i23_token_says_who_one_is',
    pairings: ['cf', 'fc'],
    async run(stage) {
      await withTokens(stage, async ({ origin, token }) => {
        const as = async (name) => ({ origin, options: { token: await token(stage.user(name), '1h') } })
        const [alice, bob] = await stage.pair({ caller: await as('alice'), callee: await as('bob') })
        assert.equal(await alice.do('userId'), stage.user('alice'))
        await connect(alice, bob)
        await Promise.all([seesAndHears(alice), seesAndHears(bob)])
        await assertOneCall([alice, bob])
        await bob.do('hangup')
        await assertOver([alice, bob], 'completed')
      })
    },
  },
  {
    name: 'token_is_renewed_before_it_expires_and_the_call_goes_on',
    pairings: ['cf', 'fc'],
    async run(stage) {
      await withTokens(stage, async ({ origin, token }) => {
        const tokens = [await token(stage.user('alice'), '9s'), await token(stage.user('alice'), '1h')]
        const bobs = { origin, options: { token: await token(stage.user('bob'), '1h') } }
        const [alice, bob] = await stage.pair({ caller: { origin, options: { tokens } }, callee: bobs })
        await connect(alice, bob)
        await alice.until('a newer token to be shown', () =>
          window.probes.log.some(({ kind, frame }) => kind === 'sent' && frame.event === 'session:authenticate'),
        )
        await new Promise((resolve) => setTimeout(resolve, 5_000))
        await alice.do('toggle', { audio: false })
        await bob.event('call:media-changed', { userId: alice.user, audio: false })
        assert.deepEqual(await links(alice), ['connecting', 'connected'])
        for (const party of [alice, bob]) await assertNothingWrong(party)
        await alice.do('hangup')
        await assertOver([alice, bob], 'completed')
      })
    },
  },
  {
    name: 'each_connection_gets_a_token_of_its_own',
    pairings: ['cc', 'ff'],
    async run(stage) {
      await withTokens(stage, async ({ origin, token, server }) => {
        const user = stage.user('alice')
        const alice = await stage.open('caller', 'alice', { origin, options: { tokens: [await token(user, '1h')] } })
        await alice.reload()
        // The first is worth nothing any more when the connection has to be restored. No browser has to start meanwhile.
        const tokens = [await token(user, '4s'), await token(user, '1h')]
        await alice.do('start', { user, options: { tokens } })
        await server.kill('SIGKILL')
        await new Promise((resolve) => setTimeout(resolve, 4_000))
        await server.restart()
        await alice.until('the connection to be back', () =>
          window.app.events.filter(({ data }) => data.state === 'connected').length > 1,
        )
        assert.equal(await alice.do('userId'), user)
        await assertNothingUncaught(alice)
      })
    },
  },
  {
    name: 'i28_token_that_is_not_taken_is_unauthorized',
    pairings: ['cc', 'ff'],
    async run(stage) {
      await withTokens(stage, async ({ origin, token, otherKey }) => {
        const user = stage.user('alice')
        const old = await token(user, '1s')
        const forged = await token(user, '1h', otherKey)
        await new Promise((resolve) => setTimeout(resolve, 1_500))
        for (const options of [{ token: old }, { token: forged }, { token: 'nonsense' }, { tokens: [forged] }, { tokens: [null] }]) {
          const alice = await stage.open('caller', 'alice', { origin, connect: false })
          const { error } = await alice.attempt('start', { user, options })
          assert.equal(error?.code, 'unauthorized', JSON.stringify(options))
          assert.ok(!error.message.includes(forged), 'what went wrong is told, and not the token')
          assert.deepEqual(await links(alice), ['connecting', 'disconnected'])
          await assertNothingUncaught(alice)
        }
      })
    },
  },
  {
    name: 'i22_copy_of_a_tab_is_a_device_of_its_own',
    pairings: ['cf', 'fc'],
    async run(stage) {
      const [alice, bob] = await stage.pair()
      const { id } = await connect(alice, bob)
      const copy = await stage.open('caller', 'alice', { beside: alice, connect: false })
      const kept = await alice.evaluate(() => ({ ...sessionStorage }))
      assert.ok(Object.keys(kept).some((key) => key.startsWith('lumencall ')), 'the tab keeps who it is')
      await copy.evaluate((kept) => Object.assign(sessionStorage, kept), kept)
      await copy.do('start', { user: alice.user })
      assert.deepEqual(await copy.do('resumable'), [], 'the call is the first tab\'s')
      await copy.event('call:elsewhere', { callId: id, engaged: true })
      await link(alice, 'connected')
      await assertOneCall([alice, bob])
      assert.deepEqual(await links(alice), ['connecting', 'connected'], 'the first tab was not disturbed')
      await alice.do('hangup')
      await assertOver([alice, bob], 'completed')
    },
  },
]
