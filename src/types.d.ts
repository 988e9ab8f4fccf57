/** What a call is made with at the start. */
export type CallType = 'audio' | 'video'

/** Where a call stands. */
export type CallState = 'idle' | 'initiating' | 'ringing' | 'connecting' | 'connected' | 'reconnecting' | 'ended'

/** What became of one who was called, while the call goes on for the others. */
export type CalleeOutcome = 'ringing' | 'rejected' | 'missed' | 'busy'

/** Why a call ended. */
export type EndReason = 'completed' | 'rejected' | 'missed' | 'busy' | 'failed' | 'cancelled'

/** What lay behind the end of a call that nobody wanted. */
export type EndCause =
  /** The server does not know this device any more: it was started anew, or the way to it was cut for too long. */
  | 'server-restarted'
  /** The browser could not make or use a session description; an `error` event has said so. */
  | 'negotiation-failed'
  /** The browser says that there is no network. */
  | 'network-offline'
  /** The other was cut off for longer than is waited for. */
  | 'peer-gone'
  /** No path was found, and there is no TURN server among the ICE servers, which would have been one. */
  | 'no-turn-configured'
  /** The TURN server refused the credentials. */
  | 'turn-unauthorized'
  /** The TURN server did not answer. */
  | 'turn-unreachable'
  /** There are ICE servers, and the browser found no candidates but those of its own addresses. */
  | 'only-host-candidates'
  /** No path was found, with a relay as without. */
  | 'no-path'

/** What the cause of a failed call was concluded from: what is known here of the connection that came to nothing. */
export interface EndEvidence {
  /** Whether the browser says that there is a network. */
  readonly online: boolean
  /** Whether there is a TURN server among the ICE servers. */
  readonly turn: boolean
  /** The types of the candidates that were found here, and of those that the other sent. */
  readonly localCandidates: readonly RTCIceCandidateType[]
  readonly remoteCandidates: readonly RTCIceCandidateType[]
  /** What STUN and TURN servers refused with, or 701 for one that did not answer (`RTCPeerConnectionIceErrorEvent.errorCode`). */
  readonly candidateErrors: readonly number[]
  /** Whether the browser could not make or use a session description. */
  readonly unusable: boolean
}

/** One who is in a call. */
export interface CallParticipant {
  readonly userId: string
  /** ISO 8601 in UTC, by the server's clock. */
  readonly joinedAt: string
  readonly audioMuted: boolean
  readonly videoMuted: boolean
  readonly screenSharing: boolean
  /** How often a page of theirs was loaded anew and took the place of the one before; absent is never. */
  readonly incarnation?: number
}

/** A call as the server told it: a snapshot, which does not change. */
export interface Call {
  readonly id: string
  readonly conversationId: string
  readonly type: CallType
  readonly state: CallState
  readonly callerId: string
  /** Who is called, or has accepted, beside the caller. */
  readonly calleeIds: readonly string[]
  /** ISO 8601 in UTC, by the server's clock, like the other times. */
  readonly startedAt?: string
  readonly answeredAt?: string
  readonly endedAt?: string
  readonly endReason?: EndReason
  /** Who is in the call. The first has been in it for the longest time, and owns it. */
  readonly participants: readonly CallParticipant[]
  /** What the caller gave to `initiate`, at most 1024 bytes. */
  readonly metadata?: string
}

/** The words that `CallError.code` can be. */
export type CallErrorCode =
  /** The user, or the browser's policy, refused the camera or the microphone. */
  | 'permission-denied'
  /** There is no camera or no microphone. */
  | 'device-not-found'
  /** The camera or the microphone is there and cannot be read, most often since another program has it. */
  | 'device-in-use'
  /** The page was not loaded over https or from localhost. */
  | 'insecure-context'
  /** The browser lacks WebRTC or WebAssembly, or refuses it; or `init` has not been called. */
  | 'unsupported-environment'
  /** The signaling server cannot be reached, or the connection to it was lost. */
  | 'signaling-unreachable'
  /** The server did not answer in time. */
  | 'timeout'
  /** An argument cannot be used; the message says which and why. */
  | 'invalid-argument'
  /** There is no such call, or it is not yours. */
  | 'unknown-call'
  /** It cannot be done in the state that the call or the client is in. */
  | 'invalid-state'
  /** You are in a call already. */
  | 'already-in-call'
  /** Somebody whom you call rings at you, and one of you calls several: accept that call, which is the error's `callId`. */
  | 'already-ringing'
  /** Only the owner of the call may do this: who has been in it for the longest time. */
  | 'not-owner'
  /**
   * A bound was met; the message says which. Where `error` brings it of a description that is too large, the connection goes on as it was, and
   * what was added to it is not sent: add fewer transceivers. The next `toggleMedia` tries it again.
   */
  | 'limit-exceeded'
  /** What you asked for later took its place. */
  | 'aborted'
  /** The call ended before it was done. */
  | 'call-ended'
  /** The browser could not use, or make, a session description. */
  | 'negotiation-failed'
  /** The client was disposed of. */
  | 'disposed'
  /** The server refused who you are. */
  | 'unauthorized'
  /** The two sides do not speak the same protocol. */
  | 'protocol'

