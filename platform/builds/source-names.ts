/** Longest path and longest part of a path, as Linux has them. */
const PATH_MAX = 1024
const PART_MAX = 255

/** Control characters (C0, DEL, C1), the backslash, and what a decoder puts where bytes were not UTF-8. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const BAD = /[\u0000-\u001f\u007f-\u009f\\\ufffd]/

/** A name as it can be shown: quoted, with escapes for what would play with a terminal. */
export const shownName = (name: string): string =>
  JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name).replace(
    /[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** Why a relative path cannot be part of a source; undefined when it can. */
export function nameProblem(path: string): string | undefined {
  const parts = path.split('/')
  if (path === '' || parts.includes('')) return 'a name is empty'
  if (BAD.test(path))
    return `the name ${shownName(path)} has a control character, a backslash or bytes that are not UTF-8`
  if (path.startsWith('/') || parts.includes('..') || parts.includes('.'))
    return `the path ${shownName(path)} leads outside`
  if (Buffer.byteLength(path) > PATH_MAX || parts.some((part) => Buffer.byteLength(part) > PART_MAX))
    return `the path ${shownName(path)} is too long`
  return undefined
}

/** Files with secrets: they never leave the developer's machine. The example file has none. */
export const isEnvFile = (path: string): boolean => {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return name === '.env' || (name.startsWith('.env.') && name !== '.env.example')
}

const LEFT_OUT = new Set(['.git', 'node_modules', '.maru'])

/** Whether something is left out of every source, whatever the ignore files say. */
export const isLeftOut = (path: string): boolean =>
  LEFT_OUT.has(path.slice(path.lastIndexOf('/') + 1)) || isEnvFile(path)

/**
 * Whether following a link ends outside of the tree, other links on the way included: `a/b` may point at the top,
 * and then `a/b/..` is outside although it doesn't look so.
 */
export function linkLeaves(link: string, links: ReadonlyMap<string, string>): boolean {
  const at = link.split('/').slice(0, -1)
  const todo = (links.get(link) ?? '').split('/')
  if (links.get(link)?.startsWith('/')) return true
  // Loops never leave; the kernel gives up after 40 links, so do we.
  for (let followed = 0; todo.length > 0 && followed <= 40; ) {
    const part = todo.shift()
    if (part === undefined || part === '' || part === '.') continue
    if (part === '..') {
      if (at.pop() === undefined) return true
      continue
    }
    at.push(part)
    const next = links.get(at.join('/'))
    if (next === undefined) continue
    if (next.startsWith('/')) return true
    followed += 1
    at.pop()
    todo.unshift(...next.split('/'))
  }
  return false
}
