/** Several sources as one, each item when it comes. The first that fails ends all; so does whoever stops reading. */
export async function* asTheyCome<T>(sources: ReadonlyArray<AsyncIterable<T>>): AsyncGenerator<T> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]())
  const next = async (at: number) => ({ at, result: await iterators[at]?.next() })
  const waiting = new Map(iterators.map((_, at) => [at, next(at)]))
  try {
    while (waiting.size > 0) {
      const { at, result } = await Promise.race(waiting.values())
      if (result === undefined || result.done === true) {
        waiting.delete(at)
        continue
      }
      waiting.set(at, next(at))
      yield result.value
    }
  } finally {
    // Not awaited: a source that waits for its next item answers only then.
    for (const iterator of iterators) void iterator.return?.().catch(() => {})
  }
}