/** What every failing method rejects with, and what the `error` event brings. */
export interface CallError extends Error {
  readonly name: 'CallError'
  readonly code: CallErrorCode
  /** What the browser said, where it said something. */
  readonly cause?: unknown
  /** The call that it is about, where it is about one. */
  readonly callId?: string
}

/** What is on: `true` is on, `false` is off, absent is unchanged. */
export interface MediaToggle {
  audio?: boolean
  video?: boolean
  screenShare?: boolean
}

/** Where the connection to the signaling server stands. */
export type ConnectionState =
  /** There is none; `connect()` opens one. */
  | 'disconnected'
  | 'connecting'
  | 'connected'
  /** It was lost, and is being restored. What you ask for meanwhile is done when it is. */
  | 'reconnecting'

/**
 * What a stream shows: camera and microphone; a screen, with its sound where the browser gives that; or what the other's app sends by itself,
 * on its `peerConnection()`.
 */
export type MediaKind = 'camera' | 'screen' | 'other'

/** Every event by its name, with what its listeners get. */
export interface CallEvents {
  /** Somebody calls. */
  'call:incoming': Call
  'call:state-changed': {
    readonly callId: string
    readonly state: CallState
    readonly endReason?: EndReason
    /** Only this device's part ended: another device of yours answered. */
    readonly answeredElsewhere?: boolean
    /** When, by the server's clock. */
    readonly at?: string
    /** What lay behind an end that nobody wanted, where that is known. */
    readonly cause?: EndCause
    /** What that was concluded from. */
    readonly evidence?: EndEvidence
  }
  'call:participant-joined': { readonly callId: string; readonly participant: CallParticipant }
  'call:participant-left': { readonly callId: string; readonly userId: string }
  /** What a participant shows from now on; absent is unchanged. */
  'call:media-changed': {
    readonly callId: string
    readonly userId: string
    readonly audio?: boolean
    readonly video?: boolean
    readonly screenShare?: boolean
  }
  /** What became of one who was called, while the call goes on for the others. Also when one more is called. */
  'call:callee-changed': { readonly callId: string; readonly userId: string; readonly outcome: CalleeOutcome }
  /** In a call of more than two: whether a participant is connected to anybody. */
  'call:participant-changed': {
    readonly callId: string
    readonly userId: string
    readonly connection: 'connected' | 'reconnecting'
  }
  /** A page of a participant was loaded anew and is back in the call; its media follow. */
  'call:participant-rejoined': { readonly callId: string; readonly participant: CallParticipant }
  /** You are in a call with another of your devices, or are so no more. */
  'call:elsewhere': { readonly callId: string; readonly engaged: boolean }
  /** Your own camera and microphone for a call, or the screen that you share, ready to be shown. */
  'media:local': { readonly callId: string; readonly kind: Exclude<MediaKind, 'other'>; readonly stream: MediaStream }
  /** You share your screen no more, also where you ended that in the browser's own bar. */
  'media:local-removed': { readonly callId: string; readonly kind: Exclude<MediaKind, 'other'> }
  /**
   * What another sends: one stream for camera and microphone, one for the screen, and any number of `other`, of which one that is removed has no
   * tracks any more. It comes again where the stream is another one.
   */
  'media:remote': { readonly callId: string; readonly userId: string; readonly kind: MediaKind; readonly stream: MediaStream }
  'media:remote-removed': { readonly callId: string; readonly userId: string; readonly kind: MediaKind }
  'connection:state-changed': { readonly state: ConnectionState }
  /** What went wrong outside of any method that could have told it. */
  error: CallError
}

/** How much a log record matters. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Who you are: a token that your server can check, or with a server that runs with `--auth dev` just a name. */
export type Identity =
  | {
      /** The token, or a function that gets one. It is called for each connection, and before a token expires. */
      token: string | (() => string | Promise<string>)
      userId?: never
    }
  | {
      /** Who you are, for a server that runs with `--auth dev`. */
      userId: string
      token?: never
    }

