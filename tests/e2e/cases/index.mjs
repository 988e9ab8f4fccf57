// Every case: `{ name, pairings, only?, run }`. A name that begins with the id of an invariant is a test of it. `pairings` are
// those of a default run, by the initials of the caller's and the callee's browser; a long run takes all four, or `only` those
// that the case is possible in.

import * as badServer from './bad-server.mjs'
import * as calls from './calls.mjs'
import * as consent from './consent.mjs'
import * as cuts from './cuts.mjs'
import * as devices from './devices.mjs'
import * as dispose from './dispose.mjs'
import * as endings from './endings.mjs'
import * as faults from './faults.mjs'
import * as glare from './glare.mjs'
import * as groups from './groups.mjs'
import * as growth from './growth.mjs'
import * as identity from './identity.mjs'
import * as media from './media.mjs'
import * as network from './network.mjs'
import * as paths from './paths.mjs'
import * as permissions from './permissions.mjs'
import * as reload from './reload.mjs'
import * as renegotiation from './renegotiation.mjs'
import * as screen from './screen.mjs'
import * as strangers from './strangers.mjs'
import * as torture from './torture.mjs'

export const CASES = [calls, endings, media, screen, renegotiation, torture, consent, permissions, faults, dispose, growth, devices, groups, glare, strangers, identity, reload, cuts, badServer, paths, network].flatMap(
  (theme) => theme.cases,
)
