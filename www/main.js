// Wires the page: what a user does goes to the phone, and each change of the phone is drawn.
import { renderCall, wireCall } from './call-screen.js'
import { renderIncoming, wireIncoming } from './incoming.js'
import { renderInvite, wireInvite } from './invite.js'
import { forgetMe, rememberedMe, rememberMe, renderJoining, renderLobby, wireLobby } from './lobby.js'
import { Phone } from './phone.js'
import { $, clearNotice, showNotice, showScreen, showTitle } from './view.js'
import * as words from './words.js'

/** @type {Phone | undefined} */
let phone

/** `identity` is how the SDK is told who this is: a `userId`, or a `token`. */
async function join(identity) {
  if (!identity) return showScreen('join')
  renderJoining(identity.userId, true)
  try {
    phone = await Phone.open(identity, { changed: render, ended, failed, notShared })
    rememberMe(identity)
    render()
  } catch (error) {
    showScreen('join')
    failed(error)
  } finally {
    renderJoining(identity.userId, false)
  }
}

function leave() {
  phone.close()
  phone = undefined
  forgetMe()
  render()
}

function call(others, type) {
  clearNotice()
  if (others.includes(phone.name)) return showNotice({ ...words.callsSelf, tone: 'trouble' })
  if (others.length > 0) phone.start(others, type)
}

function reconnect() {
  phone.connect().then(clearNotice, failed)
}

function render() {
  // The first events come while `open` is still on its way.
  if (!phone && document.body.dataset.screen === 'loading') return
  showScreen(phone ? (phone.call ? 'call' : 'lobby') : 'join')
  renderLobby(phone)
  renderCall(phone?.call, phone?.name)
  renderIncoming(phone?.incoming, phone?.name)
  renderInvite(phone?.call)
  renderConnection()
  showTitle(words.title(phone), Boolean(phone?.incoming))
}

function renderConnection() {
  const text = phone ? words.connection(phone) : ''
  $('banner').hidden = !text
  $('banner-text').textContent = text
  $('reconnect').hidden = phone?.connection !== 'disconnected'
}

function ended(party, event) {
  if (event.cause) console.warn(`the call failed: ${event.cause}`, event.evidence)
  const { again, ...text } = words.ending(party, event)
  $('callee').value ||= party.others.join(', ')
  showNotice({ ...text, action: again && redial(again, party) })
}

/** `party` is the call that could not be started or taken, where it is about one. */
function failed(error, party) {
  console.warn(`${error.code}: ${error.message}`)
  if (party) $('callee').value ||= party.others.join(', ')
  showNotice({ ...words.error(error), tone: 'trouble', action: party && redial(words.retry(party), party) })
}

function share(on) {
  clearNotice()
  phone.share(on)
}

function notShared(error) {
  console.warn(`${error.code}: ${error.message}`)
  showNotice(words.notShared(error))
}

const redial = (label, { others, type }) => ({ label, run: () => call(others, type) })

wireLobby({
  join: (name) => join(name && { userId: name }),
  call,
  leave,
  goBack: () => phone.goBack(),
  stayOut: () => phone.stayOut(),
})
wireCall({
  toggle: (kind) => phone.toggle(kind),
  share,
  hangup: () => phone.hangup(),
  remove: (name) => phone.remove(name),
})
wireInvite({ add: (names) => phone.add(names) })
wireIncoming({ accept: (ring) => phone.accept(ring), decline: (ring) => phone.decline(ring) })
$('reconnect').addEventListener('click', reconnect)
// A page that comes back from the browser's history let go of its call when it went, and may go back into it.
addEventListener('pageshow', ({ persisted }) => persisted && location.reload())
join(rememberedMe())
