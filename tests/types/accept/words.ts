// Each list of words is closed: a program that has dealt with all of them has nothing left to deal with.
import type { CalleeOutcome, CallErrorCode, CallState, CallType, ConnectionState, EndReason, LogLevel } from 'lumencall'

function nothingElse(word: never): never {
  throw new Error(`there is no such word: ${String(word)}`)
}

export function why(reason: EndReason): string {
  switch (reason) {
    case 'completed':
      return 'It is over.'
    case 'rejected':
      return 'Declined.'
    case 'missed':
      return 'Nobody answered.'
    case 'busy':
      return 'In another call.'
    case 'failed':
      return 'The connection failed.'
    case 'cancelled':
      return 'The caller gave up.'
    default:
      return nothingElse(reason)
  }
}

export function where(state: CallState): string {
  switch (state) {
    case 'idle':
      return ''
    case 'initiating':
      return 'Calling'
    case 'ringing':
      return 'It rings'
    case 'connecting':
      return 'Connecting'
    case 'connected':
      return 'In a call'
    case 'reconnecting':
      return 'One moment'
    case 'ended':
      return 'Over'
    default:
      return nothingElse(state)
  }
}

export function what(code: CallErrorCode): string {
  switch (code) {
    case 'permission-denied':
      return 'Allow camera and microphone.'
    case 'device-not-found':
    case 'device-in-use':
      return 'Look at camera and microphone.'
    case 'insecure-context':
    case 'unsupported-environment':
      return 'Not in this browser, or not on this page.'
    case 'signaling-unreachable':
    case 'timeout':
      return 'Try again.'
    case 'unknown-call':
    case 'invalid-state':
    case 'already-in-call':
    case 'already-ringing':
    case 'not-owner':
    case 'aborted':
    case 'call-ended':
      return 'Not now.'
    case 'negotiation-failed':
    case 'limit-exceeded':
    case 'invalid-argument':
    case 'unauthorized':
    case 'protocol':
    case 'disposed':
      return 'Something is wrong with this program.'
    default:
      return nothingElse(code)
  }
}

export function became(outcome: CalleeOutcome): string {
  switch (outcome) {
    case 'ringing':
      return 'Calling'
    case 'rejected':
      return 'Declined'
    case 'missed':
      return 'No answer'
    case 'busy':
      return 'In another call'
    default:
      return nothingElse(outcome)
  }
}

export function others(type: CallType, link: ConnectionState, level: LogLevel): number {
  const types: Record<CallType, number> = { audio: 1, video: 2 }
  const links: Record<ConnectionState, number> = { disconnected: 0, connecting: 1, connected: 2, reconnecting: 3 }
  const levels: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 }
  return types[type] + links[link] + levels[level]
}
