// The screen of a call: who it is with, how it stands, both pictures, and what can be done.
import { play, shows, unmute } from './picture.js'
import { $, showAvatar } from './view.js'
import * as words from './words.js'

const [theirPicture, ownPicture] = [$('theirs'), $('mine')]
let shown
let ticking

/** Wires the buttons; `toggle(kind)` is for 'audio' and 'video'. */
export function wireCall({ toggle, hangup }) {
  $('mute').addEventListener('click', () => toggle('audio'))
  $('camera').addEventListener('click', () => toggle('video'))
  $('hangup').addEventListener('click', hangup)
  $('hear').addEventListener('click', () => {
    unmute(theirPicture)
    $('hear').hidden = true
  })
  // The size of the picture is known with its first frame, and changes when a phone is turned.
  theirPicture.addEventListener('resize', renderPicture)
  theirPicture.addEventListener('loadeddata', renderPicture)
}

/** Draws `call`; without one, lets go of the pictures. */
export function renderCall(call) {
  shown = call
  showStreams(call)
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
  const { muted, dark } = words.badges(call)
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
  $('self').hidden = type !== 'video' || !ownPicture.srcObject
  $('self-off').hidden = video
}

/** The other's picture is shown once there is one, and they want it shown; until then their initials are. */
function renderPicture() {
  const picture = Boolean(shown?.theirs.video) && shows(theirPicture)
  $('call').dataset.picture = picture
  theirPicture.dataset.shape = theirPicture.videoWidth < theirPicture.videoHeight ? 'tall' : 'wide'
}

async function showStreams(call) {
  play(ownPicture, call?.local)
  const heard = await play(theirPicture, call?.remote)
  $('hear').hidden = heard || !shown?.remote
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
