import { textLines } from '#runtime/kit/text-lines.ts'

export interface ServerEvent {
  /** `message` unless the server named it; `error` carries an ErrorBody. */
  readonly name: string
  readonly id: string
  readonly data: string
}

const fieldOf = (line: string): readonly [string, string] => {
  const colon = line.indexOf(':')
  if (colon < 0) return [line, '']
  const value = line.slice(colon + 1)
  return [line.slice(0, colon), value.startsWith(' ') ? value.slice(1) : value]
}

/** Reads server-sent events; comments (heartbeats) and events without data are left out, a torn last event too. */
export async function* readServerEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  let id = ''
  let event = 'message'
  let data: string[] = []
  for await (const line of textLines(chunks)) {
    if (line === '') {
      if (data.length > 0) yield { name: event, id, data: data.join('\n') }
      data = []
      event = 'message'
      continue
    }
    const [name, value] = fieldOf(line)
    if (name === 'id') id = value
    if (name === 'event') event = value
    if (name === 'data') data.push(value)
  }
}
