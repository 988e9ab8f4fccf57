// Every text that changes while the page is open.

/** What the dialog says of a call that comes in, and who is in it beside the caller, or called into it. */
export function incoming({ type, callerId, participants, calleeIds }, name) {
  const kind = type === 'video' ? 'video call' : 'audio call'
  const others = [...new Set([...participants.map(({ userId }) => userId), ...calleeIds])]
  const also = others.filter((other) => other !== callerId && other !== name)
  return also.length ? `Incoming ${kind} with ${listed(also)}` : `Incoming ${kind}`
}

/** What is said of the call that this page was in before it was loaded anew. */
export function left({ participants, calleeIds }, name) {
  const others = [...new Set([...participants.map(({ userId }) => userId), ...calleeIds])].filter((other) => other !== name)
  return `You were in a call with ${listed(others)}, and are expected back.`
}

/** Names in a row: "bob", "bob and carol", "bob, carol and 2 others". */
export function listed(names) {
  if (names.length <= 3) return names.join(', ').replace(/, ([^,]*)$/, ' and $1')
  return `${names[0]}, ${names[1]} and ${names.length - 2} others`
}

/** How somebody stands, where there is more to say than that they are there. */
export function standing({ is, stream, mended }) {
  switch (is) {
    case 'ringing':
      return 'Calling…'
    case 'rejected':
      return 'Declined'
    case 'missed':
      return 'No answer'
    case 'busy':
      return 'Busy'
    case 'left':
      return 'Left'
    default:
      if (!stream) return 'Connecting…'
      return mended ? 'Reconnecting…' : ''
  }
}

/** What is said of somebody by a reader, when it is news. */
export function news({ name, is }) {
  switch (is) {
    case 'joined':
      return `${name} is in the call.`
    case 'ringing':
      return `Calling ${name}.`
    case 'rejected':
      return `${name} declined.`
    case 'missed':
      return `${name} did not answer.`
    case 'busy':
      return `${name} is busy.`
    default:
      return `${name} has left.`
  }
}

export const here = 'You'
export const share = 'Share screen'
export const stopSharing = 'Stop sharing'
export const ownScreen = 'You are sharing your screen.'
export const ownScreenGone = 'You are sharing your screen no more.'
export const screenOf = (name) => `${name}’s screen`
export const screenHere = (name) => `${name} is sharing their screen.`
export const screenGone = (name) => `${name} is sharing their screen no more.`
export const putOut = (name) => `Put ${name} out of the call`
export const elsewhere = 'You are in a call in another tab or on another device.'

/** 42 seconds are "00:42". */
export function duration(seconds) {
  const two = (number) => String(number).padStart(2, '0')
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  return `${hours ? `${hours}:` : ''}${two(minutes)}:${two(Math.floor(seconds) % 60)}`
}

/** 42 seconds are "42 seconds". */
function spoken(seconds) {
  if (seconds < 1) return 'a moment'
  const [minutes, rest] = [Math.floor(seconds / 60), Math.floor(seconds) % 60]
  return minutes ? `${minutes} min ${rest} s` : rest === 1 ? '1 second' : `${rest} seconds`
}

/** The title of the tab. */
export function title({ name, incoming, call } = {}) {
  if (incoming) return `${incoming.callerId} is calling`
  if (call) return `${call.peer} · lumencall`
  return name ? `${name} · lumencall` : 'lumencall'
}

/** Where the call stands, and what else is worth knowing. */
export function callState({ state, opening, role, type, peer, people }) {
  const devices = type === 'video' ? 'camera and microphone' : 'microphone'
  if (opening && (state === 'initiating' || state === 'ringing' && role === 'callee')) {
    return { text: `Opening your ${devices}…`, hint: 'Your browser may ask whether this page may use them.' }
  }
  switch (state) {
    case 'initiating':
      if (people.length > 1) return { text: 'Calling…' }
      return { text: `Calling ${peer}…`, hint: `${peer} is not here at the moment. It rings as soon as they join.` }
    case 'ringing':
      if (role === 'callee') return { text: 'Answering…' }
      // Where there are several, it stands beside each.
      return { text: people.length > 1 ? 'Ringing…' : `Ringing ${peer}…` }
    case 'connecting':
      return { text: 'Connecting…' }
    case 'connected':
      return { text: 'Connected' }
    case 'reconnecting':
      return { text: 'Reconnecting…', hint: 'The connection was interrupted. Stay, it is being mended.' }
    default:
      return { text: '' }
  }
}

