// The screen of a call: who it is with, how it stands, the pictures, and what can be done.
import { renderPeople, unmutePeople, wirePeople } from './people.js'
import { play, shows, unmute } from './picture.js'
import { renderScreens, unmuteScreens, wireScreens } from './screens.js'
import { $, showAvatar } from './view.js'
import * as words from './words.js'

const [theirPicture, ownPicture] = [$('theirs'), $('mine')]
let shown
let group
let ticking

/** Wires the buttons; `toggle(kind)` is for 'audio' and 'video', `share(on)` for the screen, `remove(name)` puts one out. */
export function wireCall({ toggle, share, hangup, remove }) {
  wirePeople({ remove })
  wireScreens({ share })
  $('mute').addEventListener('click', () => toggle('audio'))
  $('camera').addEventListener('click', () => toggle('video'))
  $('hangup').addEventListener('click', hangup)
  $('hear').addEventListener('click', () => {
    unmute(theirPicture)
    unmutePeople()
    unmuteScreens()
    $('hear').hidden = true
  })
  // The size of the picture is known with its first frame, and changes when a phone is turned.
  theirPicture.addEventListener('resize', renderPicture)
  theirPicture.addEventListener('loadeddata', renderPicture)
}

/** Draws the call that `name` is in; without one, lets go of the pictures. */
export function renderCall(call, name) {
  shown = call
  // Two are face to face. As soon as there are more, or there is a screen to look at, everybody has a tile.
  const stage = Boolean(call?.people.some(({ screen }) => screen))
  group = Boolean(call && call.people.length > 1) || stage
  $('call').dataset.group = group
  $('call').dataset.stage = stage
  showStreams(call, name)
  clearInterval(ticking)
  if (!call) return
  showAvatar($('peer-avatar'), call.peer)
  say('peer', call.peer)

  const { text, hint } = words.callState(call)
  say('state', text)
  say('state-hint', hint)
  $('state-hint').hidden = !hint
  $('call').dataset.state = call.state
  $('call').dataset.type = call.type
  const { muted, dark } = group || !them() ? {} : words.badges(them(), call.type)
  say('their-audio', muted)
  say('their-video', dark)
  renderPicture()
  renderOwn(call)

  $('timer').hidden = call.state !== 'connected'
  ticking = setInterval(tick, 500)
  tick()
}

function renderOwn({ id, state, type, mine: { audio, video } }) {
  $('mute').setAttribute('aria-pressed', !audio)
  $('camera').setAttribute('aria-pressed', !video)
  $('camera').hidden = type !== 'video'
  for (const button of [$('mute'), $('camera')]) button.disabled = !id || state === 'initiating'
  $('self').hidden = group || type !== 'video' || !ownPicture.srcObject
  $('self-off').hidden = video
}

/** The other's picture is shown once there is one, and they want it shown; until then their initials are. */
function renderPicture() {
  $('call').dataset.picture = group || Boolean(them()?.video) && shows(theirPicture)
  theirPicture.dataset.shape = theirPicture.videoWidth < theirPicture.videoHeight ? 'tall' : 'wide'
}

/** The other, where there is only one, face to face. */
const them = () => (group ? undefined : shown?.people[0])

async function showStreams(call, name) {
  play(ownPicture, call?.local)
  const tiles = renderPeople(group ? call : undefined, name)
  const heard = await Promise.all([play(theirPicture, them()?.stream), tiles, renderScreens(call)])
  $('hear').hidden = heard.every(Boolean) || !shown
}

function tick() {
  if (shown?.connectedAt === undefined) return say('timer', '')
  say('timer', words.duration((performance.now() - shown.connectedAt) / 1000))
}

/** Changes a text only where it is another one, so that no reader says it twice. */
function say(id, text = '') {
  const node = $(id)
  if (node.dataset.said === text) return
  node.dataset.said = text
  node.textContent = text
}
