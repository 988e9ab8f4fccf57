// One direction of one connection: what goes through it may be delayed, held, or lost, and never overtakes.

export class Lane {
  #pass
  #queue = []
  #timer
  #held = false
  #silent = false

  /** How long everything takes, in milliseconds. */
  delay = 0

  /** `pass` is called with everything that gets through, in order. */
  constructor(pass) {
    this.#pass = pass
  }

  put(item) {
    if (this.#silent) return
    this.#queue.push({ item, due: Date.now() + this.delay })
    this.#run()
  }

  get held() {
    return this.#held
  }

  get silent() {
    return this.#silent
  }

  /** Keeps everything until `release`. */
  hold() {
    this.#held = true
  }

  release() {
    this.#held = false
    this.#run()
  }

  /** Loses everything from now on, also what is on its way. */
  silence() {
    this.#silent = true
    this.clear()
  }

  clear() {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#queue = []
  }

  #run() {
    clearTimeout(this.#timer)
    this.#timer = undefined
    while (!this.#held && this.#queue.length > 0) {
      const wait = this.#queue[0].due - Date.now()
      if (wait > 0) {
        this.#timer = setTimeout(() => this.#run(), wait)
        return
      }
      this.#pass(this.#queue.shift().item)
    }
  }
}