/** What somebody does not show, where one would expect it. */
export function badges({ audio, video }, type) {
  return { muted: audio ? '' : 'Muted', dark: video || type === 'audio' ? '' : 'Camera off' }
}

/** What the button says that calls once more. */
export const retry = ({ role }) => (role === 'caller' ? 'Call again' : 'Call back')

/** How a call ended, as this side saw it; with `again`, calling once more makes sense. */
export function ending({ peer, others, role, left, connectedAt, people }, { endReason, answeredElsewhere, cause }) {
  if (answeredElsewhere) return { title: 'Answered on another device', detail: `You took the call from ${peer} there.` }
  const outgoing = role === 'caller'
  const connected = connectedAt !== undefined
  const length = connected ? `You talked for ${spoken((performance.now() - connectedAt) / 1000)}.` : ''
  const again = retry({ role })
  switch (endReason) {
    case 'completed': {
      const detail = length || 'You were not connected yet.'
      if (left) return { title: 'You hung up', detail, again }
      // Whoever is alone is the last; who was not has been put out.
      const alone = people.every(({ is }) => is !== 'joined')
      return { title: alone ? `${peer} hung up` : 'You were put out of the call', detail, again }
    }
    case 'rejected':
      if (outgoing) return { title: `${peer} declined`, detail: 'Perhaps it is a bad moment.', again }
      return { title: 'Call declined', detail: `You declined the call from ${peer}.`, again }
    case 'missed':
      if (outgoing) return { title: 'No answer', detail: `${peer} did not pick up.`, again }
      return { title: 'Missed call', detail: `${peer} called you.`, again }
    case 'busy':
      if (outgoing && others.length > 1) return { title: 'Everybody is busy', detail: 'They are in other calls. Try again later.', again }
      if (outgoing) return { title: `${peer} is busy`, detail: `${peer} is in another call. Try again later.`, again }
      return { title: 'Missed call', detail: `${peer} called while you were in another call.`, again }
    case 'cancelled':
      if (outgoing) return { title: 'Call cancelled', detail: `You hung up before ${peer} answered.`, again }
      return { title: 'Missed call', detail: `${peer} hung up before you answered.`, again }
    case 'failed':
      if (cause === 'server-restarted') {
        return { title: 'The call was lost', detail: `The server does not know of it any more. ${length}`, again }
      }
      return {
        title: connected ? 'Connection lost' : 'Could not connect',
        detail: `${failure(peer, cause, connected)} ${length}`.trim(),
        again,
      }
    default:
      return { title: 'Call ended', detail: length, again }
  }
}

const OTHER_NETWORK = 'A firewall may be in the way; another network may help.'

/** What lay behind the end of a call that failed. */
function failure(peer, cause, connected) {
  const noWay = connected
    ? `The connection to ${peer} broke, and no other direct way was found.`
    : `No direct way between you and ${peer} was found.`
  switch (cause) {
    case 'network-offline':
      return 'Your device is offline. See to its network, and call again.'
    case 'peer-gone':
      return `${peer} lost the connection, and did not come back in time.`
    case 'no-turn-configured':
      return `${noWay} No relay (a TURN server) is set up here, by which the call could go all the same.`
    case 'turn-unauthorized':
      return `${noWay} The relay (a TURN server), by which the call could go all the same, refused your browser. Who runs this page can mend that.`
    case 'turn-unreachable':
      return `${noWay} The relay (a TURN server), by which the call could go all the same, did not answer. ${OTHER_NETWORK}`
    case 'only-host-candidates':
      return `Your browser found no way out of your own network. ${OTHER_NETWORK}`
    case 'negotiation-failed':
      return `Your browser and ${peer}’s could not agree. Try again.`
    case 'no-path':
      return `You and ${peer} could not reach each other, neither directly nor by a relay. ${OTHER_NETWORK}`
    default:
      if (connected) return `The connection to ${peer} broke.`
      return `You and ${peer} could not reach each other. ${OTHER_NETWORK}`
  }
}

