// A certificate authority of a run's own, and browsers that trust it.

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { command } from './namespaces.mjs'

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

/** Makes the authority, and a certificate of it for this IP address and this name; returns the paths of the files. */
export async function makeCertificates(folder, address, name) {
  const file = (name) => join(folder, name)
  const authority = { certificate: file('authority.pem'), key: file('authority-key.pem') }
  const files = { authority: authority.certificate, certificate: file('certificate.pem'), key: file('key.pem') }
  const openssl = (...args) => command('openssl', ['req', '-x509', '-days', '2', ...KEY, ...args])
  await openssl('-keyout', authority.key, '-out', authority.certificate, '-subj', '/CN=lumencall tests',
    '-addext', 'keyUsage=critical,keyCertSign')
  await openssl('-keyout', files.key, '-out', files.certificate, '-subj', `/CN=${name}`,
    '-CA', authority.certificate, '-CAkey', authority.key, '-addext', `subjectAltName=IP:${address},DNS:${name}`,
    '-addext', 'basicConstraints=critical,CA:FALSE', '-addext', 'extendedKeyUsage=serverAuth')
  return files
}

/**
 * Has a browser that is about to start trust the authority, for pages and for TURN over TLS: Firefox by what is in its profile, Chromium
 * by what is in its user's home, which is a folder of its own in `profile`. Returns what is to be in its environment.
 */
export async function trust(authority, browser, profile) {
  switch (browser) {
    case 'firefox':
      await enter(authority, profile)
      return {}
    case 'chromium': {
      const home = join(profile, 'home')
      await enter(authority, join(home, '.pki', 'nssdb'))
      return { HOME: home }
    }
    default:
      throw new Error(`how does ${browser} know whom to trust?`)
  }
}

async function enter(authority, folder) {
  await mkdir(folder, { recursive: true })
  const certutil = (...args) => command('certutil', [...args, '-d', `sql:${folder}`])
  await certutil('-N', '--empty-password')
  await certutil('-A', '-n', 'lumencall tests', '-t', 'C,,', '-i', authority)
}
