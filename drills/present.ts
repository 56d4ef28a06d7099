/** What an earlier stage of a drill has left for this one. */
export function present<T>(found: T | undefined): T {
  if (found === undefined) throw new Error('nothing was set up')
  return found
}