const SCREEN_ERRORS = {
  // Most often the user has thought better of it.
  'permission-denied': ['Your screen is not shared', 'If you were not asked which to share, your system may have to allow it to the browser.'],
  'device-not-found': ['There is no screen to share', 'Your browser found none. Try another one.'],
  'device-in-use': ['Your screen cannot be shared', 'Your system does not let the browser read it. Try a window or a tab in its place.'],
}

/** Why the screen is not shared. */
export function notShared(failed) {
  const [title, detail] = SCREEN_ERRORS[failed.code] ?? []
  if (!title) return { ...error(failed), tone: 'trouble' }
  return { title, detail, tone: failed.code === 'permission-denied' ? 'plain' : 'trouble' }
}

const ERRORS = {
  'permission-denied': ['Camera or microphone not allowed', 'Allow them for this page, most often by the icon beside its address, and try again.'],
  'device-not-found': ['No camera or microphone found', 'Plug one in and try again. Without a camera, make it an audio call.'],
  'device-in-use': ['Camera or microphone is taken', 'Close the programs and tabs that use it, and try again.'],
  'insecure-context': ['This address is not secure', 'Browsers allow calls by https only, or at localhost. Open the page there.'],
  'unsupported-environment': ['This browser cannot make calls', 'It lacks WebRTC or WebAssembly, or has it turned off. Try a current Chromium, Firefox or Safari.'],
  'signaling-unreachable': ['The server cannot be reached', 'See whether you are online and the server runs, and try again.'],
  timeout: ['The server took too long to answer', 'Try again in a moment.'],
  'unknown-call': ['This call is no longer there', 'It ended meanwhile. Call once more.'],
  'invalid-state': ['This cannot be done right now', 'Wait a moment and try again. If that does not help, reload the page.'],
  'already-in-call': ['You are in a call already', 'It may be in another tab or on another device. Hang up there first.'],
  'already-ringing': ['They are calling you', 'Answer their call, or decline it first.'],
  'not-owner': ['Only the owner of the call can do this', 'It is whoever has been in the call for the longest time.'],
  'limit-exceeded': ['Too much at once', 'The server has set a limit, as on how many can be in a call. Wait a moment and try again.'],
  aborted: ['You asked for something else meanwhile', 'What you asked for last counts.'],
  'call-ended': ['The call had ended already', 'Call once more, if you like.'],
  'negotiation-failed': ['The two browsers could not agree', 'Try again. If it stays so, try another browser on one side.'],
  disposed: ['You have left', 'Reload the page to join again.'],
  unauthorized: ['The server did not let you in', 'A link with a token may have expired: get a new one. Names without a token are for this machine only.'],
  protocol: ['Page and server do not fit together', 'One of them is of another version. Reload the page.'],
}

/** What went wrong, and what to do. */
export function error({ code, message }) {
  if (code === 'invalid-argument') return { title: 'That cannot be used', detail: sentence(message) }
  const [title, detail] = ERRORS[code] ?? ['Something went wrong', sentence(message)]
  return { title, detail }
}

export const callsSelf = { title: 'That is you', detail: 'Call somebody else, or open a second tab with another name.' }

/** What is amiss with the connection to the server; nothing where all is well. */
export function connection({ connection: state, call }) {
  if (state === 'connecting') return 'Connecting to the server…'
  if (state === 'connected') return ''
  if (state === 'reconnecting') return `The connection to the server was lost, and is being restored.${call ? ' The call goes on.' : ''}`
  return 'There is no connection to the server. Nobody can call you.'
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1).replace(/\.?$/, '.')