export type CallClientOptions = Identity & {
  /** The server's WebSocket, `wss://example.com/ws`; a path is taken from the page's own address. */
  url: string
  /**
   * Used in place of those that the server names in its welcome. A function is called for each connection to the server, and before an ICE
   * restart. A call waits for it for five seconds at most, and goes on with those that there are; what comes later is used from then on.
   */
  iceServers?: RTCIceServer[] | (() => RTCIceServer[] | Promise<RTCIceServer[]>)
  /** With `relay` the others learn a TURN server's address in the place of yours. Default `all`; each call may say otherwise. */
  iceTransportPolicy?: RTCIceTransportPolicy
  /** What is asked of camera and microphone, beyond on and off. */
  media?: { audio?: MediaTrackConstraints; video?: MediaTrackConstraints }
  /** How long a command may wait for the server's answer, in milliseconds. Default 10000. */
  commandTimeout?: number
  /** Receives what happens, without any description, candidate, address or token. */
  logger?: (level: LogLevel, message: string) => void
}

/** What a call may say otherwise than the client's options. */
export interface CallOptions {
  iceTransportPolicy?: RTCIceTransportPolicy
}

export interface InitiateOptions extends CallOptions {
  /** The app's own id for what the call belongs to. */
  conversationId: string
  type: CallType
  /** Whom to call: one, or up to seven at once. */
  calleeIds: string[]
  /** For the callees, at most 1024 bytes. */
  metadata?: string
}

/** Stops what it belongs to. */
export type Unsubscribe = () => void

/** A user's place at the signaling server, and their calls. */
export class CallClient {
  /**
   * Checks the options and touches nothing else. `init()` must have resolved.
   * @throws CallError `invalid-argument`, `insecure-context`, `unsupported-environment`
   */
  constructor(options: CallClientOptions)

  /**
   * Opens the connection to the server. Resolves when calls can be made and can come in; again is harmless. Rejects with
   * `signaling-unreachable`, `timeout` or `unauthorized`. A connection that is lost later is restored without being asked to, and calls
   * go on.
   */
  connect(): Promise<void>

  /** Calls `listener` at every event of this name. What it throws is reported and harms nothing. */
  on<K extends keyof CallEvents>(event: K, listener: (data: CallEvents[K]) => void): Unsubscribe
  /** As `on`, for the next event alone. */
  once<K extends keyof CallEvents>(event: K, listener: (data: CallEvents[K]) => void): Unsubscribe
  /** Ends what `on` or `once` began. */
  off<K extends keyof CallEvents>(event: K, listener: (data: CallEvents[K]) => void): void

  /**
   * Opens camera and microphone for a lobby, tied to no call. The next `initiate` or `accept` takes the tracks over that it
   * needs and stops the others.
   */
  preview(media?: { audio?: boolean; video?: boolean }): Promise<MediaStream>

  /**
   * Opens camera and microphone and rings. Resolves with the call when the server has made it and the media are open; that
   * it is answered comes as `call:state-changed`. Where the media are denied, nobody rings. Where the one whom you call is
   * calling you at this moment, their call is the call: it is accepted, and is what the promise resolves with.
   */
  initiate(options: InitiateOptions): Promise<Call>
  /**
   * Accepts a call that rings here. Camera and microphone open now, not before. Where they cannot be opened, the call is left;
   * where it ends first, the code is `call-ended`. A promise may settle before the events of what it did have come.
   */
  accept(callId: string, options?: CallOptions): Promise<Call>
  /**
   * The calls that this page left when it was loaded anew, once `connect()` has resolved. The others wait for you, for at most 30
   * seconds; `hangup` leaves one for good.
   */
  resumable(): Call[]
  /** Takes up a call that this page left: camera and microphone open, and everybody connects to you anew. */
  rejoin(callId: string, options?: CallOptions): Promise<Call>
  /** Declines a call that rings here, on all your devices. */
  reject(callId: string): Promise<void>
  /** Leaves a call, or gives up calling. A call that has ended already is no error. */
  hangup(callId: string): Promise<void>
  /**
   * Turns microphone, camera and the sharing of your screen on or off; off is silent and dark for the others, and frees the camera. To
   * share a screen the browser asks which, and wants a click of the user's before that; a second one takes the place of the first.
   * `device-not-found` where the browser has none to share.
   */
  toggleMedia(callId: string, media: MediaToggle): Promise<void>

  /** Calls one more into a call that you are in. What becomes of it comes as `call:callee-changed`. */
  addParticipant(callId: string, userId: string): Promise<void>
  /** Puts one out of the call, or calls them no longer. Only the owner may: the first of `participants`. */
  removeParticipant(callId: string, userId: string): Promise<void>

  /** The calls that ring or are going on. */
  readonly calls: readonly Call[]
  /** Who you are; where a token says it, `undefined` until the first connection. */
  readonly userId: string | undefined
  /** Where the connection to the server stands. */
  readonly connectionState: ConnectionState

  /** The peer connection to another in a call, for what this SDK does not cover. Closing it is not yours. */
  peerConnection(callId: string, userId: string): RTCPeerConnection | undefined

  /** Leaves every call, closes everything, and stops every track. Nothing is left behind; the client is of no more use. */
  dispose(): void
}
