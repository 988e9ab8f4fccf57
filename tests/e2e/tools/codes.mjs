// Close codes, as a tool may send them.

/** Whether a close frame may carry this code (RFC 6455, 7.4.1); 1005 and 1006 stand for what was no code at all. */
export const canBeSent = (code) =>
  (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999)
