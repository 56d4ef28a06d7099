/** Colours and styles of a terminal: `ESC [ … m`. Dropped, because a log that sets them colours what follows. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what it looks for
const STYLES = /\u001b\[[0-9;:]*m/g

/**
 * What must not reach a terminal as it is: controls other than tab (they move the cursor, change the title, answer
 * queries), C1 controls, bidirectional overrides and marks, line separators, invisible tag characters.
 */
const UNSAFE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|[\u{e0000}-\u{e007f}]/gu

const visible = (char: string) => {
  const code = char.codePointAt(0) ?? 0
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`
}

/** Makes one line of foreign text harmless: what could play with the terminal is shown as `\x1b`, `\u202e` … */
export function safeText(line: string): string {
  return line.replace(/\r+$/, '').replaceAll(STYLES, '').replaceAll(UNSAFE, visible)
}

/** The same for text of several lines. */
export const safeLines = (text: string): string => text.split('\n').map(safeText).join('\n')
