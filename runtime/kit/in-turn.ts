/** Work that is done one after the other, in the order in which it was asked for; a failure is its asker's alone. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>

/** A queue that nobody waits in yet. */
export function makeInTurn(): InTurn {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const mine = last.then(work)
    last = mine.catch(() => undefined)
    return mine
  }
}
