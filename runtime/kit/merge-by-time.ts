interface Timed {
  readonly at: string
}

/** Several sources, each in order of time, as one. It holds one item of each, however long they are. */
export async function* mergeByTime<T extends Timed>(
  sources: ReadonlyArray<AsyncIterable<T>>,
): AsyncGenerator<T> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]())
  try {
    const heads = await Promise.all(iterators.map((iterator) => iterator.next()))
    for (;;) {
      const first = earliest(heads)
      if (first === undefined) return
      yield first.value
      heads[first.index] = (await iterators[first.index]?.next()) ?? { done: true, value: undefined }
    }
  } finally {
    await Promise.all(iterators.map((iterator) => iterator.return?.()))
  }
}

function earliest<T extends Timed>(heads: ReadonlyArray<IteratorResult<T, unknown>>) {
  let found: { readonly index: number; readonly value: T } | undefined
  heads.forEach((head, index) => {
    if (head.done !== true && (found === undefined || head.value.at < found.value.at))
      found = { index, value: head.value }
  })
  return found
}
