import type { WriteStream } from 'node:tty'
import type { Environment } from './context.ts'

const STYLES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const
export type Style = keyof typeof STYLES

/** Paints text where the terminal can and the person wants it; gives it back as it is otherwise. */
export type Paint = (style: Style, text: string) => string

/** Colours only on a terminal, and not with NO_COLOR (no-color.org) or a dumb one. */
export function makePaint(stream: Pick<WriteStream, 'isTTY'>, env: Environment): Paint {
  if (!stream.isTTY || env.NO_COLOR || env.TERM === 'dumb') return (_style, text) => text
  return (style, text) => `\u001b[${STYLES[style][0]}m${text}\u001b[${STYLES[style][1]}m`
}
