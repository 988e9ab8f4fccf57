// Who is measured, in the order of the tables.

/**
 * `server`: whom both ends talk to. `pages`: how many a call takes. `base`: the seed's flow that it is compared with, which
 * opens camera and microphone at the same time.
 */
export const CONTENDERS = {
  sdk: { title: 'lumencall', server: 'lumencall', pages: 2, base: 'seed' },
  seed: { title: "the seed's flow", server: 'lumencall', pages: 2 },
  peerjs: { title: 'PeerJS', server: 'peerjs', pages: 2, base: 'seed' },
  'simple-peer': { title: 'simple-peer', server: 'messages', pages: 2, base: 'seed' },
  limit: { title: 'limit: one page, no signaling', server: undefined, pages: 1, base: 'seed' },
  'sdk-capture': { title: 'lumencall (captures itself)', server: 'lumencall', pages: 2, base: 'seed-capture' },
  'seed-capture': { title: "the seed's flow (captures itself)", server: 'lumencall', pages: 2 },
}

/** Whose first frames are held against each other beyond that. */
export const COMPARED = [
  ['sdk', 'peerjs'],
  ['sdk-capture', 'peerjs'],
]
