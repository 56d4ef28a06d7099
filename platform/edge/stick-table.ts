/** A source in a stick table, and what was counted of it. */
export interface TableRow {
  readonly address: string
  /** A count or tag by its name; 0 where the table has none. */
  number(name: string): number
}

/** The rows of one table in what HAProxy answers to several `show table`; a source that is shown twice is one. */
export function tableRows(shown: string, table: string): TableRow[] {
  const found = new Map<string, TableRow>()
  let current = ''
  for (const line of shown.split('\n')) {
    current = /^# table: ([^,]+)/.exec(line)?.[1] ?? current
    const [, key, rest = ''] = / key=(\S+) (.*)/.exec(line) ?? []
    if (current !== table || key === undefined) continue
    const address = key.replace(/^::ffff:/, '')
    found.set(address, {
      address,
      number: (name) => Number(new RegExp(`\\b${name}(?:\\(\\d+\\))?=(\\d+)`).exec(rest)?.[1] ?? 0),
    })
  }
  return [...found.values()]
}
